"""A picture's brightness in small cells: their means, read straight from the picture's memory.

Of each cell a few lines are read, whole: the mean of many neighbours hides the noise of a sensor, and what an encoder
leaves of it. Several samples are added at once, as parts of larger numbers, which takes about 0.1 ms of a picture of
1920x1080 (docs/motion.md).
"""

import ctypes
from typing import NamedTuple, Optional, Tuple

import numpy as np

from .luma import Luma

# At most so many columns. Cells are square, and as wide as a few words of 4 bytes.
_COLUMNS = 160
# Of a cell at least so many samples are read, where it has as many, in two to four lines of it.
_SAMPLES, _LINES = 24, (2, 4)
_LOWER = 0x00FF00FF00FF00FF


class Grid(NamedTuple):
    """``size``: width and height of a cell, in samples; ``lines``: how many of its lines are read."""

    columns: int
    rows: int
    size: int
    lines: int


def grid(width: int, height: int) -> Optional[Grid]:
    """How a picture is divided; None for one that is too small. What is left at the right and below is not looked at.
    """
    size = 4 * -(-width // (4 * _COLUMNS))
    if width < size or height < size:
        return None
    return Grid(width // size, height // size, size, min(max(-(-_SAMPLES // size), _LINES[0]), _LINES[1]))


class Sampler:
    """Keeps the room that it needs from picture to picture: to be given new memory takes longer than to use it."""

    def __init__(self) -> None:
        self._scratch: Optional[Tuple[np.ndarray, np.ndarray]] = None

    def cells(self, plane: Luma) -> Optional[np.ndarray]:
        """Rows x columns, float32, 0 to 255; None for a picture that is too small."""
        form = grid(plane.width, plane.height)
        if form is None:
            return None
        in_cell = form.size * plane.step
        word = 8 if in_cell % 8 == 0 else 4
        words = in_cell // word
        apart = form.size // form.lines
        count = plane.stride * (plane.height - 1) + plane.width * plane.step
        samples = np.ndarray(
            (form.rows, form.lines, form.columns * words), "<u{}".format(word),
            memoryview((ctypes.c_char * count).from_address(plane.address)), apart // 2 * plane.stride,
            (form.size * plane.stride, apart * plane.stride, word),
        )  # fmt: skip
        upper, lower = self._room(samples)
        eight, mask = samples.dtype.type(8), samples.dtype.type(_LOWER & (1 << 8 * word) - 1)
        # Two bytes each from here on: sums of two samples, or of one where a sample has two bytes.
        np.right_shift(samples, eight, out=upper)
        np.bitwise_and(upper, mask, out=upper)
        if plane.step == 1:
            np.bitwise_and(samples, mask, out=lower)
            upper += lower
        lines = upper[:, 0]
        for line in range(1, form.lines):
            lines += upper[:, line]
        parts = lines[:, ::words]
        for part in range(1, words):
            parts = parts + lines[:, part::words]
        pairs = np.ascontiguousarray(parts).view("<u2").reshape(form.rows, form.columns, word // 2)
        total = pairs[:, :, 0]
        for pair in range(1, word // 2):
            total = total + pairs[:, :, pair]
        return total * np.float32(1.0 / (form.size * form.lines))

    def _room(self, like: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        scratch = self._scratch
        if scratch is None or scratch[0].shape != like.shape or scratch[0].dtype != like.dtype:
            self._scratch = scratch = np.empty(like.shape, like.dtype), np.empty(like.shape, like.dtype)
        return scratch
