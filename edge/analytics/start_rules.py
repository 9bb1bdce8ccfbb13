"""Which boxes become objects: a camera's ``objects`` section, as arrays by class of one model."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.analytics.camera_rules import CameraRules
from edge.analytics.settings import DEFAULTS, TrackerSettings

DEFAULT_MIN_SCORE = 0.4
_LOWEST_FLOOR = 0.05  # under this a network's boxes are noise, and many


class StartRules:
    """An object begins with a box of a wanted label, over its min_score and within its areas.

    Once it has begun, boxes that miss these marks (down to ``TrackerSettings.low_score`` of min_score) may carry it on:
    a person half behind a car is still there. Arrays are (classes + 1,); the last entry stands for a class that the
    model's labels do not have.
    """

    def __init__(self, labels: Sequence[str], camera: CameraRules, min_score: float = DEFAULT_MIN_SCORE) -> None:
        self.min_scores = np.full(len(labels) + 1, np.inf)
        self.min_areas = np.zeros(len(labels) + 1)
        self.max_areas = np.full(len(labels) + 1, np.inf)
        for i, label in enumerate(labels):
            if not camera.objects:
                self.min_scores[i] = min_score
            elif label in camera.objects:
                wanted = camera.objects[label]
                self.min_scores[i] = min_score if wanted.min_score is None else wanted.min_score
                self.min_areas[i] = wanted.min_area or 0.0
                self.max_areas[i] = np.inf if wanted.max_area is None else wanted.max_area

    def may_start(
        self, classes: NDArray[np.intp], scores: NDArray[np.float64], areas: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """(N,) for boxes whose areas are fractions of the picture; classes are 0..classes."""
        good = scores >= self.min_scores[classes]
        good &= areas >= self.min_areas[classes]
        good &= areas <= self.max_areas[classes]
        return good


def floor_score(camera: CameraRules, model_min_score: float, settings: TrackerSettings = DEFAULTS) -> float:
    """The least score that inference should deliver for this camera: lower boxes cannot matter to its tracker."""
    marks = [model_min_score if o.min_score is None else o.min_score for o in camera.objects.values()]
    return max(_LOWEST_FLOOR, min(marks or [model_min_score]) * settings.low_score)
