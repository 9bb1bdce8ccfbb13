"""The scheduler in simulated time: wished rates, fair shares, and nobody who is in another's way."""

from __future__ import annotations

from typing import Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.inference.scheduling.scheduler import Grant, Scheduler
from tests.inference.simulation import Simulation, fair_shares

FPS = st.sampled_from([0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 12.5, 15.0, 25.0, 30.0])


# ---- with room for all ---------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(FPS, min_size=1, max_size=8))
def test_every_camera_gets_its_wished_rate_where_there_is_room(wishes: List[float]) -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.5 / sum(wishes))
    for number, fps in enumerate(wishes, 1):
        sim.add_camera(number, fps, source_fps=30.0 if fps <= 15 else 0.0)
    sim.run(100)
    for number, rate in sim.rates(98).items():
        assert rate == pytest.approx(wishes[number - 1], rel=0.02), (number, wishes)
    assert sum(sim.scheduler.missed().values()) == 0


def test_a_camera_slower_than_its_wish_gives_all_it_has() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.01)
    sim.add_camera(1, fps=10, source_fps=4)
    sim.run(60)
    assert sim.rates(50)[1] == pytest.approx(4, rel=0.02)
    assert sim.scheduler.missed() == {1: 0}, "no turn was lost to a lane"


def test_pictures_are_spread_evenly() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.01)
    camera = sim.add_camera(1, fps=5, source_fps=30)
    sim.run(60)
    gaps = [b - a for a, b in zip(camera.arrivals, camera.arrivals[1:])]
    assert min(gaps) > 0.2 - 1 / 30 - 0.001
    assert max(gaps) < 0.2 + 1 / 30 + 0.001


# ---- with more wished than there is --------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(FPS, min_size=2, max_size=8), st.floats(0.1, 0.9), st.sampled_from([1, 4]))
def test_shares_are_fair_under_saturation(wishes: List[float], served: float, batch: int) -> None:
    capacity = sum(wishes) * served
    sim = Simulation()
    sim.add_lane(1, seconds=batch / capacity, batch=batch)
    for number, fps in enumerate(wishes, 1):
        sim.add_camera(number, fps)
    # Long enough for the rarest to have had twenty turns, so that one more or less is no matter.
    seconds = max(60.0, 20 * len(wishes) / capacity)
    sim.run(seconds)
    rates = sim.rates(seconds * 0.9)
    if batch == 1:  # a larger one is not always full
        assert sum(rates.values()) >= 0.93 * capacity, "the lane is kept busy"
    # A camera with both its pictures in one batch has more of that batch than its share, and less of the next.
    tolerance = 0.1 if batch == 1 else 0.35
    level = max(fair_shares(dict(enumerate(wishes, 1)), sum(rates.values())).values())
    for number, share in fair_shares(dict(enumerate(wishes, 1)), sum(rates.values())).items():
        assert rates[number] >= (1 - tolerance) * share - 2 / seconds, (number, wishes, rates, share)
        assert rates[number] <= (1 + tolerance) * level + 2 / seconds, (number, wishes, rates, share)


def test_cameras_of_equal_wishes_are_served_equally_often_and_in_turn() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.1)
    for number in range(1, 6):
        sim.add_camera(number, fps=30)
    sim.run(100)
    counts = [len(camera.analysed[1]) for camera in sim.cameras.values()]
    assert max(counts) - min(counts) <= 2
    for camera in sim.cameras.values():
        gaps = [b - a for a, b in zip(camera.analysed[1][5:], camera.analysed[1][6:])]
        assert max(gaps) <= 0.7, "nobody waits for much more than a round of the five"


def test_nothing_grows_old_in_a_queue() -> None:
    sim = Simulation()
    lane = sim.add_lane(1, seconds=0.1)
    for number in range(1, 9):
        sim.add_camera(number, fps=30)
    sim.run(5)
    lane.longest_queue = 0
    sim.run(60)
    assert lane.longest_queue <= 3, "a batch, and what comes while an answer is on its way"


def test_missed_turns_are_counted() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.1)
    for number in (1, 2, 3, 4):
        sim.add_camera(number, fps=5)
    sim.run(100)
    missed, had = sim.scheduler.missed(), {n: len(c.credit_times) for n, c in sim.cameras.items()}
    for number in sim.cameras:
        # 5 turns a second were wished; each was had or missed.
        assert had[number] + missed[number] == pytest.approx(500, abs=4), (had, missed)


