"""A camera's analytics as the daemon uses it."""

from __future__ import annotations

import itertools
from typing import Dict, List, Set, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.analytics import CameraAnalytics, Happening, floor_scores
from edge.analytics.start_rules import UNWANTED
from edge.config import CameraConfig
from tests.analytics.scenes import LABELS, Area, Camera, Row, Wanted, brief, picture, standing, times

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
RIGHT = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
MODELS = {"m": LABELS}


def feed(of: CameraAnalytics, rows: List[Row], seconds: float, start: float, model: str = "m") -> List[Happening]:
    return [h for time in times(10, seconds, start) for h in of.update(model, picture(time, rows))]


def test_with_the_real_configuration() -> None:
    camera = CameraConfig.model_validate(
        {
            "source": "test://",
            "objects": {"person": {"min_score": 0.5}},
            "zones": {"gate": {"points": LEFT, "dwell": 2.0, "objects": ["person"]}},
            "lines": {"door": {"points": [[0.5, 0.0], [0.5, 1.0]]}},
        }
    )
    assert floor_scores(LABELS, camera, 0.4) == pytest.approx([0.2, UNWANTED])
    of = CameraAnalytics(camera, MODELS)
    assert of.counts() == {("gate", "person"): 0}
    told: List[Happening] = []
    for time in times(10, 8):
        x = 0.2 + 0.1 * max(time - 104, 0)
        told += of.update("m", picture(time, [standing(x, 0.6, height=0.1), standing(0.3, 0.9, label=1)]))
    assert [words for words in brief(told) if words != "object.update"] == [
        "object.start",
        "zone.enter gate",
        "count gate person 1",
        "zone.dwell gate",
        "line.cross door left",
        "zone.leave gate",
        "count gate person 0",
    ]
    assert of.objects() == 1


def test_the_start_names_the_zones_it_starts_in() -> None:
    told = feed(CameraAnalytics(Camera(zones={"gate": Area(LEFT)}), MODELS), [standing(0.2, 0.6)], 1, 100)
    assert [h.type for h in told] == ["object.start", "zone.enter", "count"]
    assert told[0].object is not None and told[0].object.zones == ("gate",)


def test_two_models_of_one_camera() -> None:
    of = CameraAnalytics(Camera(zones={"gate": Area(LEFT)}), {"m": LABELS, "faces": ["face", "person"]})
    told = feed(of, [standing(0.2, 0.6)], 1, 100)
    told += feed(of, [standing(0.3, 0.6, 0.9), standing(0.4, 0.6, label=1)], 1, 100.05, "faces")
    starts = [h for h in told if h.type == "object.start"]
    assert [(h.model, h.object.label, h.object.id) for h in starts if h.object] == [
        ("m", "person", 1), ("faces", "face", 2), ("faces", "person", 3),
    ]  # fmt: skip
    assert of.counts() == {("gate", "person"): 2, ("gate", "face"): 1}
    assert of.objects() == 3


def test_a_model_that_the_camera_does_not_have_says_nothing() -> None:
    assert feed(CameraAnalytics(Camera(), MODELS), [standing(0.2, 0.6)], 1, 100, "gone") == []


def test_the_models_own_score() -> None:
    of = CameraAnalytics(Camera(objects={"person": Wanted()}), MODELS, min_scores={"m": 0.7})
    assert feed(of, [standing(0.2, 0.6, score=0.65)], 1, 100) == []
    assert len(feed(of, [standing(0.2, 0.6, score=0.75)], 1, 102)) == 1


def test_flush_ends_everything() -> None:
    camera = Camera(zones={"gate": Area(LEFT)}, lines={"door": Area([(0.21, 0.0), (0.21, 1.0)])})
    of = CameraAnalytics(camera, MODELS)
    feed(of, [standing(0.2, 0.6, 0.9), standing(0.8, 0.6)], 1, 100)
    feed(of, [standing(0.22, 0.6, 0.9), standing(0.8, 0.6)], 1, 101.1)
    assert brief(of.flush(103, "camera")) == [
        "line.cross door left",
        "zone.leave gate camera",
        "object.end camera",
        "object.end camera",
        "count gate person 0",
    ]
    assert of.flush(104, "camera") == [] and of.objects() == 0
    again = feed(of, [standing(0.2, 0.6)], 1, 105)
    assert again[0].object is not None and again[0].object.id == 3


def test_numbers_go_on_when_a_camera_is_built_anew() -> None:
    numbers = itertools.count(1)
    for expected in (1, 2):
        of = CameraAnalytics(Camera(), MODELS, ids=numbers)
        told = feed(of, [standing(0.2, 0.6)], 1, 100)
        assert told[0].object is not None and told[0].object.id == expected


