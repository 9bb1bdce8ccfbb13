"""Scenes whose truth is known."""

from __future__ import annotations

import math
from typing import List

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.analytics.detections import Detections
from edge.analytics.settings import DEFAULTS, TrackerSettings
from tests.analytics.scenes import Camera, Row, Wanted, follow, picture, standing, times, tracker

RATES = [1, 2, 5, 10, 15, 30]


@pytest.mark.parametrize("fps", RATES)
def test_one_walker_is_one_object(fps: int) -> None:
    """At walking speed, 0.8 of the own height a second; at one picture a second the boxes hardly touch."""
    started, ended, seen = follow(tracker(), times(fps, 8), lambda t: [standing(0.1 + 0.1 * t, 0.6, height=0.13)])
    assert [t.id for t in started] == [1]
    assert ended == []
    assert len(seen[-1][1]) == 1
    assert started[0].velocity == pytest.approx((0.1, 0.0), abs=0.01)
    assert started[0].box == pytest.approx(standing(0.9, 0.6, height=0.13)[:4], abs=0.01)
    assert started[0].age == pytest.approx(8.0)


@pytest.mark.parametrize("fps", RATES)
def test_confirmed_in_the_same_time_at_any_rate(fps: int) -> None:
    _, _, seen = follow(tracker(), times(fps, 3), lambda t: [standing(0.5, 0.5, score=0.6)] if t > 0 else [])
    after = next(t for t, tracks in seen if tracks) - 1 / fps
    assert after == pytest.approx(0.25, abs=0.15) or after == pytest.approx(1 / fps)


@pytest.mark.parametrize("fps", RATES)
def test_lost_after_two_seconds(fps: int) -> None:
    of = tracker()
    follow(of, times(fps, 3), lambda t: [standing(0.5, 0.5)])
    gone = [when for when in times(fps, 4, 103 + 1 / fps) if of.update(picture(when, [])).ended]
    assert gone[0] - 103 == pytest.approx(2.0, abs=1e-6)
    assert of.confirmed == []


@pytest.mark.parametrize("fps", [2, 5, 10, 30])
def test_hidden_for_a_while(fps: int) -> None:
    """Behind a tree for 0.9 s, walking on."""

    def scene(t: float) -> List[Row]:
        return [] if 2.0 < t < 2.9 else [standing(0.2 + 0.08 * t, 0.6)]

    started, ended, _ = follow(tracker(), times(fps, 6), scene)
    assert len(started) == 1 and ended == []


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_crossing_objects_keep_their_identities(fps: int) -> None:
    """They pass each other, a little apart in depth, while their boxes overlap for half a second."""

    def scene(t: float) -> List[Row]:
        return [standing(0.2 + 0.1 * t, 0.60), standing(0.8 - 0.1 * t, 0.63)]

    of = tracker()
    started, _, _ = follow(of, times(fps, 1), scene)
    assert len(started) == 2
    right, left = sorted(started, key=lambda t: t.box[0])
    again, _, _ = follow(of, times(fps, 6)[fps + 1 :], lambda t: scene(t + 1 + 1 / fps))
    assert again == []
    assert right.box[0] == pytest.approx(0.75, abs=0.02) and left.box[0] == pytest.approx(0.15, abs=0.02)


def test_low_scores_carry_on_but_do_not_start() -> None:
    of = tracker(Camera(objects={"person": Wanted(0.5)}))
    started, _, _ = follow(of, times(10, 2), lambda t: [standing(0.5, 0.5, score=0.45)])
    assert started == []
    started, ended, seen = follow(of, times(10, 6, 110), lambda t: [standing(0.5, 0.5, 0.7 if t < 1 else 0.3)])
    assert len(started) == 1 and ended == [] and len(seen[-1][1]) == 1
    assert started[0].score == pytest.approx(0.3) and started[0].best_score == pytest.approx(0.7)


