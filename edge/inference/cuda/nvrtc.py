"""NVRTC, CUDA's compiler as a library, by ctypes: for machines that have it and no nvcc."""

import ctypes
import ctypes.util
import glob
from typing import Any, List, Optional, Tuple

from ...errors import EngineError

_PLACES = ("/usr/local/cuda/lib64/libnvrtc.so*", "/usr/local/cuda/targets/*/lib/libnvrtc.so*")


class Nvrtc:
    def __init__(self, library: Any) -> None:
        self._library = library
        major, minor = ctypes.c_int(), ctypes.c_int()
        library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
        #: CUBIN came with CUDA 11.1; before it there is PTX, which the driver compiles.
        self._kind = "CUBIN" if hasattr(library, "nvrtcGetCUBIN") else "PTX"
        self.name = "nvrtc_{}.{}".format(major.value, minor.value)

    def compile(self, source: bytes, compute_capability: Tuple[int, int]) -> bytes:
        """Raises EngineError with the compiler's first error."""
        program = ctypes.c_void_p()
        self._check(self._library.nvrtcCreateProgram(ctypes.byref(program), source, b"picture.cu", 0, None, None))
        try:
            kind = "sm" if self._kind == "CUBIN" else "compute"
            arguments = ["--gpu-architecture={}_{}{}".format(kind, *compute_capability), "--std=c++14"]
            options = (ctypes.c_char_p * len(arguments))(*[argument.encode() for argument in arguments])
            if self._library.nvrtcCompileProgram(program, len(options), options):
                words = self._text(program, "ProgramLog").decode("utf-8", "replace").strip().splitlines()
                first = next((line for line in words if "error" in line), "it says nothing")
                raise EngineError("NVRTC fails: {}".format(first.strip()[:200]))
            code = self._text(program, self._kind)
            # PTX is a text, and its length counts the zero at its end: the driver wants that.
            return code
        finally:
            self._library.nvrtcDestroyProgram(ctypes.byref(program))

    def _text(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._check(getattr(self._library, "nvrtcGet{}Size".format(what))(program, ctypes.byref(size)))
        buffer = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._library, "nvrtcGet{}".format(what))(program, buffer))
        return buffer.raw

    def _check(self, result: int) -> None:
        if result:
            self._library.nvrtcGetErrorString.restype = ctypes.c_char_p
            raise EngineError("NVRTC fails: {}".format(self._library.nvrtcGetErrorString(result).decode()))


def find() -> Optional[Nvrtc]:
    """The NVRTC that is here, None where there is none."""
    names: List[str] = [name for name in (ctypes.util.find_library("nvrtc"),) if name]
    for place in _PLACES:
        names.extend(sorted(glob.glob(place)))
    for name in names:
        try:
            return Nvrtc(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue  # a link that leads nowhere, or the library beside it
    return None
