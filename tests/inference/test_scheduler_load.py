"""The scheduler with up to 256 cameras and 8 lanes, and lanes whose times are random: in simulated time."""

from __future__ import annotations

import random
from typing import Dict, List, Tuple

import pytest

from tests.inference.simulation import Simulation, fair_shares, noisy

WEIGHTS = (0.25, 0.5, 1.0, 1.0, 1.0, 2.0, 4.0)
SECONDS = 12.0


class Site:
    """``lanes`` models of one lane each with noisy times, and cameras that wish ``load`` times what these can do."""

    def __init__(self, seed: int, cameras: int, lanes: int, batch: int, load: float) -> None:
        rng = random.Random(seed)
        self.sim = Simulation(answer_s=lambda: rng.uniform(0.0005, 0.005))
        first, more = rng.uniform(0.004, 0.01), rng.uniform(0.001, 0.004)
        self.lanes = {n: self.sim.add_model(n, [noisy(rng, first, more)], batch)[0] for n in range(1, lanes + 1)}
        self.capacity = batch / (first + more * batch)
        self.wishes: Dict[int, float] = {}
        self.weights: Dict[int, float] = {}
        self.at: Dict[int, int] = {}
        for number in range(1, cameras + 1):
            self.at[number] = (number - 1) % lanes + 1
            self.wishes[number] = rng.choice((1.0, 2.0, 5.0, 10.0))
            self.weights[number] = rng.choice(WEIGHTS)
        for lane in self.lanes:
            wished = sum(self.of(lane).values())
            for number in self.of(lane):
                self.wishes[number] *= load * self.capacity / wished
        for number, fps in self.wishes.items():
            self.sim.add_camera(number, fps, (self.at[number],), source_fps=60.0, weight=self.weights[number])

    def of(self, lane: int) -> Dict[int, float]:
        return {number: self.wishes[number] for number in self.wishes if self.at[number] == lane}

    def run(self) -> Dict[int, float]:
        """Each camera's rate, once it has settled."""
        self.sim.run(5.0)
        for lane in self.lanes.values():
            lane.busy_s = 0.0
        for camera in self.sim.cameras.values():
            del camera.ages[:]
        self.sim.run(SECONDS)
        return {number: self.sim.rates(SECONDS, self.at[number])[number] for number in self.wishes}


@pytest.mark.parametrize(
    ("cameras", "lanes", "batch"), [(12, 1, 1), (48, 2, 4), (64, 8, 1), (256, 8, 1), (256, 8, 4), (256, 1, 8)]
)
def test_at_saturation_lanes_are_busy_shares_fair_and_nobody_starves(cameras: int, lanes: int, batch: int) -> None:
    site = Site(cameras + lanes + batch, cameras, lanes, batch, load=2.0)
    rates = site.run()
    for number, lane in site.lanes.items():
        assert lane.busy_s / SECONDS >= 0.97, "the device is kept busy"
        assert sum(lane.sizes[-50:]) >= 0.9 * batch * 50, "with full batches"
        of_lane = site.of(number)
        shares = fair_shares(of_lane, sum(rates[camera] for camera in of_lane), site.weights)
        served: List[float] = []
        for camera, share in shares.items():
            assert rates[camera] <= site.wishes[camera] + 2 / SECONDS, "never more than was wished"
            assert rates[camera] >= 0.7 * share - 2 / SECONDS, "and nobody starves"
            served.append(rates[camera] / share)
        assert sum(served) ** 2 / (len(served) * sum(s * s for s in served)) >= 0.97, "Jain's index of the shares had"
    oldest = max(max(camera.ages) for camera in site.sim.cameras.values() if camera.ages)
    assert oldest <= 0.25, "what is computed is young"
    assert sum(camera.budget.expired for camera in site.sim.cameras.values()) == 0
    assert site.sim.scheduler.limits(site.sim.now), "and who is limited is told"


@pytest.mark.parametrize(("cameras", "lanes", "batch"), [(24, 1, 4), (256, 8, 1), (256, 8, 4)])
def test_where_the_lanes_can_do_it_every_wish_is_met(cameras: int, lanes: int, batch: int) -> None:
    site = Site(cameras, cameras, lanes, batch, load=0.75)
    rates = site.run()
    site.sim.scheduler.limits(site.sim.now)
    site.sim.run(5.0)
    for camera, fps in site.wishes.items():
        assert rates[camera] == pytest.approx(fps, rel=0.02, abs=2 / SECONDS)
    assert site.sim.scheduler.limits(site.sim.now) == {}


