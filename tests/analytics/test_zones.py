"""Zones, through a camera's whole analytics: one person who walks where the test says."""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence

import pytest

from edge.analytics import CameraAnalytics, Happening
from tests.analytics.scenes import LABELS, Area, Camera, Row, brief, picture, standing, times

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]


def analytics(dwell: Optional[float] = None, objects: Optional[List[str]] = None) -> CameraAnalytics:
    return CameraAnalytics(Camera(zones={"gate": Area(LEFT, dwell, objects)}), {"m": LABELS})


def walk(
    of: CameraAnalytics,
    where: Callable[[float], Optional[float]],
    seconds: float,
    fps: float = 10,
    start: float = 100.0,
) -> List[Happening]:
    """``where``: seconds since the first picture -> x of the person, or None while hidden. Zone and count events."""
    told = []
    for time in times(fps, seconds, start):
        x = where(time - start)
        told += of.update("m", picture(time, [] if x is None else [standing(x, 0.6, height=0.1)]))
    return [h for h in told if h.type.startswith(("zone", "count"))]


def test_in_and_out() -> None:
    told = walk(analytics(), lambda t: 0.2 + 0.1 * t, 5)
    assert brief(told) == ["zone.enter gate", "count gate person 1", "zone.leave gate", "count gate person 0"]
    assert told[2].time == pytest.approx(103.5, abs=0.25)
    assert told[0].object is not None and told[0].object.zones == ("gate",)
    assert told[2].object is not None and told[2].object.zones == ()
    assert told[2].reason is None


def test_a_person_at_the_lower_edge_is_in_a_zone_drawn_down_to_it() -> None:
    of = analytics()
    for time in times(10, 1):
        of.update("m", picture(time, [(0.2, 0.7, 0.3, 1.0, 0.8, 0)]))
    assert of.counts() == {("gate", "person"): 1}


def test_trembling_on_the_border() -> None:
    told = walk(analytics(), lambda t: 0.5 + (0.01 if round(t * 10) % 2 else -0.01), 10)
    assert brief(told) == ["zone.enter gate", "count gate person 1"]


@pytest.mark.parametrize("fps", [1, 5, 10, 30])
def test_leaving_needs_two_pictures_and_a_moment(fps: float) -> None:
    step = 1 / fps
    told = walk(analytics(), lambda t: 0.48 if t < 4.99 else 0.52, 9, fps)
    (left,) = [h for h in told if h.type == "zone.leave"]
    assert 105.0 + max(step, 0.3) - 1e-6 <= left.time <= 105.0 + 0.6 + 2 * step


def test_dwell_is_told_once_a_stay_by_capture_time() -> None:
    def walked(t: float) -> float:
        return min(max(0.2 + 0.4 * (t - 8), 0.2), 0.7) if t < 12 else max(0.7 - 0.4 * (t - 12), 0.2)

    told = walk(analytics(dwell=5.0), walked, 22)
    assert [h.type for h in told if h.type != "count"] == [
        "zone.enter",
        "zone.dwell",
        "zone.leave",
        "zone.enter",
        "zone.dwell",
    ]
    entered, dwelt = told[0].time, next(h.time for h in told if h.type == "zone.dwell")
    assert dwelt - entered == pytest.approx(5.0, abs=1e-6)


def test_dwell_across_slow_pictures() -> None:
    told = walk(analytics(dwell=5.0), lambda t: 0.2, 9, fps=0.5)
    assert [round(h.time - told[0].time) for h in told if h.type == "zone.dwell"] == [6]


def test_while_hidden_one_stays_where_one_was() -> None:
    """Hidden just before the border, and moving: the foretold place may be outside, but nobody saw that."""
    of = analytics(dwell=3.0)
    told = walk(of, lambda t: 0.25 + 0.1 * t if t < 2.2 else None, 3.5)
    assert brief(told) == ["zone.enter gate", "count gate person 1"]


def test_who_is_lost_inside_leaves_with_the_reason() -> None:
    told = walk(analytics(), lambda t: 0.3 if t < 2 else None, 6)
    assert brief(told)[-2:] == ["zone.leave gate lost", "count gate person 0"]


def test_only_the_zones_labels() -> None:
    of = CameraAnalytics(Camera(zones={"cars": Area(LEFT, None, ["car"]), "all": Area(LEFT, None, [])}), {"m": LABELS})
    told: List[Happening] = []
    rows: Sequence[Row] = [standing(0.2, 0.5), standing(0.4, 0.9, label=1)]
    for time in times(10, 1):
        told += of.update("m", picture(time, rows))
    assert of.counts() == {("all", "person"): 1, ("all", "car"): 1, ("cars", "car"): 1}
    assert sorted(brief(h for h in told if h.type == "zone.enter")) == [
        "zone.enter all", "zone.enter all", "zone.enter cars",
    ]  # fmt: skip


def test_several_zones_at_once_and_counts_of_many() -> None:
    zones = {"left": Area(LEFT), "low": Area([(0, 0.5), (1, 0.5), (1, 1), (0, 1)])}
    of = CameraAnalytics(Camera(zones=zones), {"m": LABELS})
    told: List[Happening] = []
    for time in times(10, 1):
        told += of.update("m", picture(time, [standing(x, y, height=0.1) for x in (0.2, 0.4, 0.8) for y in (0.3, 0.9)]))
    assert of.counts() == {("left", "person"): 4, ("low", "person"): 3}
    counted = [h.count for h in told if h.type == "count" and h.zone == "left"]
    assert counted == sorted(counted, key=lambda n: n or 0) and counted[-1] == 4  # one for a picture that changed it
