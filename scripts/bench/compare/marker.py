"""A picture's number, burnt into its top left corner: so that whoever analyses it can say which one it was.

Twelve bits and a check sum of four, as black and white cells. They are large enough to survive encoding and scaling.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Numbers are below this.
NUMBERS = 1 << 12
_BITS = 16
#: Of the picture's width and height: 24 pixels of 1280x720.
_WIDTH, _HEIGHT = 24 / 1280, 24 / 720


def burn(luma: Any, number: int) -> None:
    """Into a plane (height, width) of uint8."""
    height, width = luma.shape
    word = number << 4 | _check(number)
    for place in range(_BITS):
        cells = luma[: round(_HEIGHT * height), round(place * _WIDTH * width) : round((place + 1) * _WIDTH * width)]
        cells[...] = 235 if word >> (_BITS - 1 - place) & 1 else 16


def read(plane: Any) -> int:
    """The number of a picture of any size, from its luma or from any of its colours; -1 where it cannot be read."""
    height, width = plane.shape
    row = round(_HEIGHT * height / 2)
    columns = np.round((np.arange(_BITS) + 0.5) * _WIDTH * width).astype(int)
    word = 0
    for bit in plane[row, columns] > 125:
        word = word << 1 | int(bit)
    number = word >> 4
    return number if word & 15 == _check(number) else -1


def _check(number: int) -> int:
    return (number ^ number >> 4 ^ number >> 8 ^ 0b1010) & 15