def test_a_high_box_is_taken_before_a_low_one_that_fits_better() -> None:
    of = tracker()
    follow(of, times(10, 1), lambda t: [standing(0.5, 0.5)])
    step = of.update(picture(101.1, [standing(0.5, 0.5, score=0.25), standing(0.51, 0.5, score=0.9)]))
    assert [t.score for t in step.seen] == [pytest.approx(0.9)]


def test_an_object_has_more_right_to_a_box_than_what_is_none_yet() -> None:
    """A second box on the same person for one picture, and then one alone that fits that one better."""
    of = tracker()
    follow(of, times(10, 1), lambda t: [standing(0.5, 0.5)])
    assert of.update(picture(101.1, [standing(0.5, 0.5), standing(0.52, 0.5)])).started == []
    step = of.update(picture(101.2, [standing(0.52, 0.5)]))
    assert [t.id for t in step.seen] == [1]


def test_who_was_just_seen_has_more_right_than_who_was_hidden() -> None:
    """Two stood side by side; the one that is hidden for a second does not take the other's box."""
    of = tracker()
    both = [standing(0.45, 0.5), standing(0.5, 0.5)]
    started, _, _ = follow(of, times(10, 1), lambda t: both)
    right = max(started, key=lambda track: track.box[0])
    follow(of, times(10, 1, 101.1), lambda t: [both[1]])
    step = of.update(picture(102.2, [standing(0.472, 0.5)]))
    assert step.seen == [right]


def test_a_flicker_is_no_object() -> None:
    started, _, _ = follow(
        tracker(), times(10, 20), lambda t: [standing(0.5, 0.5, 0.45)] if round(t * 10) % 20 == 0 else []
    )
    assert started == []


def test_labels_do_not_mix() -> None:
    started, _, seen = follow(
        tracker(), times(10, 3), lambda t: [standing(0.5, 0.5, label=0), standing(0.5, 0.5, label=1)]
    )
    assert sorted(t.label for t in started) == ["car", "person"]
    assert len(seen[-1][1]) == 2


def test_who_walks_out_is_gone_at_once() -> None:
    """The filter says that it is outside now, and nothing is seen: no need to wait, nobody else may take its number."""

    def scene(t: float) -> List[Row]:
        return [standing(0.8 + 0.3 * t, 0.5)] if t < 0.7 else []

    _, ended, _ = follow(tracker(), times(10, 1.6), scene)
    assert [(t.id, why) for t, why in ended] == [(1, "left")]


def test_repeated_and_backward_time_is_left_out() -> None:
    of = tracker()
    follow(of, times(10, 2), lambda t: [standing(0.5, 0.5)])
    for when in (102.0, 101.0, 80.0):
        assert of.update(picture(when, [])) == ([], [], [])
    assert len(of.confirmed) == 1
    assert of.update(picture(102.1, [standing(0.5, 0.5)])).seen == of.confirmed


def test_a_clock_that_is_far_back_begins_anew() -> None:
    of = tracker()
    follow(of, times(10, 2), lambda t: [standing(0.5, 0.5)])
    step = of.update(picture(3.0, [standing(0.5, 0.5)]))
    assert [(e.track.id, e.reason) for e in step.ended] == [(1, "gap")]
    started, _, _ = follow(of, times(10, 1, 3.1), lambda t: [standing(0.5, 0.5)])
    assert [t.id for t in started] == [2]


def test_a_gap_without_pictures_is_not_an_absence() -> None:
    of = tracker()
    follow(of, times(10, 2), lambda t: [standing(0.5, 0.5)])
    step = of.update(picture(125.0, [standing(0.5, 0.5)]))
    assert step.ended == [] and [t.id for t in step.seen] == [1]
    assert of.update(picture(149.0, [])).ended == []  # one picture without it counts for a second at most
    assert of.update(picture(149.5, [])).ended == []
    assert [e.reason for e in of.update(picture(150.0, [])).ended] == ["lost"]


