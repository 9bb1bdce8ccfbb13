"""A real clip, 10 pictures a second, with a real and weak detector: the rate of analysis must not make the objects."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.analytics import CameraAnalytics, Detections
from tests.analytics.clip import boxes_of
from tests.analytics.scenes import Camera, Wanted

LABELS = ["person", *(f"label {i}" for i in range(1, 80))]
FPS = 10.0


@pytest.fixture(scope="module")
def boxes(shared: Path) -> List[NDArray[np.float32]]:
    for module in ("cv2", "onnxruntime"):
        pytest.importorskip(module)
    return boxes_of(shared / "media" / "vtest-h264.mp4", shared / "models" / "FastestDet.onnx", floor=0.1)


def lives(boxes: List[NDArray[np.float32]], every: int, first: int, min_score: float) -> Dict[int, Tuple[float, float]]:
    """Analyses every ``every``-th picture: (confirmed, age) of every person there was, as the events tell it."""
    analytics = CameraAnalytics(Camera(objects={"person": Wanted(min_score)}), {"people": LABELS})
    started: Dict[int, Tuple[float, float]] = {}
    ended: Dict[int, Tuple[float, float]] = {}
    for i in range(first, len(boxes), every):
        for h in analytics.update("people", Detections.from_rows(boxes[i], i / FPS, i, 768, 576)):
            assert h.object is not None and h.object.label == "person"
            (started if h.type == "object.start" else ended)[h.object.id] = (h.time, h.object.age)
    ended.update((h.object.id, (h.time, h.object.age)) for h in analytics.flush(len(boxes) / FPS, "end") if h.object)
    assert set(started) <= set(ended)
    return {number: (started[number][0], ended[number][1]) for number in started}


def longer(found: Dict[int, Tuple[float, float]], seconds: float) -> int:
    return sum(age > seconds for _, age in found.values())


@pytest.mark.parametrize("first", [0, 1])
def test_as_many_tracks_at_5_as_at_10_pictures_a_second(boxes: List[NDArray[np.float32]], first: int) -> None:
    many, few = lives(boxes, 1, 0, 0.4), lives(boxes, 2, first, 0.4)
    assert longer(many, 2.0) > 50
    assert longer(few, 2.0) == pytest.approx(longer(many, 2.0), rel=0.15)
    assert len(few) == pytest.approx(len(many), rel=0.15)  # the short ones too


@pytest.mark.parametrize("min_score", [0.3, 0.35, 0.45, 0.5])
def test_at_other_thresholds(boxes: List[NDArray[np.float32]], min_score: float) -> None:
    """The settings are not made for one threshold alone."""
    many, few = (longer(lives(boxes, every, 0, min_score), 2.0) for every in (1, 2))
    assert few == pytest.approx(many, rel=0.15)


def test_at_a_fifth_of_the_rate(boxes: List[NDArray[np.float32]]) -> None:
    many, few = (longer(lives(boxes, every, 0, 0.4), 2.0) for every in (1, 5))
    assert few == pytest.approx(many, rel=0.25)
