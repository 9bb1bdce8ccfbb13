"""What a model saw in one picture. Its shape is checked here, once, at the border."""

from __future__ import annotations

import math
from typing import List, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Detections(NamedTuple):
    """Boxes of one picture and one model, made by :meth:`from_rows`.

    ``rows``: for each box x1 y1 x2 y2 as fractions of the picture, its score 0..1 and its class, an index into the
    model's labels; ``time`` the picture's capture, seconds of the monotonic clock; ``seq`` the picture's number in its
    camera; ``width``, ``height`` the picture's size in pixels.

    Rows with a NaN or an infinity, or without an area, are allowed: the tracker leaves them out. They are plain
    numbers, because there are few: arrays would cost more than all that is done with them (motion.py says why).
    """

    rows: List[List[float]]
    time: float
    seq: int
    width: int
    height: int

    @classmethod
    def from_rows(cls, rows: NDArray[np.float32], time: float, seq: int, width: int, height: int) -> Detections:
        """From the inference worker's array: (N, 6) float32. ValueError for another shape, or no picture's figures."""
        if rows.ndim != 2 or rows.shape[1] != 6:
            raise ValueError(f"detections must be (N, 6), not {rows.shape}")
        if width <= 0 or height <= 0:
            raise ValueError(f"a picture of {width}x{height} pixels")
        if not math.isfinite(time):
            raise ValueError(f"a picture taken at {time}")
        return cls(rows.tolist(), time, seq, width, height)
