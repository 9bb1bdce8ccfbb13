"""A picture as capture hands it over: planes of 8-bit samples, and what the samples mean.

The matrices follow ITU-R BT.601-7 and BT.709-6; limited range puts black at 16 and white at 235 for luma, and 16..240
around 128 for chroma. Chroma is taken as sited in the middle of its 2x2 luma samples: the quarter of a sample that
MPEG-2's left siting differs by is far below what a network sees.
"""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

#: Red's and blue's weight in luma (ITU-R BT.601-7 section 2.5.1, BT.709-6 section 3.2).
_LUMA_WEIGHTS: Dict[str, Tuple[float, float]] = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}

#: Where blue, green and red stand in a packed pixel, and how many bytes a pixel has.
_PACKED: Dict[str, Tuple[Tuple[int, int, int], int]] = {
    "bgr": ((0, 1, 2), 3),
    "rgb": ((2, 1, 0), 3),
    "bgrx": ((0, 1, 2), 4),
    "bgra": ((0, 1, 2), 4),
    "rgbx": ((2, 1, 0), 4),
    "rgba": ((2, 1, 0), 4),
}

FORMATS = ("i420", "nv12", "gray8") + tuple(sorted(_PACKED))


class Picture(NamedTuple):
    """One picture, its planes straight on shared memory (rows may be padded, the arrays may be read-only).

    ``planes`` by ``format``, all uint8:
      ``i420``   Y (h, w), U (ceil(h/2), ceil(w/2)), V (ceil(h/2), ceil(w/2))
      ``nv12``   Y (h, w), UV (ceil(h/2), ceil(w/2), 2)
      ``gray8``  (h, w)
      ``bgr``, ``rgb``  (h, w, 3);  ``bgrx``, ``bgra``, ``rgbx``, ``rgba``  (h, w, 4)
    ``matrix`` ("bt601" or "bt709") and ``full_range`` speak of the YUV formats and of gray8.
    """

    format: str
    width: int
    height: int
    planes: List[np.ndarray]
    matrix: str = "bt709"
    full_range: bool = False


def to_bgr(picture_format: str, matrix: str, full_range: bool) -> np.ndarray:
    """The (3, n + 1) float64 matrix that takes a pixel's n samples and a 1 to blue, green, red in 0..255.

    The samples are in the order of the planes and, within a plane, of its channels. Raises ValueError for a format or
    matrix that is not known.
    """
    if picture_format in _PACKED:
        places, size = _PACKED[picture_format]
        packed = np.zeros((3, size + 1))
        packed[np.arange(3), places] = 1.0
        return packed
    luma, chroma = (1.0, 1.0) if full_range else (255.0 / 219.0, 255.0 / 224.0)
    black = 0.0 if full_range else 16.0
    if picture_format == "gray8":
        return np.array([[luma, -luma * black]] * 3)
    if picture_format not in ("i420", "nv12"):
        raise ValueError("picture format {!r} is not one of {}".format(picture_format, ", ".join(FORMATS)))
    if matrix not in _LUMA_WEIGHTS:
        raise ValueError("colour matrix {!r} is not one of {}".format(matrix, ", ".join(sorted(_LUMA_WEIGHTS))))
    red, blue = _LUMA_WEIGHTS[matrix]
    green = 1.0 - red - blue
    u_to_blue = 2.0 * (1.0 - blue) * chroma
    v_to_red = 2.0 * (1.0 - red) * chroma
    mix = np.array(
        [
            [luma, u_to_blue, 0.0],
            [luma, -u_to_blue * blue / green, -v_to_red * red / green],
            [luma, 0.0, v_to_red],
        ]
    )
    offset = -mix.dot(np.array([black, 128.0, 128.0]))
    return np.concatenate([mix, offset[:, None]], axis=1)


def to_gray(picture_format: str, matrix: str, full_range: bool) -> np.ndarray:
    """As ``to_bgr``, but the one row (1, n + 1) that gives luma in 0..255."""
    red, blue = _LUMA_WEIGHTS["bt601" if picture_format in _PACKED else matrix]
    row: np.ndarray = np.array([[blue, 1.0 - red - blue, red]]).dot(to_bgr(picture_format, matrix, full_range))
    row[np.abs(row) < 1e-9] = 0.0  # chroma cancels out: an exact zero tells the scaler that it need not look at it
    return row
