"""What a model saw in one picture, as a struct of arrays. Shapes are checked here, once, at the border."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Detections:
    """Boxes of one picture and one model.

    ``boxes`` (N, 4) float32, x1 y1 x2 y2 as fractions of the picture; ``scores`` (N,) float32, 0..1; ``classes`` (N,)
    int, an index into the model's labels; ``time`` the picture's capture, seconds of the monotonic clock; ``seq`` the
    picture's number in its camera; ``width``, ``height`` the picture's size in pixels.

    Boxes with a NaN, or without an area, are allowed: the tracker leaves them out.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]
    time: float
    seq: int
    width: int
    height: int

    def __post_init__(self) -> None:
        count = len(self.boxes)
        if self.boxes.shape != (count, 4) or self.scores.shape != (count,) or self.classes.shape != (count,):
            shapes = self.boxes.shape, self.scores.shape, self.classes.shape
            raise ValueError("boxes, scores, classes must be (N, 4), (N,), (N,), not {}, {}, {}".format(*shapes))
        if self.width <= 0 or self.height <= 0:
            raise ValueError(f"a picture of {self.width}x{self.height} pixels")
        if not math.isfinite(self.time):
            raise ValueError(f"a picture taken at {self.time}")

    @classmethod
    def from_rows(cls, rows: NDArray[np.float32], time: float, seq: int, width: int, height: int) -> Detections:
        """From the inference worker's array: (N, 6) float32, x1 y1 x2 y2 score class. ValueError for another shape.

        Rows with a NaN or an infinity are left out.
        """
        if rows.ndim != 2 or rows.shape[1] != 6:
            raise ValueError(f"detections must be (N, 6), not {rows.shape}")
        finite = np.isfinite(rows)
        if not np.logical_and.reduce(finite, axis=None):
            rows = rows[finite.all(axis=1)]
        return cls(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.intp), time, seq, width, height)
