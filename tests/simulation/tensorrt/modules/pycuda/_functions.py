"""Modules of GPU code and their functions. A launch runs the function's double: see simulated_gpu.kernels."""

import struct
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from simulated_gpu import board, kernels, memory
from simulated_gpu.errors import FILE_NOT_FOUND, INVALID_VALUE, LAUNCH_RESOURCES, NOT_FOUND, CudaFault
from simulated_gpu.image import check_image

from ._context import current
from ._errors import guarded
from ._memory import DeviceAllocation, PointerHolderBase
from ._names import function_attribute
from ._streams import Event, Stream, queue_of


class Module:
    def __init__(self, image: bytes) -> None:
        check_image(image, board.BOARD.compute)
        self._image = image

    def get_function(self, name: str) -> "Function":
        current("cuModuleGetFunction")
        with guarded("cuModuleGetFunction"):
            if name.encode() not in self._image:
                raise CudaFault(NOT_FOUND)
            try:
                return Function(name, kernels.find(name))
            except KeyError:
                raise CudaFault(NOT_FOUND, f"{name} has no double in simulated_gpu/kernels") from None

    def get_global(self, name: str) -> Tuple[int, int]:
        with guarded("cuModuleGetGlobal"):
            raise CudaFault(NOT_FOUND, "globals are not simulated")


def module_from_file(filename: str) -> Module:
    current("cuModuleLoad")
    with guarded("cuModuleLoad"):
        try:
            with open(filename, "rb") as file:
                image = file.read()
        except OSError:
            raise CudaFault(FILE_NOT_FOUND) from None
        return Module(image)


def module_from_buffer(buffer: Any, options: Sequence[Any] = (), message_handler: Any = None) -> Module:
    current("cuModuleLoadDataEx")
    with guarded("cuModuleLoadDataEx"):
        return Module(bytes(buffer))


class Function:
    def __init__(self, name: str, kernel: kernels.Kernel) -> None:
        self._name = name
        self._kernel = kernel
        self.arg_format = ""

    def __call__(self, *args: Any, **how: Any) -> Optional[float]:
        grid, block = how.pop("grid", (1, 1)), how.pop("block", None)
        stream, timed = how.pop("stream", None), how.pop("time_kernel", False)
        shared = how.pop("shared", 0)
        how.pop("texrefs", None)
        if how:
            raise ValueError("extra keyword arguments: {}".format(",".join(how)))
        if block is None:
            raise ValueError("must specify block size")
        numbers = [_number(place, arg) for place, arg in enumerate(args)]
        if not timed:
            self._launch(grid, block, shared, stream, numbers)
            return None
        assert stream is None, "Can't time the kernel on an asynchronous invocation"
        start, end = Event().record(), Event()
        self._launch(grid, block, shared, None, numbers)
        return end.record().synchronize().time_since(start) / 1000

    def prepare(self, arg_types: Sequence[Any], texrefs: Sequence[Any] = ()) -> "Function":
        self.arg_format = ""
        for kind in arg_types:
            if isinstance(kind, str):
                self.arg_format += kind
            elif isinstance(kind, np.dtype) or (isinstance(kind, type) and issubclass(kind, np.number)):
                self.arg_format += np.dtype(kind).char
            else:
                self.arg_format += np.dtype(np.uintp).char
        return self

    def prepared_call(self, grid: Any, block: Any, *args: Any, **how: Any) -> None:
        self.prepared_async_call(grid, block, None, *args, **how)

    def prepared_async_call(self, grid: Any, block: Any, stream: Optional[Stream], *args: Any, **how: Any) -> None:
        shared = how.pop("shared_size", 0)
        if how:
            raise TypeError("unknown keyword arguments: {}".format(", ".join(how)))
        packed = struct.pack(self.arg_format, *(int(a) if _is_pointer(a) else a for a in args))
        self._launch(grid, block, shared, stream, list(struct.unpack(self.arg_format, packed)))

    def _launch(self, grid: Any, block: Any, shared: int, stream: Optional[Stream], args: List[Any]) -> None:
        current("cuLaunchKernel")
        sides, threads = tuple(int(n) for n in grid), tuple(int(n) for n in block)
        with guarded("cuLaunchKernel"):
            volume = int(np.prod(threads))
            if len(threads) != 3 or min(sides + threads) < 1 or shared > 48 << 10:
                raise CudaFault(INVALID_VALUE)
            if volume > 1024:
                raise CudaFault(LAUNCH_RESOURCES if max(threads) <= 1024 else INVALID_VALUE)
            queue_of(stream).enqueue(lambda: self._kernel(memory, args, sides, threads))

    def get_attribute(self, attribute: int) -> int:
        return {function_attribute.MAX_THREADS_PER_BLOCK: 1024, function_attribute.NUM_REGS: 32}.get(attribute, 0)

    def set_cache_config(self, config: int) -> None:
        pass

    @property
    def num_regs(self) -> int:
        return 32

    @property
    def max_threads_per_block(self) -> int:
        return 1024


def _is_pointer(arg: Any) -> bool:
    return isinstance(arg, (DeviceAllocation, PointerHolderBase))


def _number(place: int, arg: Any) -> Any:
    """What the kernel gets. Python's own numbers have no size: the real one refuses them too."""
    if _is_pointer(arg):
        return int(arg)
    if isinstance(arg, np.number):
        return arg.item()
    if isinstance(arg, np.ndarray):
        return arg.copy()
    raise TypeError(f"invalid type on parameter #{place} (0-based)")
