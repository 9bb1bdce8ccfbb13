"""A part of a picture, without a copy: the same planes, begun further in and ended earlier."""

import math
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .picture import Picture

#: Planes whose samples stand for 2x2 pixels each, so that a part begins and ends at even ones.
_HALVED = ("i420", "nv12")
# What is smaller shows nothing.
_LEAST = 2

Box = Tuple[float, float, float, float]


class Crop(NamedTuple):
    """``box``: where the part lies, x1 y1 x2 y2 as fractions of the whole picture, to the pixel."""

    picture: Picture
    box: Box


def crop(picture: Picture, box: Sequence[float]) -> Optional[Crop]:
    """The part of ``picture`` in ``box`` (x1 y1 x2 y2, fractions), out to the next pixels of which all planes have a
    sample; None where nothing of it is in the picture.
    """
    if not all(math.isfinite(value) for value in box):
        return None
    step = 2 if picture.format in _HALVED else 1
    x1, x2 = _outward(box[0], box[2], picture.width, step)
    y1, y2 = _outward(box[1], box[3], picture.height, step)
    if x2 - x1 < _LEAST or y2 - y1 < _LEAST:
        return None
    planes = [picture.planes[0][y1:y2, x1:x2]]
    # At the edge of a picture with an odd side the last sample stands for one row or column alone.
    planes += [plane[y1 // 2 : (y2 + 1) // 2, x1 // 2 : (x2 + 1) // 2] for plane in picture.planes[1:]]
    part = Picture(picture.format, x2 - x1, y2 - y1, planes, picture.matrix, picture.full_range)
    width, height = float(picture.width), float(picture.height)
    return Crop(part, (x1 / width, y1 / height, x2 / width, y2 / height))


def to_whole(boxes: np.ndarray, part: Box) -> None:
    """(N, 4) fractions of the part that lies in ``part`` become fractions of the whole picture, in place."""
    x1, y1, x2, y2 = part
    boxes *= np.array([x2 - x1, y2 - y1] * 2, np.float32)
    boxes += np.array([x1, y1] * 2, np.float32)


def _outward(low: float, high: float, length: int, step: int) -> Tuple[int, int]:
    first = math.floor(max(0.0, low) * length / step) * step
    last = math.ceil(min(1.0, high) * length / step) * step
    return first, min(last, length)
