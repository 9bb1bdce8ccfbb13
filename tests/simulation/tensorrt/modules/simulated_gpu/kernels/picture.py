"""What edge/inference/cuda/kernels/picture.cu does, from its interface and not from its text.

Every weight and every pixel as the definitions have them, in double precision; one picture after the other.
"""

import struct
from typing import Any, List, Sequence, Tuple

import numpy as np

from . import kernel

#: struct Picture: addresses, strides, format, size, inner rectangle, two inverses, matrix.
_PICTURE = struct.Struct("<3Q3ii2i4i2f12f")
#: struct Target: size, channels, planar, gains, biases, pad.
_TARGET = struct.Struct("<4i3f3ff")
_I420, _NV12, _GRAY8 = 0, 1, 2


def _prepare(dtype: str, memory: Any, args: Sequence[Any], grid: Tuple[int, ...]) -> None:
    items, tensor, packed = args
    width, height, channels, planar, *numbers = _TARGET.unpack(packed)
    gains, biases, pad = numbers[:3], numbers[3:6], numbers[6]
    shape = (channels, height, width) if planar else (height, width, channels)
    out = memory.view(tensor, dtype, (grid[2], *shape))
    described = memory.view(items, "uint8", (grid[2], _PICTURE.size))
    for target, record in zip(out, described):
        picture = _PICTURE.unpack(record.tobytes())
        left, top, inner_width, inner_height = picture[9:13]
        samples = _samples(memory, picture, inner_width, inner_height)
        matrix = np.array(picture[15:27]).reshape(3, 4)
        for channel in range(channels):
            pixels = np.full((height, width), pad)
            found = matrix[channel, 3] + sum(weight * plane for weight, plane in zip(matrix[channel], samples))
            inner = np.clip(np.floor(found + 0.5), 0, 255)
            pixels[top : top + inner_height, left : left + inner_width] = inner
            values = pixels * gains[channel] + biases[channel]
            (target[channel] if planar else target[:, :, channel])[...] = values


def _samples(memory: Any, picture: Tuple[Any, ...], inner_width: int, inner_height: int) -> List[np.ndarray]:
    """The samples of each of the picture's pixels, resized: one array each."""
    addresses, strides, kind, width, height = picture[:3], picture[3:6], picture[6], picture[7], picture[8]
    half = ((height + 1) // 2, (width + 1) // 2)
    if kind == _I420:
        shapes = [(height, width, 1), (*half, 1), (*half, 1)]
    elif kind == _NV12:
        shapes = [(height, width, 1), (*half, 2)]
    else:
        shapes = [(height, width, 1 if kind == _GRAY8 else kind)]
    found = []
    for address, stride, (rows, columns, count) in zip(addresses, strides, shapes):
        reach = stride * (rows - 1) + columns * count
        data = memory.view(address, "uint8", (reach,))
        plane = np.lib.stride_tricks.as_strided(data, (rows, columns, count), (stride, count, 1))
        found += [_resized(plane[:, :, i].astype(float), inner_width, inner_height) for i in range(count)]
    return found[:3]


def _resized(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    for axis, target in ((0, height), (1, width)):
        source = plane.shape[axis]
        at = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
        low = np.floor(at).astype(int)
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        high = np.minimum(low + 1, source - 1)
        plane = np.take(plane, low, axis) * (1 - share) + np.take(plane, high, axis) * share
    return plane


@kernel("picture_float32")
def _float32(memory: Any, args: Sequence[Any], grid: Tuple[int, ...], block: Tuple[int, ...]) -> None:
    _prepare("float32", memory, args, grid)


@kernel("picture_float16")
def _float16(memory: Any, args: Sequence[Any], grid: Tuple[int, ...], block: Tuple[int, ...]) -> None:
    _prepare("float16", memory, args, grid)


@kernel("picture_uint8")
def _uint8(memory: Any, args: Sequence[Any], grid: Tuple[int, ...], block: Tuple[int, ...]) -> None:
    _prepare("uint8", memory, args, grid)
