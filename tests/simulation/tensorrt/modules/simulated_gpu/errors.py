"""CUDA's errors, by their numbers and words (cuGetErrorString)."""

WORDS = {
    1: "invalid argument",
    2: "out of memory",
    3: "initialization error",
    100: "no CUDA-capable device is detected",
    101: "invalid device ordinal",
    200: "device kernel image is invalid",
    201: "invalid device context",
    209: "no kernel image is available for execution on the device",
    218: "a PTX JIT compilation failed",
    301: "file not found",
    400: "invalid resource handle",
    500: "named symbol not found",
    600: "device not ready",
    700: "an illegal memory access was encountered",
    701: "too many resources requested for launch",
    719: "unspecified launch failure",
}

INVALID_VALUE, OUT_OF_MEMORY, NOT_INITIALIZED = 1, 2, 3
INVALID_DEVICE, INVALID_IMAGE, INVALID_CONTEXT, NO_BINARY, PTX_FAILED = 101, 200, 201, 209, 218
FILE_NOT_FOUND, INVALID_HANDLE, NOT_FOUND, NOT_READY = 301, 400, 500, 600
ILLEGAL_ADDRESS, LAUNCH_RESOURCES, LAUNCH_FAILED = 700, 701, 719

#: What leaves the context of no use: every later call in the process gets the same error.
STICKY = (ILLEGAL_ADDRESS, LAUNCH_FAILED)


class CudaFault(Exception):
    """``code`` as in cuda.h. ``why``: what the double knows beside CUDA's own words."""

    def __init__(self, code: int, why: str = "") -> None:
        self.code = code
        self.why = why
        super().__init__(WORDS[code] + (f" [simulation: {why}]" if why else ""))