def test_a_very_long_gap_ends_everything() -> None:
    of = tracker()
    follow(of, times(10, 2), lambda t: [standing(0.5, 0.5)])
    step = of.update(picture(102 + DEFAULTS.longest_gap + 0.1, [standing(0.5, 0.5)]))
    assert [e.reason for e in step.ended] == ["gap"] and step.seen == []


def test_no_more_tracks_than_allowed_the_best_first() -> None:
    of = tracker(settings=TrackerSettings(most_tracks=5))
    crowd = [standing(0.05 + 0.1 * i, 0.5, score=0.5 + 0.05 * i, height=0.1) for i in range(9)]
    started, _, _ = follow(of, times(10, 2), lambda t: crowd)
    assert len(started) == 5
    assert sorted(t.score for t in started) == pytest.approx([0.7, 0.75, 0.8, 0.85, 0.9])


def test_a_hopeless_crowd_is_survived() -> None:
    """Hundreds of boxes on top of each other, as a broken model may give them."""
    random = np.random.default_rng(0)
    of = tracker()
    for i in range(3):
        rows = np.tile(np.array(standing(0.5, 0.5), np.float32), (600, 1))
        rows[:, :4] += random.normal(0, 0.01, (600, 4)).astype(np.float32)
        of.update(Detections.from_rows(rows, 1 + i / 10, i, 1000, 1000))
    assert len(of.confirmed) <= DEFAULTS.most_tracks


def test_another_shape_of_picture() -> None:
    of = tracker()
    scene = standing(0.7, 0.5)
    for i in range(10):
        of.update(picture(i / 10, [scene], 640, 480))
    step = of.update(picture(1.0, [scene], 1280, 720))
    assert [t.id for t in step.seen] == [1]
    assert step.seen[0].box == pytest.approx(scene[:4], abs=1e-3)


def test_nothing_is_kept_of_what_ended() -> None:
    of = tracker()
    follow(of, times(5, 4), lambda t: [standing(0.1 + 0.2 * i, 0.5, height=0.15) for i in range(5)])
    follow(of, times(5, 4, 105), lambda t: [])
    assert of.confirmed == [] and of._rows == []


def test_empty_pictures() -> None:
    started, ended, _ = follow(tracker(), times(10, 1), lambda t: [])
    assert (started, ended) == ([], [])


walks = st.lists(
    st.tuples(st.floats(0.1, 0.9), st.floats(0.3, 0.9), st.floats(-0.1, 0.1), st.floats(0.2, 0.9), st.integers(0, 1)),
    max_size=6,
)


def wander(walk: list[tuple[float, float, float, float, int]], t: float) -> List[Row]:
    rows = [standing(x + v * t, y, s + 0.1 * math.sin(9 * t + x), 0.15, c) for x, y, v, s, c in walk]
    return [row for i, row in enumerate(rows) if (round(t * 10) + i) % 7]


@settings(max_examples=40)
@given(walks, st.randoms(use_true_random=False))
def test_the_order_of_the_boxes_does_not_matter(
    walk: list[tuple[float, float, float, float, int]], random: object
) -> None:
    plain, mixed = tracker(), tracker()
    for i in range(25):
        rows = wander(walk, i / 10)
        shuffled = list(rows)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        a, b = plain.update(picture(i / 10, rows)), mixed.update(picture(i / 10, shuffled))
        assert [(t.id, t.label, t.score, t.box) for t in a.seen] == [(t.id, t.label, t.score, t.box) for t in b.seen]
        assert [(e.track.id, e.reason) for e in a.ended] == [(e.track.id, e.reason) for e in b.ended]


@settings(max_examples=40)
@given(walks, st.floats(1, 30))
def test_numbers_rise_and_are_given_once(walk: list[tuple[float, float, float, float, int]], fps: float) -> None:
    of = tracker()
    started, ended, _ = follow(of, times(fps, 4), lambda t: wander(walk, t))
    assert [t.id for t in started] == list(range(1, len(started) + 1))
    assert sorted([t.id for t, _ in ended] + [t.id for t in of.confirmed]) == [t.id for t in started]
