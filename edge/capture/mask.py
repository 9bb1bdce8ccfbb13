"""Areas of a picture made black, so that nothing is left of what was there. numpy alone.

A polygon's inside is told by the even-odd rule at the middle of each pixel, and every pixel that its outline passes
through counts too: what is covered reaches up to one pixel too far, never too short.
"""

from typing import Dict, List, Sequence, Tuple

import numpy as np

#: Corners [x, y] as fractions of the picture.
Polygon = Sequence[Sequence[float]]

#: Along an outline a point is looked at so often (in pixels): of a pixel that is passed by, less than this is missed.
_STEP = 0.25
#: BT.601 and BT.709 alike: black of limited range, and no colour.
_BLACK, _GREY = 16, 128


def covered(width: int, height: int, polygons: Sequence[Polygon]) -> np.ndarray:
    """The pixels that any of the polygons covers: a boolean array (height, width)."""
    found = np.zeros((height, width), bool)
    for polygon in polygons:
        corners = np.array([[float(x) * width, float(y) * height] for x, y in polygon], np.float64)
        found |= _inside(width, height, corners)
        _outline(found, corners)
    return found


class Masks:
    """Polygons, and what they cover in pictures of the size that was last asked for."""

    def __init__(self, polygons: Sequence[Polygon]) -> None:
        self._polygons = list(polygons)
        self._covers: Dict[Tuple[int, int], np.ndarray] = {}

    def fill(self, planes: Sequence[np.ndarray], form: str, full_range: bool = False) -> None:
        """Make the areas black, in place.

        ``form`` and ``planes``: ``i420`` three of bytes (height, width), the colours' half as large, rounded up;
        ``nv12`` two, the second (half height, 2 x half width) or (half height, half width, 2); ``gray8`` one; ``rgb``
        (or any other order of packed colours) one (height, width, channels). ``full_range``: black is 0, not 16. All
        planes must be writable; they may have strides.
        """
        if not self._polygons:
            return
        first = planes[0]
        height, width = first.shape[:2]
        cover = self._cover(width, height)
        if form == "rgb":
            first[cover] = 0
            return
        np.copyto(first, np.uint8(0 if full_range else _BLACK), where=cover)
        for plane in planes[1:]:
            _colourless(plane, _half(cover))

    def _cover(self, width: int, height: int) -> np.ndarray:
        if (width, height) not in self._covers:
            self._covers = {(width, height): covered(width, height, self._polygons)}
        return self._covers[width, height]


def fill(planes: Sequence[np.ndarray], form: str, polygons: Sequence[Polygon], full_range: bool = False) -> None:
    """``Masks.fill`` for a single picture."""
    Masks(polygons).fill(planes, form, full_range)


def _colourless(plane: np.ndarray, cover: np.ndarray) -> None:
    """``cover``: by the colours' samples, one for each pair of NV12's."""
    width = cover.shape[1]
    if plane.ndim == 3 or plane.shape[1] == 2 * width != width:
        for part in (0, 1):
            samples = plane[:, :, part] if plane.ndim == 3 else plane[:, part::2]
            np.copyto(samples, np.uint8(_GREY), where=cover)
        return
    np.copyto(plane, np.uint8(_GREY), where=cover)


def _half(cover: np.ndarray) -> np.ndarray:
    """Of each two by two pixels, whether any is covered: they share their colour."""
    height, width = cover.shape
    even = np.zeros((height + height % 2, width + width % 2), bool)
    even[:height, :width] = cover
    rows = even[0::2] | even[1::2]
    halved: np.ndarray = rows[:, 0::2] | rows[:, 1::2]
    return halved


def _inside(width: int, height: int, corners: np.ndarray) -> np.ndarray:
    """Where a row's middle enters or leaves the polygon, the pixels from there on change sides."""
    changes = np.zeros((height, width + 1), np.uint8)
    middles = np.arange(height) + 0.5
    for (x1, y1), (x2, y2) in _edges(corners):
        rows = np.nonzero((y1 <= middles) != (y2 <= middles))[0]
        if len(rows):
            crossed = x1 + (middles[rows] - y1) * (x2 - x1) / (y2 - y1)
            columns = np.clip(np.ceil(crossed - 0.5), 0, width).astype(int)
            changes[rows, columns] ^= 1  # a row is crossed by an edge once
    inside: np.ndarray = np.bitwise_xor.accumulate(changes, axis=1)[:, :width].astype(bool)
    return inside


def _outline(found: np.ndarray, corners: np.ndarray) -> None:
    height, width = found.shape
    for start, end in _edges(corners):
        count = 2 + int(np.abs(end - start).max() / _STEP)
        points = start + (end - start) * np.linspace(0.0, 1.0, count)[:, None]
        # A corner at 1.0 lies on the picture's last pixel.
        columns = np.clip(points[:, 0].astype(int), 0, width - 1)
        rows = np.clip(points[:, 1].astype(int), 0, height - 1)
        found[rows, columns] = True


def _edges(corners: np.ndarray) -> List[Tuple[np.ndarray, np.ndarray]]:
    return list(zip(corners, np.roll(corners, -1, axis=0)))
