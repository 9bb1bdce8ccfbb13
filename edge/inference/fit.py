"""How a picture lies in the network's input: stretched over all of it, or letterboxed with its shape kept."""

from typing import NamedTuple, Tuple

import numpy as np


class Fit(NamedTuple):
    """Where a picture of (width, height) lies in a network input, and the way back.

    ``inner`` is the rectangle (left, top, width, height) in pixels of the input that the picture covers.
    ``gain`` and ``offset`` (x, y) take a fraction of the input to a fraction of the picture: f * gain + offset.
    """

    inner: Tuple[int, int, int, int]
    gain: Tuple[float, float]
    offset: Tuple[float, float]

    @property
    def identity(self) -> bool:
        return self.gain == (1.0, 1.0) and self.offset == (0.0, 0.0)

    def to_picture(self, boxes: np.ndarray) -> np.ndarray:
        """(N, 4) x1 y1 x2 y2 in fractions of the input -> a new float32 (N, 4) in fractions of the picture, in 0..1."""
        out = np.array(boxes, dtype=np.float32)
        if not self.identity:
            out *= np.array(self.gain * 2, dtype=np.float32)
            out += np.array(self.offset * 2, dtype=np.float32)
        np.maximum(out, np.float32(0.0), out=out)
        np.minimum(out, np.float32(1.0), out=out)
        return out


def make_fit(fit: str, align: str, picture: Tuple[int, int], size: Tuple[int, int]) -> Fit:
    """The fit of a ``picture`` (width, height) in an input of ``size`` (width, height).

    ``fit``: "stretch" covers the whole input; "letterbox" keeps the picture's shape and puts it in the middle
    (``align`` "center", as YOLOv5 and later) or in the top left corner ("top-left", as YOLOX).
    Raises ValueError for anything else, and for sizes below one pixel.
    """
    if min(picture) < 1 or min(size) < 1:
        raise ValueError("a picture of {} in an input of {}".format(picture, size))
    width, height = size
    if fit == "stretch":
        return Fit((0, 0, width, height), (1.0, 1.0), (0.0, 0.0))
    if fit != "letterbox" or align not in ("center", "top-left"):
        raise ValueError("fit {!r} aligned {!r} is not known".format(fit, align))
    ratio = min(width / float(picture[0]), height / float(picture[1]))
    inner_width = min(width, max(1, round(picture[0] * ratio)))
    inner_height = min(height, max(1, round(picture[1] * ratio)))
    left = (width - inner_width) // 2 if align == "center" else 0
    top = (height - inner_height) // 2 if align == "center" else 0
    return Fit(
        (left, top, inner_width, inner_height),
        (width / float(inner_width), height / float(inner_height)),
        (-left / float(inner_width), -top / float(inner_height)),
    )
