"""What the tracker takes of a model's boxes: the wanted ones that are boxes at all, in its own units and order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.analytics.detections import Detections
from edge.analytics.settings import TrackerSettings
from edge.analytics.start_rules import StartRules

Array = NDArray[np.float64]


class Usable(NamedTuple):
    """Best scores first. ``measured`` (N, 4) is cx cy w h in picture heights; ``high`` (N,) says what may start."""

    measured: Array
    scores: Array
    classes: NDArray[np.intp]
    high: NDArray[np.bool_]
    aspect: float


def usable(detections: Detections, rules: StartRules, settings: TrackerSettings) -> Usable:
    """Boxes are cut to the picture. Left out: unwanted labels, too low scores, NaN, and what has no area.

    The order is by what the boxes are (score, class, place), so it does not matter in which order a model gives them.
    """
    aspect = detections.width / detections.height
    known = len(rules.min_scores) - 1
    classes = np.where((detections.classes >= 0) & (detections.classes < known), detections.classes, known)
    keep = detections.scores >= rules.min_scores[classes] * settings.low_score  # false for a NaN
    table = np.empty((int(keep.sum()), 6))
    table[:, :4] = detections.boxes[keep]
    table[:, 4] = classes[keep]
    table[:, 5] = np.minimum(detections.scores[keep], 1.0)
    corners = table[:, :4]
    np.maximum(corners, 0.0, out=corners)
    np.minimum(corners, 1.0, out=corners)
    real = (corners[:, :2] < corners[:, 2:]).all(axis=1)  # false for a NaN
    if not real.all():
        table = table[real]
    table = table[np.lexsort(table.T)[::-1][: settings.most_boxes]]
    low, size = table[:, :2], table[:, 2:4]
    size -= low
    classes, scores = table[:, 4].astype(np.intp), table[:, 5]
    high = rules.may_start(classes, scores, size[:, 0] * size[:, 1])
    low += size * 0.5
    measured = table[:, :4]
    measured[:, ::2] *= aspect
    return Usable(measured, scores, classes, high, aspect)


def fractions(measured: Array, aspect: float) -> Array:
    """(N, 4) cx cy w h in picture heights back to x1 y1 x2 y2 as fractions of the picture, cut to the picture."""
    boxes = measured.copy()
    boxes[:, ::2] /= aspect
    boxes[:, :2] -= boxes[:, 2:] * 0.5
    boxes[:, 2:] += boxes[:, :2]
    np.maximum(boxes, 0.0, out=boxes)
    np.minimum(boxes, 1.0, out=boxes)
    return boxes