@settings(max_examples=25, deadline=None)
@given(st.lists(FPS, min_size=1, max_size=5), st.floats(0.2, 3.0))
def test_missed_turns_and_served_ones_add_up(wishes: List[float], served: float) -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=1 / (sum(wishes) * served))
    for number, fps in enumerate(wishes, 1):
        sim.add_camera(number, fps, budget=1000.0)  # none of them is too old
    sim.run(60)
    for number, fps in enumerate(wishes, 1):
        had = len(sim.cameras[number].credit_times)
        total = had + sim.scheduler.missed()[number]
        waits = 2 + 1.5 * 60 * fps / max(had, 1)  # the turns of the wait that goes on are not counted yet
        assert total == pytest.approx(60 * fps, rel=0.03, abs=waits), (wishes, served, had)


# ---- several lanes -------------------------------------------------------------------------------------------------


def test_a_camera_of_two_busy_lanes_does_not_starve_beside_cameras_of_one() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.1)
    sim.add_lane(2, seconds=0.13)
    sim.add_camera(1, fps=30, models=(1, 2))
    for number in range(2, 6):
        sim.add_camera(number, fps=30, models=(1,))
    for number in range(6, 10):
        sim.add_camera(number, fps=30, models=(2,))
    sim.run(100)
    fair = 1 / 0.13 / 5  # of the slower of its lanes
    assert sim.rates(90, model=1)[1] == sim.rates(90, model=2)[1]
    assert sim.rates(90, model=1)[1] >= 0.6 * fair
    for lane, seconds in ((1, 0.1), (2, 0.13)):
        assert sum(sim.rates(90, lane).values()) >= 0.9 / seconds, "and the lanes are kept busy all the same"


def test_cameras_that_wait_for_a_slow_lane_leave_the_fast_one_to_others() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.005)
    sim.add_lane(2, seconds=1.0)
    for number in range(1, 9):
        sim.add_camera(number, fps=5, models=(1, 2))
    sim.add_camera(9, fps=10, models=(1,), source_fps=30)
    sim.run(60)
    assert sim.rates(50)[9] == pytest.approx(10, rel=0.05)
    assert sum(sim.rates(50, model=2).values()) >= 0.9


def test_a_lane_that_is_gone_holds_up_nobody_and_one_that_loads_is_waited_for() -> None:
    scheduler = Scheduler()
    scheduler.add(1, 5.0, (1, 2), now=0.0)
    assert scheduler.grants(0.0, {1: 0, 2: 0}, {1: 2, 2: 0}) == [], "lane 2 is not ready yet"
    assert scheduler.grants(0.0, {1: 0}, {1: 2}) == [Grant(1, True)], "lane 2 has failed: lane 1 goes on"
    scheduler.arrived(1, 0.0)
    scheduler.released(1, 0.0)
    assert scheduler.grants(10.0, {}, {}) == [], "nobody is left to look at a picture"


# ---- the rules of the slots ----------------------------------------------------------------------------------------


def test_one_credit_at_a_time_and_none_while_both_slots_are_held() -> None:
    scheduler = Scheduler()
    scheduler.add(1, 10.0, (1,), now=0.0)
    lane = {1: 0}
    assert scheduler.grants(0.0, lane, {1: 8}) == [Grant(1, True)]
    assert scheduler.grants(5.0, lane, {1: 8}) == [], "the first was not answered"
    scheduler.arrived(1, 0.0)
    assert len(scheduler.grants(5.0, lane, {1: 8})) == 1, "one slot is held, the other is free"
    scheduler.arrived(1, 0.0)
    assert scheduler.grants(9.0, lane, {1: 8}) == [], "both are held"
    scheduler.released(1, 0.0)
    assert len(scheduler.grants(9.0, lane, {1: 8})) == 1


# (The simulation's cameras assert these two rules at every credit.)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(FPS, st.sampled_from([(1,), (2,), (1, 2)])), min_size=1, max_size=6),
    st.floats(0.001, 0.3),
    st.floats(0.001, 0.3),
)
def test_no_camera_starves_whatever_the_lanes(cameras: List[tuple], first: float, second: float) -> None:
    sim = Simulation()
    sim.add_lane(1, first)
    sim.add_lane(2, second)
    for number, (fps, lanes) in enumerate(cameras, 1):
        sim.add_camera(number, fps, lanes)
    sim.run(60)
    for number, (fps, lanes) in enumerate(cameras, 1):
        slowest = max({1: first, 2: second}[lane] for lane in lanes)
        least = min(fps, 1 / slowest / len(cameras))
        camera = sim.cameras[number]
        assert len(camera.analysed[lanes[0]]) >= 0.5 * 60 * least - 3, (number, cameras, first, second)


