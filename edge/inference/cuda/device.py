"""pycuda, and nothing of it to be seen from outside: a device, its memory, streams and kernels.

pycuda makes a context of its own where one lets it (``autoinit``), which TensorRT does not use. Here the device's
primary context is retained, once in a process, and pushed by whoever works with it. pycuda frees what has lost its last
reference only in a thread in which the context is current: so everything here is freed by ``free`` and ``close``.

Methods raise OutOfMemory, DeviceLost, or EngineError for anything else that the driver says.
"""

import threading
from types import ModuleType
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from ...errors import EngineError
from .faults import fault
from .resources import Buffer, Event, Function, Stream, quietly

_lock = threading.Lock()
_open: Dict[int, "Device"] = {}


def open_device(ordinal: int = 0) -> "Device":
    """The GPU of that number, shared by all in this process; each ``open_device`` wants its ``close``.

    Raises EngineError where there is no pycuda, no driver or no such GPU.
    """
    with _lock:
        device = _open.get(ordinal)
        if device is None:
            device = _open[ordinal] = Device(ordinal)
        device.users += 1
        return device


class Device:
    """``with device:`` makes it current in this thread: needed for all but what a method says of itself."""

    def __init__(self, ordinal: int) -> None:
        self.users = 0
        self.ordinal = ordinal
        cuda = self.cuda = _driver()
        try:
            cuda.init()
            device = cuda.Device(ordinal)
            self.name = str(device.name())
            major, minor = device.compute_capability()
            self.compute_capability: Tuple[int, int] = (int(major), int(minor))
            #: Of CUDA, as (11, 4).
            self.driver_version: Tuple[int, int] = _version(int(cuda.get_driver_version()))
            self._context: Any = device.retain_primary_context()
        except cuda.Error as error:
            raise fault(str(error), "the GPU cannot be used") from error

    def __enter__(self) -> "Device":
        try:
            self._context.push()
        except self.cuda.Error as error:
            raise fault(str(error), "the GPU cannot be used") from error
        return self

    def __exit__(self, *_error: Any) -> None:
        self.cuda.Context.pop()

    def close(self) -> None:
        """The last one who opened it gives the context back, when all that was made of it is freed. Any thread."""
        with _lock:
            self.users -= 1
            if self.users or self._context is None:
                return
            _open.pop(self.ordinal, None)
        # Not from outside of it: pycuda would keep the context of another thread for good, and say nothing.
        context, self._context = self._context, None
        try:
            context.push()
            context.detach()
        except self.cuda.Error:
            pass  # a lost device: its process ends

    def memory(self) -> Tuple[int, int]:
        """Bytes (free, total); on a Jetson they are the board's, shared with the processor."""
        try:
            free, total = self.cuda.mem_get_info()
        except self.cuda.Error as error:
            raise fault(str(error), "the GPU's memory") from error
        return int(free), int(total)

    def stream(self) -> Stream:
        try:
            return Stream(self, self.cuda.Stream())
        except self.cuda.Error as error:
            raise fault(str(error), "a stream") from error

    def event(self, timed: bool = False) -> Event:
        """``timed``: for :meth:`Event.ms_since`. Who waits for it sleeps, where CUDA's own way is to spin."""
        flags = self.cuda.event_flags
        try:
            return Event(
                self.cuda, self.cuda.Event(flags.BLOCKING_SYNC | (0 if timed else flags.DISABLE_TIMING))
            )
        except self.cuda.Error as error:
            raise fault(str(error), "an event") from error

    def alloc(self, size: int) -> Buffer:
        """``size`` bytes of device memory."""
        try:
            return Buffer(self, self.cuda.mem_alloc(max(1, size)), size)
        except self.cuda.Error as error:
            raise fault(str(error), "{:.1f} MiB of GPU memory".format(size / 1048576.0)) from error

    def pinned(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        """Page-locked memory of the processor, which alone is copied while other things run. :meth:`free` frees it."""
        try:
            array: np.ndarray = self.cuda.pagelocked_empty(tuple(shape), np.dtype(dtype))
        except self.cuda.Error as error:
            raise fault(str(error), "page-locked memory for {}".format(tuple(shape))) from error
        return array

    def free(self, pinned: np.ndarray) -> None:
        """Of :meth:`pinned`; neither it nor a view of it may be touched afterwards. Any thread."""
        owner: Any = pinned
        while isinstance(owner, np.ndarray):
            owner = owner.base
        with self:
            quietly(self.cuda, owner.free)

    def zero(self, buffer: Buffer, stream: Stream) -> None:
        try:
            self.cuda.memset_d8_async(buffer.address, 0, buffer.size, stream.raw)
        except self.cuda.Error as error:
            raise fault(str(error), "the GPU's memory") from error

    def to_device(self, address: int, array: np.ndarray, stream: Stream) -> None:
        """Start to copy ``array`` (pinned, and untouched until that is done) to ``address``."""
        try:
            self.cuda.memcpy_htod_async(address, array, stream.raw)
        except self.cuda.Error as error:
            raise fault(str(error), "a copy to the GPU") from error

    def from_device(self, array: np.ndarray, address: int, stream: Stream) -> None:
        """Start to copy from ``address`` to ``array`` (pinned)."""
        try:
            self.cuda.memcpy_dtoh_async(array, address, stream.raw)
        except self.cuda.Error as error:
            raise fault(str(error), "a copy from the GPU") from error

    def functions(self, image: bytes, names: Sequence[str], arguments: Sequence[str]) -> List[Function]:
        """Kernels of a cubin or PTX; ``arguments`` in struct's letters, as ("P", "i", "44s")."""
        try:
            module = self.cuda.module_from_buffer(image)
            return [Function(self.cuda, module, module.get_function(name), arguments) for name in names]
        except self.cuda.Error as error:
            raise fault(str(error), "GPU code cannot be loaded") from error


def _driver() -> ModuleType:
    try:
        import pycuda.driver as cuda
    except Exception as error:  # a broken library raises whatever it likes
        raise EngineError(
            "pycuda cannot be imported by the workers' Python ({}); install it there: pip install pycuda (it is built "
            "against the CUDA that is there: its bin folder must be in PATH)".format(" ".join(str(error).split())[:200])
        ) from error
    return cuda  # type: ignore[no-any-return]


def _version(number: int) -> Tuple[int, int]:
    """11040 -> (11, 4)"""
    return number // 1000, number % 1000 // 10
