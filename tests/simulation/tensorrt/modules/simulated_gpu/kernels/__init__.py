"""What a kernel does, in Python: no GPU code can run here, so a launch calls the function that has the kernel's name.

A file of this folder registers one with::

    @kernel("nv12_to_tensor")
    def nv12_to_tensor(memory, args, grid, block):
        pixels = memory.view(args[0], "uint8", (height, width))   # args as the launch gave them, pointers as numbers

It runs in the stream's own thread, when all before it is done. ``memory`` is simulated_gpu.memory: ``view`` gives
device memory as an array to read and to write, and fails for a wild address.
"""

import importlib
import pkgutil
from typing import Any, Callable, Dict, Sequence, Tuple

Kernel = Callable[[Any, Sequence[Any], Tuple[int, ...], Tuple[int, ...]], None]

_known: Dict[str, Kernel] = {}
_read = False


def kernel(name: str) -> Callable[[Kernel], Kernel]:
    """Decorator: this function is what the kernel of that name does."""

    def register(function: Kernel) -> Kernel:
        _known[name] = function
        return function

    return register


def find(name: str) -> Kernel:
    """Raises KeyError for a kernel that nobody wrote down."""
    global _read
    if not _read:
        _read = True
        for module in pkgutil.iter_modules(__path__):
            importlib.import_module(__name__ + "." + module.name)
    return _known[name]
