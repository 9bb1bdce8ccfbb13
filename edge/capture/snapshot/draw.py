"""What is drawn into a still picture: a box and its label. numpy alone; the picture's planes are changed in place."""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from .recall import Still

#: Brightness and the two colours, in full range BT.601.
Colour = Tuple[int, int, int]
YELLOW: Colour = (210, 16, 146)
_DARK: Colour = (16, 128, 128)
_WHITE = 255
#: A crop reaches so much of the box's sides further.
_MARGIN = 0.1


class Area(NamedTuple):
    """In pixels; the right and the lower end are the first that are outside."""

    left: int
    top: int
    right: int
    bottom: int

    def grown(self, by: int) -> "Area":
        return Area(self.left - by, self.top - by, self.right + by, self.bottom + by)


def area(still: Still, box: List[float]) -> Area:
    """``box``: x1 y1 x2 y2 as fractions of the picture; what lies outside of it is cut off, and something is left."""
    left, right = _ends(box[0], box[2], still.width)
    top, bottom = _ends(box[1], box[3], still.height)
    return Area(left, top, right, bottom)


def _ends(a: float, b: float, length: int) -> Tuple[int, int]:
    first = min(max(round(min(a, b) * length), 0), length - 1)
    return first, min(max(round(max(a, b) * length), first + 1), length)


def cropped(still: Still, box: List[float]) -> Still:
    """The box and a margin, with even sides where the picture is larger than that."""
    x, y = (box[2] - box[0]) * _MARGIN, (box[3] - box[1]) * _MARGIN
    wide = area(still, [box[0] - x, box[1] - y, box[2] + x, box[3] + y])
    left, right = _even(wide.left, wide.right, still.width)
    top, bottom = _even(wide.top, wide.bottom, still.height)
    luma, *colours = still.planes
    halves = [plane[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2] for plane in colours]
    return Still(right - left, bottom - top, [luma[top:bottom, left:right], *halves])


def _even(first: int, last: int, length: int) -> Tuple[int, int]:
    if length < 2:
        return 0, length
    last = min(last + last % 2, length - length % 2)
    return min(first - first % 2, last - 2), last


def draw_box(still: Still, box: Area) -> None:
    """A yellow line with dark edges, around the box; what is in it stays as it is."""
    thick = _thickness(still)
    _frame(still, box.grown(thick + 1), box.grown(thick), _DARK)
    _frame(still, box.grown(thick), box, YELLOW)
    _frame(still, box, box.grown(-1), _DARK)


def _thickness(still: Still) -> int:
    return max(2, min(still.width, still.height) // 240)


def _frame(still: Still, outer: Area, inner: Area, colour: Colour) -> None:
    for part in (
        Area(outer.left, outer.top, outer.right, inner.top),
        Area(outer.left, inner.bottom, outer.right, outer.bottom),
        Area(outer.left, inner.top, inner.left, inner.bottom),
        Area(inner.right, inner.top, outer.right, inner.bottom),
    ):
        fill(still, part, colour)


def fill(still: Still, part: Area, colour: Colour) -> None:
    """As much of it as lies in the picture."""
    left, top, right, bottom = max(part.left, 0), max(part.top, 0), max(part.right, 0), max(part.bottom, 0)
    still.planes[0][top:bottom, left:right] = colour[0]
    for plane, value in zip(still.planes[1:], colour[1:]):
        if right > left and bottom > top:
            plane[top // 2 : (bottom + 1) // 2, left // 2 : (right + 1) // 2] = value


def draw_label(still: Still, box: Area, letters: Optional[np.ndarray]) -> None:
    """White on dark, above the box, or within it where there is no room. ``letters``: how much of each pixel is
    letter, 0 to 255.
    """
    if letters is None:
        return
    pad = max(2, letters.shape[0] // 8)
    letters = letters[: max(1, still.height - 2 * pad), : max(1, still.width - 2 * pad)]
    height, width = letters.shape[0] + 2 * pad, letters.shape[1] + 2 * pad
    above = box.top - _thickness(still) - 1 - height
    top = above if above >= 0 else min(max(box.top + 1, 0), max(0, still.height - height))
    left = min(max(box.left - _thickness(still), 0), max(0, still.width - width))
    fill(still, Area(left, top, left + width, top + height), _DARK)
    place = still.planes[0][top + pad : top + height - pad, left + pad : left + width - pad]
    share = letters[: place.shape[0], : place.shape[1]].astype(np.uint16)
    place[...] = (_DARK[0] + share * (_WHITE - _DARK[0]) // 255).astype(np.uint8)


def letter_height(still: Still) -> int:
    """Of a label's letters, in pixels."""
    return max(14, min(still.width, still.height) // 30)
