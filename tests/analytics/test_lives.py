from __future__ import annotations

from typing import Callable, List, Optional, Sequence

import pytest

from edge.analytics import CameraAnalytics, Happening
from tests.analytics.scenes import LABELS, Area, Camera, Row, picture, standing, times


def run(
    scene: Callable[[float], Sequence[Row]], seconds: float, fps: float = 10, camera: Optional[Camera] = None
) -> List[Happening]:
    of = CameraAnalytics(camera or Camera(), {"m": LABELS})
    told = []
    for time in times(fps, seconds):
        told += of.update("m", picture(time, scene(time - 100)))
    return told


def test_a_life() -> None:
    told = run(lambda t: [standing(0.1 + 0.1 * t, 0.6)] if t < 5 else [], 8)
    kinds = [h.type for h in told]
    assert kinds[0] == "object.start" and kinds[-1] == "object.end"
    assert set(kinds[1:-1]) == {"object.update"}
    assert told[-1].reason == "lost"
    start, end = told[0].object, told[-1].object
    assert start is not None and end is not None
    assert (start.id, start.label, told[0].model) == (1, "person", "m")
    assert end.age == pytest.approx(4.9) and told[-1].time == pytest.approx(106.9)
    assert end.box == pytest.approx(standing(0.59, 0.6)[:4], abs=0.02)
    assert end.velocity == pytest.approx((0.1, 0.0), abs=0.01)


def test_updates_come_once_a_second_at_most() -> None:
    told = run(lambda t: [standing(0.1 + 0.1 * t, 0.6)], 8, fps=30)
    when = [h.time for h in told]
    assert len(when) >= 6
    assert min(b - a for a, b in zip(when, when[1:])) >= 1.0


def test_what_does_not_change_is_not_told() -> None:
    told = run(lambda t: [standing(0.5 + 0.002 * (round(t * 10) % 3), 0.6)], 20)
    assert [h.type for h in told] == ["object.start"]


def test_a_better_score_is_told() -> None:
    told = run(lambda t: [standing(0.5, 0.6, score=0.6 if t < 3 else 0.9)], 6)
    assert [h.type for h in told] == ["object.start", "object.update"]
    assert told[1].object is not None and told[1].object.best_score == pytest.approx(0.9)


def test_other_zones_are_told() -> None:
    camera = Camera(zones={"gate": Area([(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)])})
    told = run(lambda t: [standing(0.49 if t < 3 else 0.51, 0.6)], 6, camera=camera)
    assert [h.type for h in told] == ["object.start", "zone.enter", "object.update", "count"]
    assert told[2].object is not None and told[2].object.zones == ("gate",)


def test_growing_is_moving() -> None:
    told = run(lambda t: [standing(0.5, 0.6, height=0.1 + 0.02 * t)], 5)
    assert "object.update" in [h.type for h in told]
