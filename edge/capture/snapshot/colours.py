"""A video's colours as JPEG has them: BT.601 in full range (JFIF, ITU-T T.871).

GStreamer's converter is not asked: 1.22 leaves the range as it is where the matrix stays the same.
"""

from typing import List

import numpy as np

# What red and blue give to brightness (ITU-R BT.601 and BT.709).
_BT601, _BT709 = (0.299, 0.114), (0.2126, 0.0722)


def to_jpeg(planes: List[np.ndarray], bt709: bool, full_range: bool) -> List[np.ndarray]:
    """Of I420: bytes (height, width), and the colours' half as large, rounded up."""
    if full_range and not bt709:
        return planes
    y, cb, cr = planes
    levels = np.arange(256, dtype=np.float32)
    bright, colour = (levels, levels - 128) if full_range else ((levels - 16) * 255 / 219, (levels - 128) * 255 / 224)
    if not bt709:
        return [_bytes(bright)[y], _bytes(colour + 128)[cb], _bytes(colour + 128)[cr]]
    # Brightness changes with colours, and these among themselves; by their differences to brightness.
    blue, red = colour[cb], colour[cr]
    share = _brightness_of_colours()
    shift = share[0] * blue + share[1] * red
    of_blue, of_red = 2 * (1 - _BT709[1]), 2 * (1 - _BT709[0])
    wide = np.repeat(np.repeat(shift, 2, axis=0), 2, axis=1)[: y.shape[0], : y.shape[1]]
    return [
        _bytes(bright[y] + wide),
        _bytes((of_blue * blue - shift) / (2 * (1 - _BT601[1])) + 128),
        _bytes((of_red * red - shift) / (2 * (1 - _BT601[0])) + 128),
    ]


def _brightness_of_colours() -> List[float]:
    """How much BT.601's brightness is more than BT.709's, for each of blue's and red's difference as BT.709 has it."""
    (r, b), (r7, b7) = _BT601, _BT709
    g, g7 = 1 - r - b, 1 - r7 - b7
    of_blue, of_red = 2 * (1 - b7), 2 * (1 - r7)
    return [b * of_blue - g * of_blue * b7 / g7, r * of_red - g * of_red * r7 / g7]


def _bytes(values: np.ndarray) -> np.ndarray:
    rounded: np.ndarray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded
