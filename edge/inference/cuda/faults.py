"""What a CUDA error means: no memory, a process that can do nothing more on the GPU, or a call that failed."""

import re

from ...errors import DeviceLost, EngineError, OutOfMemory

# cuGetErrorString's words for the errors after which "the process must be terminated and relaunched" (CUDA driver API,
# CUresult). TensorRT's log has the same words.
_LOST = re.compile(
    r"illegal memory access|unspecified launch failure|the launch timed out|uncorrectable (ECC|NVLink) error|"
    r"hardware stack error|illegal instruction|misaligned address|invalid program counter|"
    r"global/shared address space|device-side assert|context is destroyed|unknown error|"
    r"GPU is lost|driver shutting down",
    re.IGNORECASE,
)
_NO_MEMORY = re.compile(r"out of memory|OutOfMemory|bad_alloc|ALLOC_FAILED", re.IGNORECASE)


def fault(words: str, what: str) -> EngineError:
    """The error to raise when ``what`` failed with the driver's ``words``."""
    text = " ".join(words.split())
    kind = DeviceLost if _LOST.search(text) else OutOfMemory if _NO_MEMORY.search(text) else EngineError
    return kind("{}: {}".format(what, text or "no reason given"))
