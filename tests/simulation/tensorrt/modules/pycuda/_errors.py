"""pycuda's exceptions, and which of them a CUDA error becomes (translate_cuda_error in its wrap_cudadrv.cpp)."""

import contextlib
from typing import Any, Iterator, List, Optional

from simulated_gpu import errors


class Error(Exception):
    pass


class MemoryError(Error):
    pass


class LogicError(Error):
    pass


class LaunchError(Error):
    pass


class RuntimeError(Error):
    pass


class CompileError(Error):
    def __init__(
        self, msg: str, command_line: List[str], stdout: Optional[str] = None, stderr: Optional[str] = None
    ) -> None:
        self.msg = msg
        self.command_line = command_line
        self.stdout = stdout
        self.stderr = stderr

    def __str__(self) -> str:
        parts = [self.msg, "[command: {}]".format(" ".join(self.command_line))]
        parts += [f"[{name}:\n{text}]" for name, text in (("stdout", self.stdout), ("stderr", self.stderr)) if text]
        return "\n".join(parts)


for _kind in (Error, MemoryError, LogicError, LaunchError, RuntimeError):
    _kind.__module__ = "pycuda._driver"

_LAUNCH = (errors.LAUNCH_FAILED, errors.LAUNCH_RESOURCES)
_RUNTIME = (errors.NO_BINARY, errors.FILE_NOT_FOUND, errors.NOT_READY)


@contextlib.contextmanager
def guarded(routine: str) -> Iterator[Any]:
    """A call of the driver's ``routine``: what fails in it is raised as pycuda would."""
    try:
        yield
    except errors.CudaFault as fault:
        kind = LogicError
        if fault.code in _LAUNCH:
            kind = LaunchError
        elif fault.code == errors.OUT_OF_MEMORY:
            kind = MemoryError
        elif fault.code in _RUNTIME:
            kind = RuntimeError
        raise kind(f"{routine} failed: {fault}") from None