def test_new_zones_and_lines_keep_the_tracks() -> None:
    of = CameraAnalytics(Camera(zones={"old": Area(LEFT), "same": Area(LEFT)}), MODELS)
    feed(of, [standing(0.2, 0.6)], 1, 100)
    told = of.update_config(Camera(zones={"same": Area(LEFT), "new": Area(LEFT)}, lines={"door": Area(LEFT[:2])}))
    assert brief(told) == ["zone.leave old config", "count old person 0"]
    assert of.counts() == {("same", "person"): 1}
    assert brief(feed(of, [standing(0.2, 0.6)], 0.5, 101.1)) == [
        "zone.enter new",
        "object.update",
        "count new person 1",
    ]
    assert of.objects() == 1


def test_a_zone_that_was_moved_away() -> None:
    of = CameraAnalytics(Camera(zones={"gate": Area(LEFT)}), MODELS)
    feed(of, [standing(0.2, 0.6)], 1, 100)
    assert of.update_config(Camera(zones={"gate": Area(RIGHT)})) == []
    assert brief(feed(of, [standing(0.2, 0.6)], 0.8, 101.1)) == [
        "zone.leave gate",
        "object.update",
        "count gate person 0",
    ]
    assert of.counts() == {("gate", "person"): 0}


def test_a_label_that_is_not_wanted_any_more() -> None:
    of = CameraAnalytics(Camera(zones={"gate": Area(LEFT)}), MODELS)
    feed(of, [standing(0.2, 0.6), standing(0.3, 0.6, label=1)], 1, 100)
    told = of.update_config(Camera(objects={"car": Wanted()}, zones={"gate": Area(LEFT, None, ["person"])}))
    assert brief(told) == [
        "zone.leave gate config",
        "object.end config",
        "zone.leave gate config",
        "count gate car 0",
        "count gate person 0",
    ]
    told = feed(of, [standing(0.2, 0.6), standing(0.3, 0.6, label=1)], 3, 101.1)
    assert brief(told) == ["object.update"]  # the car's zones are others
    assert of.objects() == 1


def test_a_new_threshold() -> None:
    of = CameraAnalytics(Camera(), MODELS)
    of.update_config(Camera(objects={"person": Wanted(0.9)}))
    assert feed(of, [standing(0.2, 0.6, score=0.8)], 1, 100) == []


walks = st.lists(
    st.tuples(st.floats(0.1, 0.9), st.floats(0.3, 0.9), st.floats(-0.3, 0.3), st.integers(0, 1), st.integers(5, 40)),
    max_size=6,
)


@settings(max_examples=60)
@given(walks, st.sampled_from([1, 3, 10]))
def test_enter_and_leave_alternate_and_counts_are_those_inside(
    walk: list[tuple[float, float, float, int, int]], fps: int
) -> None:
    """Whatever walks about, also out of the picture and out of sight: the events alone tell who is where."""
    of = CameraAnalytics(
        Camera(zones={"left": Area(LEFT), "right": Area(RIGHT)}, lines={"door": Area(LEFT[1:3])}), MODELS
    )
    alive: Set[int] = set()
    ever: Set[int] = set()
    inside: Set[Tuple[str, int]] = set()
    labels: Dict[int, str] = {}
    counted: Dict[Tuple[str, str], int] = {}

    def take(told: List[Happening]) -> None:
        for h in told:
            if h.type == "count":
                assert h.zone and h.label and h.count is not None
                assert counted.get((h.zone, h.label), 0) != h.count
                counted[h.zone, h.label] = h.count
                continue
            assert h.object is not None
            number = h.object.id
            if h.type == "object.start":
                assert number not in ever
                ever.add(number)
                alive.add(number)
                labels[number] = h.object.label
            assert number in alive, h
            if h.type == "zone.enter":
                assert (h.zone, number) not in inside
                inside.add((h.zone or "", number))
            elif h.type == "zone.leave":
                inside.remove((h.zone or "", number))
            elif h.type == "object.end":
                assert number not in {n for _, n in inside}
                alive.remove(number)
        for zone, label in {*counted, *((z, labels[n]) for z, n in inside)}:
            assert counted.get((zone, label), 0) == sum(z == zone and labels[n] == label for z, n in inside)
        assert of.objects() == len(alive)

    for time in times(fps, 6):
        t = time - 100
        rows = [
            standing(0.5 + (x - 0.5 + v * t), y, 0.7, 0.15, c) for x, y, v, c, pause in walk if round(t * 10) % pause
        ]
        take(of.update("m", picture(time, rows)))
    take(of.flush(200, "end"))
    assert alive == set() and inside == set() and not any(counted.values())
