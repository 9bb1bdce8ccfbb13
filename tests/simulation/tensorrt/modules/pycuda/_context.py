"""Devices and contexts. A stack of contexts a thread: without one on it most calls fail."""

import threading
import warnings
from typing import Any, List, Optional, Tuple

from simulated_gpu import board, memory, stream
from simulated_gpu.errors import INVALID_CONTEXT, INVALID_DEVICE, NOT_INITIALIZED, CudaFault

from ._errors import LogicError, guarded
from ._names import device_attribute

_initialised = False
_here = threading.local()
MADE: List["Context"] = []


def init(flags: int = 0) -> None:
    global _initialised
    _initialised = True


def get_version() -> Tuple[int, int, int]:
    number = board.RELEASE.cuda
    return number // 1000, number % 1000 // 10, 0


def get_driver_version() -> int:
    return board.RELEASE.cuda


def _stack() -> List["Context"]:
    if not hasattr(_here, "stack"):
        _here.stack = []
    return _here.stack


def current(routine: str) -> "Context":
    """The context on top of this thread's stack. Raises LogicError where there is none, or it is no more, or a
    sticky error has poisoned it."""
    with guarded(routine):
        if not _initialised:
            raise CudaFault(NOT_INITIALIZED)
        if not _stack() or not _stack()[-1]._alive:
            raise CudaFault(INVALID_CONTEXT)
        stream.check()
    return _stack()[-1]


class Owned:
    """What belongs to a context. It can be destroyed where that is current, or in the thread that made the context:
    elsewhere the real pycuda warns and leaks it, which looks like nothing until the memory is gone."""

    def __init__(self, routine: str) -> None:
        self._context = current(routine)

    def _may_go(self) -> bool:
        context: Optional[Context] = self.__dict__.get("_context")
        if context is None or not context._alive:
            return False
        if (_stack() and _stack()[-1] is context) or context._thread == threading.get_ident():
            return True
        text = f"{type(self).__name__} in out-of-thread context could not be cleaned up"
        warnings.warn(text, UserWarning, stacklevel=3)
        return False


class Device:
    def __init__(self, number: int) -> None:
        with guarded("cuDeviceGet"):
            if not _initialised:
                raise CudaFault(NOT_INITIALIZED)
            if number != 0:
                raise CudaFault(INVALID_DEVICE)

    @staticmethod
    def count() -> int:
        with guarded("cuDeviceGetCount"):
            if not _initialised:
                raise CudaFault(NOT_INITIALIZED)
        return 1

    def name(self) -> str:
        return board.BOARD.gpu

    def pci_bus_id(self) -> str:
        return "0000:00:00.0"

    def compute_capability(self) -> Tuple[int, int]:
        return board.BOARD.compute

    def total_memory(self) -> int:
        return memory.total_bytes()

    def get_attribute(self, attribute: int) -> int:
        return {
            device_attribute.MAX_THREADS_PER_BLOCK: 1024,
            device_attribute.MAX_BLOCK_DIM_X: 1024,
            device_attribute.MAX_BLOCK_DIM_Y: 1024,
            device_attribute.MAX_BLOCK_DIM_Z: 64,
            device_attribute.MAX_GRID_DIM_X: 2147483647,
            device_attribute.MAX_GRID_DIM_Y: 65535,
            device_attribute.MAX_GRID_DIM_Z: 65535,
            device_attribute.WARP_SIZE: 32,
            device_attribute.CLOCK_RATE: 1100000,
            device_attribute.MULTIPROCESSOR_COUNT: board.BOARD.processors,
            device_attribute.INTEGRATED: int(board.BOARD_NAME != "pc"),
            device_attribute.CAN_MAP_HOST_MEMORY: 1,
            device_attribute.UNIFIED_ADDRESSING: 1,
            device_attribute.ASYNC_ENGINE_COUNT: 1,
            device_attribute.COMPUTE_CAPABILITY_MAJOR: board.BOARD.compute[0],
            device_attribute.COMPUTE_CAPABILITY_MINOR: board.BOARD.compute[1],
        }[attribute]

    def __getattr__(self, name: str) -> int:
        return self.get_attribute(getattr(device_attribute, name.upper()))

    def make_context(self, flags: int = 0) -> "Context":
        context = Context("private")
        context.push()
        return context

    def retain_primary_context(self) -> "Context":
        with guarded("cuDevicePrimaryCtxRetain"):
            stream.check()
        return Context("primary")

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return 0


class Context:
    """Primary or private. ``MADE`` has every one of this process: tests see there that only the primary one is used."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._alive = True
        self._thread = threading.get_ident()
        MADE.append(self)

    @property
    def handle(self) -> int:
        return 0x5500 if self._kind == "primary" else id(self)

    def push(self) -> None:
        with guarded("cuCtxPushCurrent"):
            if not self._alive:
                raise CudaFault(INVALID_CONTEXT)
        _stack().append(self)

    @staticmethod
    def pop() -> None:
        if not _stack():
            raise LogicError("context::pop failed: invalid device context - cannot pop non-current context")
        _stack().pop()

    def detach(self) -> None:
        if not self._alive:
            raise LogicError("context::detach failed: invalid device context - cannot detach from invalid context")
        self._alive = False
        if _stack() and _stack()[-1] is self:
            _stack().pop()

    @staticmethod
    def get_device() -> Device:
        current("cuCtxGetDevice")
        return Device(0)

    @staticmethod
    def get_current() -> Optional["Context"]:
        return _stack()[-1] if _stack() else None

    @staticmethod
    def synchronize() -> None:
        current("cuCtxSynchronize")
        with guarded("cuCtxSynchronize"):
            stream.synchronize_all()

    def get_api_version(self) -> int:
        return 3020

    @staticmethod
    def set_cache_config(config: int) -> None:
        current("cuCtxSetCacheConfig")
