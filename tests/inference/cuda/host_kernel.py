"""The kernel's own text, compiled for the processor: no GPU can be had in CI, but arithmetic is arithmetic."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any, Sequence, Tuple

import numpy as np
import pytest

from edge.inference.cuda.compiler import SOURCE

_FRONT = """
#include <cmath>
#include <cstring>
#define __device__
#define __global__
#define __restrict__
template <typename T> static T __ldg(const T* at) { return *at; }
struct Three { unsigned x, y, z; };
static Three blockIdx, blockDim, threadIdx;
static unsigned short half_bits(float value) { _Float16 h = value; unsigned short b; memcpy(&b, &h, 2); return b; }
"""
_BACK = """
template <typename F> static void each(const unsigned* grid, const unsigned* block, F kernel) {
    blockDim = {block[0], block[1], block[2]};
    for (blockIdx.z = 0; blockIdx.z < grid[2]; blockIdx.z++)
    for (blockIdx.y = 0; blockIdx.y < grid[1]; blockIdx.y++)
    for (blockIdx.x = 0; blockIdx.x < grid[0]; blockIdx.x++)
    for (threadIdx.y = 0; threadIdx.y < block[1]; threadIdx.y++)
    for (threadIdx.x = 0; threadIdx.x < block[0]; threadIdx.x++)
        kernel();
}
#define HOST(type, T) extern "C" void host_##type( \\
    const unsigned* grid, const unsigned* block, const Picture* pictures, T* tensor, const Target* target) { \\
    each(grid, block, [&] { picture_##type(pictures, tensor, *target); }); }
HOST(float32, float)
HOST(float16, Half)
HOST(uint8, byte)
"""


def build(folder: Path) -> ctypes.CDLL:
    """The library; skips the test where there is no C++ compiler."""
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    text, made = folder / "kernel.cpp", folder / "kernel.so"
    text.write_text(_FRONT + Path(SOURCE).read_text() + _BACK)
    # No contraction: then its roundings are float32's own. An address beyond a plane is caught.
    flags = ["-std=c++14", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-Wno-unknown-pragmas"]
    subprocess.run([compiler, *flags, "-o", str(made), str(text)], check=True)
    return ctypes.CDLL(str(made))


class HostDevice:
    """What CudaPreprocessor needs of a device, with host memory as its memory and no delay."""

    def __init__(self) -> None:
        self.alive = 0

    def pinned(self, shape: Sequence[int], dtype: Any) -> np.ndarray:
        self.alive += 1
        return np.zeros(tuple(shape), dtype)

    def free(self, pinned: np.ndarray) -> None:
        self.alive -= 1

    def alloc(self, size: int) -> HostBuffer:
        return HostBuffer(self, size)

    def to_device(self, address: int, array: np.ndarray, stream: Any) -> None:
        ctypes.memmove(address, array.ctypes.data, array.nbytes)


class HostBuffer:
    def __init__(self, device: HostDevice, size: int) -> None:
        self._device = device
        device.alive += 1
        self._array = np.full(size + 64, 0xCD, np.uint8)
        self.address = -(-self._array.ctypes.data // 64) * 64
        self.size = size

    def free(self) -> None:
        self._device.alive -= 1


class HostFunction:
    def __init__(self, library: ctypes.CDLL, dtype: str) -> None:
        self._run = library["host_" + dtype]
        self.launches = 0

    def launch(self, grid: Tuple[int, ...], block: Tuple[int, ...], stream: Any, *arguments: Any) -> None:
        pictures, tensor, target = arguments
        self.launches += 1
        three = ctypes.c_uint * 3
        self._run(three(*grid), three(*block), ctypes.c_void_p(pictures), ctypes.c_void_p(tensor), target)
