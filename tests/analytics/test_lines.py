"""Lines, through a camera's whole analytics: one person who walks where the test says."""

from __future__ import annotations

from typing import Callable, List, Optional

import pytest

from edge.analytics import CameraAnalytics, Happening
from tests.analytics.scenes import LABELS, Area, Camera, brief, picture, standing, times

DOOR = Area([(0.5, 0.0), (0.5, 1.0)])
SILL = Area([(0.4, 0.4), (0.6, 0.4)])


def walk(
    line: Area,
    x: Callable[[float], Optional[float]],
    seconds: float = 6,
    fps: float = 10,
    y: Callable[[float], float] = lambda t: 0.6,
) -> List[Happening]:
    """What was told of lines while a person walked to x(t), y(t); None: it is not seen."""
    of = CameraAnalytics(Camera(lines={"door": line}), {"m": LABELS})
    told: List[Happening] = []
    for time in times(fps, seconds):
        at = x(time - 100)
        told += of.update("m", picture(time, [] if at is None else [standing(at, y(time - 100), height=0.2)]))
    told += of.flush(200, "end")
    return [h for h in told if h.type == "line.cross"]


@pytest.mark.parametrize("fps", [1, 2, 5, 10, 30])
def test_each_direction(fps: float) -> None:
    (over,) = walk(DOOR, lambda t: 0.2 + 0.1 * t, fps=fps)
    assert (over.line, over.direction) == ("door", "left")
    assert over.object is not None and over.object.id == 1
    assert over.time == pytest.approx(103.2, abs=0.25 + 1 / fps)
    (back,) = walk(DOOR, lambda t: 0.8 - 0.1 * t, fps=fps)
    assert back.direction == "right"


def test_drawn_the_other_way_round() -> None:
    assert brief(walk(Area(DOOR.points[::-1]), lambda t: 0.2 + 0.1 * t)) == ["line.cross door right"]


def test_trembling_on_the_line_is_no_crossing() -> None:
    told = walk(DOOR, lambda t: 0.5 + (0.012 if round(t * 10) % 2 else -0.012), 20)
    assert told == []


def test_over_with_trembling_is_one_crossing() -> None:
    def x(t: float) -> float:
        slow = 0.3 + 0.1 * t if t < 2 else 0.5 if t < 5 else 0.5 + 0.1 * (t - 5)
        return slow + (0.012 if round(t * 10) % 2 else -0.012)

    assert brief(walk(DOOR, x, 8)) == ["line.cross door left"]


def test_over_and_back() -> None:
    told = walk(DOOR, lambda t: 0.3 + 0.1 * t if t < 4 else 1.1 - 0.1 * t, 8)
    assert brief(told) == ["line.cross door left", "line.cross door right"]


def test_round_the_end_of_the_line() -> None:
    """Below the sill to the other side of it: no crossing. Through it: one."""
    assert walk(SILL, lambda t: 0.2 + 0.1 * t, y=lambda t: 0.6) == []
    assert brief(walk(SILL, lambda t: 0.5, y=lambda t: 0.2 + 0.08 * t)) == ["line.cross door right"]


def test_hidden_while_crossing() -> None:
    told = walk(DOOR, lambda t: None if 2.7 < t < 3.4 else 0.2 + 0.1 * t)
    assert brief(told) == ["line.cross door left"]


def test_who_vanishes_right_behind_the_line_has_crossed_it() -> None:
    told = walk(DOOR, lambda t: 0.25 + 0.1 * t if t < 2.65 else None, 8)
    assert brief(told) == ["line.cross door left"]


def test_only_the_lines_labels() -> None:
    assert walk(Area(DOOR.points, objects=["car"]), lambda t: 0.2 + 0.1 * t) == []


def test_standing_just_behind_is_told_when_it_goes_on() -> None:
    told = walk(DOOR, lambda t: min(0.3 + 0.1 * t, 0.51) if t < 6 else 0.51 + 0.1 * (t - 6), 9)
    assert brief(told) == ["line.cross door left"]
    assert told[0].time > 106