def test_weight_priority_and_boost_decide_the_shares_and_small_wishes_are_met_first() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.05)  # 20 pictures/s
    for number, (fps, weight) in enumerate([(30, 4.0), (30, 1.0), (30, 1.0), (30, 0.25), (1, 1.0), (2, 1.0)], 1):
        sim.add_camera(number, fps, weight=weight, source_fps=60)
    sim.run(60)
    rates = sim.rates(50)
    assert rates[5] == pytest.approx(1, rel=0.05) and rates[6] == pytest.approx(2, rel=0.05), "less than their shares"
    level = (20 - rates[5] - rates[6]) / 6.25
    for number, weight in ((1, 4.0), (2, 1.0), (3, 1.0), (4, 0.25)):
        assert rates[number] == pytest.approx(level * weight, rel=0.15, abs=0.1), rates
    sim.scheduler.add(2, 30, (1,), sim.now, weight=1.0, boost=True)
    sim.run(60)
    rates = sim.rates(50)
    assert rates[2] == pytest.approx(2 * rates[3], rel=0.15), "something is tracked there"


def test_of_two_that_are_due_at_once_priority_comes_first() -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.01)
    for number, priority in ((1, -1), (2, 0), (3, 1)):
        sim.scheduler.add(number, 5.0, (1,), sim.now, 1.0, priority)
    given = sim.scheduler.grants(sim.now, {1: 0}, {1: 8})
    assert [grant.camera for grant in given] == [3, 2, 1]


def test_a_credit_that_waits_for_motion_holds_no_room() -> None:
    def rate(quiet: int) -> float:
        sim = Simulation()
        sim.add_lane(1, seconds=0.02)
        for number in range(1, 5):
            sim.add_camera(number, 20, source_fps=60)
        for number in range(5, 5 + quiet):
            sim.add_camera(number, 20, answers=False)
        sim.run(20)
        return sum(sim.rates(15).values())

    assert rate(100) >= 0.98 * rate(0)


@pytest.mark.parametrize("seconds", [(0.01, 0.01), (0.01, 0.03), (0.008, 0.02, 0.02), (0.005, 0.08)])
def test_lanes_of_one_model_share_the_work_by_what_they_can_do(seconds: Tuple[float, ...]) -> None:
    rng = random.Random(len(seconds))
    sim = Simulation()
    lanes = sim.add_model(1, [noisy(rng, s / 2, s / 2) for s in seconds], batch=4)
    for number in range(1, 41):
        sim.add_camera(number, 30, source_fps=60)
    sim.run(2)
    for lane in lanes:
        lane.busy_s = 0.0
    sim.run(SECONDS)
    assert all(lane.busy_s / SECONDS >= 0.97 for lane in lanes), [lane.busy_s / SECONDS for lane in lanes]
    capacity = sum(4 / (2.5 * s) for s in seconds)
    assert sum(sim.rates(SECONDS).values()) >= 0.95 * capacity


def test_a_little_work_goes_to_the_faster_lane() -> None:
    sim = Simulation()
    fast, slow = sim.add_model(1, [lambda _: 0.01, lambda _: 0.1])
    sim.add_camera(1, 10, source_fps=60)
    sim.run(20)
    assert len(slow.sizes) <= 2 < 150 < len(fast.sizes), "once is enough to know"


# ---- pictures that are too old -------------------------------------------------------------------------------------


def test_a_picture_that_waited_for_too_long_gives_way_to_a_newer_one() -> None:
    rng = random.Random(5)
    sim = Simulation()
    sim.add_model(1, [lambda _: rng.choice((0.02, 0.02, 0.02, 0.6))])
    cameras = [sim.add_camera(number, 10, source_fps=25, budget=0.25) for number in range(1, 7)]
    sim.run(120)
    for camera in cameras:
        assert camera.budget.expired > 0
        # A picture that has seen so much may wait a little longer than its budget only in a slot.
        assert max(camera.ages) <= 0.25 + 1e-6
        assert len(camera.analysed[1]) >= 0.6 * 120 / 0.165 / len(cameras), "the lane is not the worse for it"


@pytest.mark.parametrize("late_s", [0.1, 0.9, 1.5, 30.0])
def test_pictures_that_are_old_when_they_come_are_computed_all_the_same(late_s: float) -> None:
    sim = Simulation()
    sim.add_lane(1, seconds=0.05)
    for number in range(1, 7):
        sim.add_camera(number, 5, source_fps=25, late_s=late_s)
    sim.run(60)
    assert sum(camera.budget.expired for camera in sim.cameras.values()) <= 6
    assert sum(sim.rates(50).values()) >= 0.97 * 20
