"""Device memory: host memory behind addresses of its own, none of which is a host address.

An address that lies in no allocation, or less far from its end than what is read or written, is an illegal access.
Page-locked host memory may be named by its host address too, as unified addressing has it.
"""

import bisect
import threading
from typing import Dict, List, Optional, Tuple

import numpy as np

from . import board, faults
from .errors import ILLEGAL_ADDRESS, INVALID_VALUE, OUT_OF_MEMORY, CudaFault

_FIRST = 0x200000000000  # above anything that Linux gives a process's heap, below its stacks and libraries
_STEP = 512  # cudaMalloc's alignment; a gap of a page behind each allocation catches what runs over
_GAP = 4096

_lock = threading.Lock()
_blocks: Dict[int, np.ndarray] = {}
_starts: List[int] = []
_next = _FIRST
_pinned: Dict[int, np.ndarray] = {}
_used = 0


def total_bytes() -> int:
    return board.BOARD.memory_mib << 20


def free_bytes() -> int:
    """What is left of the board's memory, or less by order (``memory free MIB``)."""
    given = faults.ordered("memory", "free")
    free = (board.BOARD.memory_mib - board.BOARD.busy_mib if given is None else int(given)) << 20
    return max(0, free - _used)


def allocate(size: int) -> int:
    """The address of ``size`` new bytes, which hold no zeros, as fresh device memory does not. Raises CudaFault."""
    global _next, _used
    if size <= 0:
        raise CudaFault(INVALID_VALUE)
    with _lock:
        if size > free_bytes() or faults.ordered("oom") is not None:
            raise CudaFault(OUT_OF_MEMORY)
        address, _next = _next, _next + (size + _GAP + _STEP - 1) // _STEP * _STEP
        _blocks[address] = np.full(size, 0xCD, np.uint8)
        _starts.append(address)  # addresses only grow
        _used += size
        return address


def free(address: int) -> None:
    global _used
    with _lock:
        block = _blocks.pop(address, None)
        if block is None:
            raise CudaFault(INVALID_VALUE, f"{address:#x} is not the start of an allocation")
        del _starts[bisect.bisect_left(_starts, address)]
        _used -= block.nbytes


def reserve(size: int) -> None:
    """Memory that is only counted: nobody learns an address. Raises CudaFault."""
    global _used
    with _lock:
        if size > free_bytes() or faults.ordered("oom") is not None:
            raise CudaFault(OUT_OF_MEMORY)
        _used += size


def release(size: int) -> None:
    global _used
    with _lock:
        _used -= size


def pin(array: np.ndarray) -> int:
    with _lock:
        address = array.ctypes.data
        _pinned[address] = array
        return address


def unpin(address: int) -> None:
    with _lock:
        _pinned.pop(address, None)


def is_pinned(address: int, size: int) -> bool:
    with _lock:
        return _in_pinned(address, size) is not None


def _in_pinned(address: int, size: int) -> Optional[np.ndarray]:
    for start, array in _pinned.items():
        if start <= address and address + size <= start + array.nbytes:
            return array.reshape(-1).view(np.uint8)[address - start : address - start + size]
    return None


def device_bytes(address: int, size: int) -> np.ndarray:
    """The bytes from ``address`` on, to read and to write. Raises CudaFault for what is not the device's."""
    address = int(address)
    with _lock:
        index = bisect.bisect_right(_starts, address) - 1
        if index >= 0:
            start = _starts[index]
            block = _blocks[start]
            if address + size <= start + block.nbytes:
                return block[address - start : address - start + size]
            if address < start + block.nbytes:
                raise CudaFault(ILLEGAL_ADDRESS, f"{size} bytes at {address:#x} run over an allocation's end")
        host = _in_pinned(address, size)
        if host is not None:
            return host
    raise CudaFault(ILLEGAL_ADDRESS, f"{address:#x} is in no allocation")


def view(address: int, dtype: "np.dtype", shape: Tuple[int, ...]) -> np.ndarray:
    """Device memory as an array, for kernels."""
    kind = np.dtype(dtype)
    count = 1
    for side in shape:
        count *= int(side)
    if int(address) % kind.itemsize:
        raise CudaFault(ILLEGAL_ADDRESS, f"{int(address):#x} is not aligned for {kind}")
    return device_bytes(address, count * kind.itemsize).view(kind).reshape(shape)
