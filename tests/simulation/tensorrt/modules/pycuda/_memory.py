"""Device memory, page-locked memory, and copies between them.

A copy on a stream takes page-locked memory alone, as pycuda's documentation says; the real driver would take the other
too, and quietly wait for it. Here that is an error, so that no code of ours comes to do it.
"""

from typing import Any, Optional, Tuple

import numpy as np
from simulated_gpu import memory
from simulated_gpu.errors import INVALID_VALUE, CudaFault

from ._context import Owned, current
from ._errors import LogicError, guarded
from ._streams import Stream, queue_of


class PointerHolderBase:
    """Whatever has ``get_pointer``."""

    def get_pointer(self) -> int:
        raise NotImplementedError

    def __int__(self) -> int:
        return self.get_pointer()

    __index__ = __int__


class DeviceAllocation(Owned):
    def __init__(self, size: int) -> None:
        super().__init__("cuMemAlloc")
        with guarded("cuMemAlloc"):
            self._address: Optional[int] = memory.allocate(size)

    def free(self) -> None:
        if self._address is None:
            raise LogicError("device_allocation::free failed: invalid resource handle")
        address, self._address = self._address, None
        if self._may_go():
            with guarded("cuMemFree"):
                memory.free(address)

    def __int__(self) -> int:
        if self._address is None:
            raise LogicError("device_allocation failed: invalid resource handle")
        return self._address

    __index__ = __int__

    def __del__(self) -> None:
        if self.__dict__.get("_address") is not None:
            self.free()


class HostPointer(Owned):
    def __init__(self, array: np.ndarray) -> None:
        super().__init__("cuMemHostAlloc")
        self._address: Optional[int] = memory.pin(array)

    def get_device_pointer(self) -> int:
        assert self._address is not None
        return self._address


class PagelockedHostAllocation(HostPointer):
    """The ``base`` of a page-locked array: the memory is locked as long as this lives."""

    def free(self) -> None:
        address, self._address = self.__dict__.get("_address"), None
        if address is not None and self._may_go():
            memory.unpin(address)

    def get_flags(self) -> int:
        return 0

    def __del__(self) -> None:
        self.free()


class _Pinned(np.ndarray):
    """An array whose views keep the lock."""

    _lock: Optional[PagelockedHostAllocation] = None

    def __array_finalize__(self, other: Any) -> None:
        self._lock = getattr(other, "_lock", None)

    @property
    def base(self) -> Any:
        mine = np.ndarray.base.__get__(self)
        return self._lock if not isinstance(mine, _Pinned) else mine


def pagelocked_empty(shape: Any, dtype: Any, order: str = "C", mem_flags: int = 0) -> np.ndarray:
    current("cuMemHostAlloc")
    with guarded("cuMemHostAlloc"):
        array = np.empty(shape, dtype, order=order)
        if not array.nbytes:
            raise CudaFault(INVALID_VALUE)
        if array.nbytes > memory.free_bytes():
            raise CudaFault(2)
        pinned = array.view(_Pinned)
        pinned._lock = PagelockedHostAllocation(array)
    return pinned


def pagelocked_zeros(shape: Any, dtype: Any, order: str = "C", mem_flags: int = 0) -> np.ndarray:
    array = pagelocked_empty(shape, dtype, order, mem_flags)
    array.fill(0)
    return array


def pagelocked_empty_like(array: np.ndarray, mem_flags: int = 0) -> np.ndarray:
    return pagelocked_empty(array.shape, array.dtype, "C", mem_flags)


def pagelocked_zeros_like(array: np.ndarray, mem_flags: int = 0) -> np.ndarray:
    return pagelocked_zeros(array.shape, array.dtype, "C", mem_flags)


def mem_alloc(size: int) -> DeviceAllocation:
    return DeviceAllocation(int(size))


def to_device(array: np.ndarray) -> DeviceAllocation:
    made = mem_alloc(array.nbytes)
    memcpy_htod(made, array)
    return made


def mem_get_info() -> Tuple[int, int]:
    current("cuMemGetInfo")
    return memory.free_bytes(), memory.total_bytes()


def _flat(array: Any, write: bool) -> np.ndarray:
    """Its memory as bytes, not a copy. Raises what the real one raises for gaps in it."""
    view = memoryview(array)
    if not (view.c_contiguous or view.f_contiguous):
        raise BufferError("memoryview: underlying buffer is not contiguous")
    if write and view.readonly:
        raise BufferError("Object is not writable.")
    if isinstance(array, np.ndarray):
        return np.ravel(np.asarray(array), order="K").view(np.uint8)
    return np.frombuffer(array, np.uint8)


def _locked(routine: str, host: Any) -> None:
    flat = _flat(host, False)
    if not memory.is_pinned(flat.ctypes.data, flat.nbytes):
        raise LogicError(f"{routine} failed: {host!r:.60} is not page-locked memory [simulation: the copy would wait]")


def memcpy_htod(dest: Any, src: Any) -> None:
    current("cuMemcpyHtoD")
    with guarded("cuMemcpyHtoD"):
        flat = _flat(src, False)
        address = int(dest)
        queue = queue_of(None)
        queue.enqueue(lambda: _copy(memory.device_bytes(address, flat.nbytes), flat))
        queue.synchronize()


def memcpy_dtoh(dest: Any, src: Any) -> None:
    current("cuMemcpyDtoH")
    with guarded("cuMemcpyDtoH"):
        flat = _flat(dest, True)
        address = int(src)
        queue = queue_of(None)
        queue.enqueue(lambda: _copy(flat, memory.device_bytes(address, flat.nbytes)))
        queue.synchronize()


def memcpy_htod_async(dest: Any, src: Any, stream: Optional[Stream] = None) -> None:
    current("cuMemcpyHtoDAsync")
    _locked("cuMemcpyHtoDAsync", src)
    with guarded("cuMemcpyHtoDAsync"):
        flat, address = _flat(src, False), int(dest)
        queue_of(stream).enqueue(lambda: _copy(memory.device_bytes(address, flat.nbytes), flat))


def memcpy_dtoh_async(dest: Any, src: Any, stream: Optional[Stream] = None) -> None:
    current("cuMemcpyDtoHAsync")
    _locked("cuMemcpyDtoHAsync", dest)
    with guarded("cuMemcpyDtoHAsync"):
        flat, address = _flat(dest, True), int(src)
        queue_of(stream).enqueue(lambda: _copy(flat, memory.device_bytes(address, flat.nbytes)))


def memcpy_dtod_async(dest: Any, src: Any, size: int, stream: Optional[Stream] = None) -> None:
    current("cuMemcpyDtoDAsync")
    with guarded("cuMemcpyDtoDAsync"):
        to, source = int(dest), int(src)
        queue_of(stream).enqueue(lambda: _copy(memory.device_bytes(to, size), memory.device_bytes(source, size)))


def memcpy_dtod(dest: Any, src: Any, size: int) -> None:
    memcpy_dtod_async(dest, src, size)


def memset_d8_async(dest: Any, data: int, size: int, stream: Optional[Stream] = None) -> None:
    current("cuMemsetD8Async")
    with guarded("cuMemsetD8Async"):
        address = int(dest)
        queue_of(stream).enqueue(lambda: memory.device_bytes(address, size).fill(data))


def memset_d8(dest: Any, data: int, size: int) -> None:
    memset_d8_async(dest, data, size)


def _copy(to: np.ndarray, source: np.ndarray) -> None:
    to[:] = source
