"""What the tracker takes of a model's boxes: the wanted ones that are boxes at all, in its own units and order."""

from __future__ import annotations

import math
from typing import List, NamedTuple, Tuple

from edge.analytics.detections import Detections
from edge.analytics.motion import Measured
from edge.analytics.settings import TrackerSettings
from edge.analytics.start_rules import StartRules
from edge.analytics.track import Box

_INFINITE = math.inf


class Seen(NamedTuple):
    """One box. ``measured`` is cx cy w h in picture heights; ``high`` says that it may start an object."""

    measured: Measured
    score: float
    label: int
    high: bool


def usable(detections: Detections, rules: StartRules, settings: TrackerSettings) -> List[Seen]:
    """Best scores first, cut to the picture. Left out: unwanted labels, too low scores, and what has no area.

    The order is by what the boxes are (score, class, place), so it does not matter in which order a model gives them.
    """
    aspect, low = detections.width / detections.height, settings.low_score
    marks, known = rules.min_scores, len(rules.min_scores)
    taken: List[Tuple[float, int, float, float, float, float]] = []
    for x1, y1, x2, y2, score, index in detections.rows:
        if not 0 <= index < known:  # false for a NaN
            continue
        label = int(index)
        if not score >= marks[label] * low or not -_INFINITE < x1 + y1 + x2 + y2 + score < _INFINITE:
            continue
        if x1 < 0.0:
            x1 = 0.0
        if y1 < 0.0:
            y1 = 0.0
        if x2 > 1.0:
            x2 = 1.0
        if y2 > 1.0:
            y2 = 1.0
        if x1 < x2 and y1 < y2:
            taken.append((score if score < 1.0 else 1.0, label, y2, x2, y1, x1))
    taken.sort(reverse=True)
    seen = []
    for score, label, y2, x2, y1, x1 in taken[: settings.most_boxes]:
        w, h = x2 - x1, y2 - y1
        measured = (x1 + w * 0.5) * aspect, y1 + h * 0.5, w * aspect, h
        seen.append(Seen(measured, score, label, score >= marks[label] and rules.may_start(label, score, w * h)))
    return seen


def fractions(cx: float, cy: float, w: float, h: float, aspect: float) -> Box:
    """cx cy w h in picture heights back to x1 y1 x2 y2 as fractions of the picture, cut to the picture."""
    cx, w = cx / aspect, w / aspect
    x1, y1 = cx - w * 0.5, cy - h * 0.5
    x2, y2 = x1 + w, y1 + h
    return (
        x1 if x1 > 0.0 else 0.0, y1 if y1 > 0.0 else 0.0, x2 if x2 < 1.0 else 1.0, y2 if y2 < 1.0 else 1.0,
    )  # fmt: skip
