"""How pictures lie in device memory for the kernel, and its two structs (kernels/picture.cu has the same)."""

import struct
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from ..fit import Fit
from ..normalise import Normalisation
from ..picture import Picture

_PICTURE = struct.Struct("<3Q3ii2i4i2f12f")
_TARGET = struct.Struct("<4i3f3ff")
PICTURE_BYTES = _PICTURE.size
TARGET_ARGUMENT = "{}s".format(_TARGET.size)
#: The numbers of enum Format; packed ones by their bytes a pixel.
_FORMATS = {"i420": 0, "nv12": 1, "gray8": 2}
_PACKED = {3: 3, 4: 4}
#: A plane's and a row's first byte: what the kernel's widest load wants, and a sector of device memory.
_PLANE_ALIGNMENT = 32
_ROW_ALIGNMENT = 4
#: Longer sides would overflow the kernel's whole numbers.
LONGEST_SIDE = 16384


class Place(NamedTuple):
    """One plane in the staging memory: where its rows of ``stride`` bytes begin."""

    offset: int
    stride: int
    shape: Tuple[int, ...]

    def view(self, memory: np.ndarray) -> np.ndarray:
        """The plane, on ``memory`` (bytes)."""
        strides = (self.stride, 1) if len(self.shape) == 2 else (self.stride, self.shape[2], 1)
        return np.ndarray(self.shape, np.uint8, memory, self.offset, strides)


def places(picture: Picture, offset: int) -> Tuple[List[Place], int]:
    """Where the picture's planes go from ``offset`` on, and where the next picture may begin."""
    found = []
    for plane in picture.planes:
        offset = _up(offset, _PLANE_ALIGNMENT)
        stride = _up(int(np.prod(plane.shape[1:])), _ROW_ALIGNMENT)
        found.append(Place(offset, stride, tuple(plane.shape)))
        offset += stride * plane.shape[0]
    return found, _up(offset, _PLANE_ALIGNMENT)


def describe(picture: Picture, planes: Sequence[Place], base: int, fit: Fit, matrix: np.ndarray) -> bytes:
    """The kernel's struct Picture. ``base``: the device address of the staging memory."""
    addresses = [base + place.offset for place in planes] + [0, 0]
    strides = [place.stride for place in planes] + [0, 0]
    kind = _FORMATS.get(picture.format)
    if kind is None:
        kind = _PACKED[planes[0].shape[2]]
    # The fourth sample of a packed pixel says nothing.
    samples = min(3, matrix.shape[1] - 1)
    weights = np.zeros((3, 4))
    weights[: len(matrix), :samples] = matrix[:, :samples]
    weights[: len(matrix), 3] = matrix[:, -1]
    inner = fit.inner
    return _PICTURE.pack(
        addresses[0], addresses[1], addresses[2], strides[0], strides[1], strides[2], kind,
        picture.width, picture.height, inner[0], inner[1], inner[2], inner[3],
        0.5 / inner[2], 0.5 / inner[3], *weights.ravel().tolist()
    )  # fmt: skip


def target(normalisation: Normalisation, size: Tuple[int, int]) -> bytes:
    """The kernel's struct Target."""
    gain = (normalisation.gain + [0.0, 0.0])[:3]
    bias = (normalisation.bias + [0.0, 0.0])[:3]
    return _TARGET.pack(
        size[0], size[1], normalisation.channels, int(normalisation.planar), *(gain + bias + [normalisation.pad])
    )


def _up(value: int, step: int) -> int:
    return (value + step - 1) // step * step
