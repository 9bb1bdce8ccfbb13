"""Which boxes become objects: a camera's ``objects`` section, by class of one model."""

from __future__ import annotations

import math
from typing import List, Sequence

from edge.analytics.camera_rules import CameraRules
from edge.analytics.settings import DEFAULTS, TrackerSettings

DEFAULT_MIN_SCORE = 0.4
_LOWEST_FLOOR = 0.05  # under this a network's boxes are noise, and many


class StartRules:
    """An object begins with a box of a wanted label, over its min_score and within its areas.

    Once it has begun, boxes that miss these marks (down to ``TrackerSettings.low_score`` of min_score) may carry it on:
    a person half behind a car is still there. The lists are by class.
    """

    def __init__(self, labels: Sequence[str], camera: CameraRules, min_score: float = DEFAULT_MIN_SCORE) -> None:
        #: Infinite for a label that is not wanted.
        self.min_scores = [math.inf] * len(labels)
        self.min_areas = [0.0] * len(labels)
        self.max_areas = [math.inf] * len(labels)
        for i, label in enumerate(labels):
            if not camera.objects:
                self.min_scores[i] = min_score
            elif label in camera.objects:
                wanted = camera.objects[label]
                self.min_scores[i] = min_score if wanted.min_score is None else wanted.min_score
                self.min_areas[i] = wanted.min_area or 0.0
                self.max_areas[i] = math.inf if wanted.max_area is None else wanted.max_area

    def may_start(self, label: int, score: float, area: float) -> bool:
        """``label`` is a class of the model; ``area`` a fraction of the picture."""
        return score >= self.min_scores[label] and self.min_areas[label] <= area <= self.max_areas[label]


#: No score reaches this: the floor of a label that a camera does not want.
UNWANTED = 2.0


def floor_scores(
    labels: Sequence[str], camera: CameraRules, model_min_score: float, settings: TrackerSettings = DEFAULTS
) -> List[float]:
    """By class, the least score that inference should deliver: lower boxes cannot matter to this camera's tracker."""
    marks = StartRules(labels, camera, model_min_score).min_scores
    return [UNWANTED if mark == math.inf else max(_LOWEST_FLOOR, mark * settings.low_score) for mark in marks]