def test_a_camera_that_never_answers_does_not_hinder_the_others() -> None:
    def rates(stuck: bool, seconds: float) -> Dict[int, float]:
        sim = Simulation()
        sim.add_lane(1, seconds)
        for number in (1, 2, 3):
            sim.add_camera(number, fps=10, source_fps=30)
        if stuck:
            for number in (4, 5):
                sim.add_camera(number, fps=30, answers=False)
        sim.run(60)
        return {n: r for n, r in sim.rates(50).items() if n <= 3}

    for number, rate in rates(True, 0.01).items():
        assert rate == pytest.approx(10, rel=0.02), number
    assert sum(rates(True, 0.1).values()) == pytest.approx(sum(rates(False, 0.1).values()), rel=0.03)


def test_nothing_is_made_up_for_after_a_pause() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.001)
    camera = sim.add_camera(1, fps=5)
    sim.run(10)
    sim.pause(30)
    resumed = sim.now
    sim.run(10)
    after = [t for t in camera.credit_times if t >= resumed]
    assert len([t for t in after if t < resumed + 0.1]) <= 2, "one turn was due, and one is in hand"
    assert len(after) <= 10 * 5 + 2


def test_a_camera_that_was_stuck_for_a_while_gets_no_burst() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.001)
    camera = sim.add_camera(1, fps=5, answers=False)
    sim.run(30)
    camera.answers = True
    camera.send(sim.now)
    freed = sim.now
    sim.run(4)
    assert len([t for t in camera.credit_times if t >= freed]) <= 4 * 5 + 2


# ---- coming, going, changing ---------------------------------------------------------------------------------------


def test_a_camera_that_is_removed_gets_no_credit_and_holds_nothing() -> None:
    scheduler = Scheduler()
    scheduler.add(1, 5.0, (1,), now=0.0)
    scheduler.remove(1)
    scheduler.remove(1)
    scheduler.arrived(1, 0.0)
    scheduler.released(1, 0.0)
    assert scheduler.grants(9.0, {1: 0}, {1: 2}) == []
    assert scheduler.next_due(9.0) is None
    assert scheduler.missed() == {}


def test_a_camera_without_lanes_is_never_asked() -> None:
    scheduler = Scheduler()
    scheduler.add(1, 5.0, (), now=0.0)
    assert scheduler.grants(1.0, {}, {}) == []
    assert scheduler.next_due(0.0) is None


def test_another_rate_is_kept_from_then_on_and_the_credit_stays() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.001)
    camera = sim.add_camera(1, fps=0.5)
    sim.run(20)
    sim.scheduler.add(1, 20.0, (1,), sim.now)
    sim.run(20)
    assert sim.rates(19)[1] == pytest.approx(20, rel=0.03)
    sim.scheduler.add(1, 1.0, (1,), sim.now)
    sim.run(20)
    assert sim.rates(18)[1] == pytest.approx(1, abs=0.1)
    stuck = sim.add_camera(2, fps=5, answers=False)
    sim.run(5)
    sim.scheduler.add(2, 10.0, (1,), sim.now)
    sim.run(5)
    assert len(stuck.credit_times) == 1, "it has the credit that it was given"
    assert camera.credits <= 1


def test_the_next_turn_is_known_and_no_turn_is_waited_for_in_vain() -> None:
    scheduler = Scheduler()
    assert scheduler.next_due(0.0) is None
    scheduler.add(1, 4.0, (1,), now=0.0)
    scheduler.add(2, 2.0, (1,), now=0.1)
    scheduler.grants(0.1, {1: 0}, {1: 4})
    assert scheduler.next_due(0.1) is None, "both wait for an answer, not for time"
    scheduler.arrived(1, 0.0)
    scheduler.released(1, 0.0)
    assert scheduler.next_due(0.1) == pytest.approx(0.15)
    # What is due and has no room waits for a lane, which makes itself heard: time does not help.
    assert scheduler.grants(0.3, {1: 4}, {1: 4}) == []
    assert scheduler.next_due(0.3) is None
