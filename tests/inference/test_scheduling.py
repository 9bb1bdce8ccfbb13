"""The pure decisions: when a batch is begun and how large, which lane takes a picture, which picture is too old."""

from __future__ import annotations

from typing import Dict, List

import pytest

from edge.inference.scheduling.balance import Load, soonest
from edge.inference.scheduling.budget import Budget
from edge.inference.scheduling.service import ServiceTimes
from edge.inference.scheduling.window import LONGEST_S, Open, hold_s, places

MS = 0.001


def times(most: int, seconds: Dict[int, float]) -> ServiceTimes:
    found = ServiceTimes(most)
    for count, took in seconds.items():
        for _ in range(5):
            found.observe(count, took)
    return found


#: A GPU: a batch of four takes hardly longer than one picture. And a processor: each picture takes as long as any.
GPU = times(4, {1: 0.010, 2: 0.011, 3: 0.012, 4: 0.013})
CPU = times(4, {1: 0.010, 2: 0.020, 3: 0.030, 4: 0.041})


# ---- the window ----------------------------------------------------------------------------------------------------


def batch(waiting: int = 1, gap: float = 0.005, left: float = 0, prepare: float = 0.001, allowed: float = 0.1) -> Open:
    return Open(waiting, 4, gap, left, prepare, allowed)


def test_a_full_batch_is_begun_and_one_whose_pictures_have_waited_enough() -> None:
    assert hold_s(batch(waiting=4, left=0.05), GPU) == 0
    assert hold_s(batch(allowed=0.0, left=0.05), GPU) == 0
    assert hold_s(batch(allowed=-1.0, left=0.05), GPU) == 0


def test_while_the_device_runs_waiting_is_free_until_the_batch_has_to_be_prepared() -> None:
    hold = hold_s(batch(left=0.02), GPU)
    assert 0.010 < hold < 0.02 - 0.001
    assert hold_s(batch(left=0.02, prepare=0.03), GPU) == 0, "preparing takes longer than that"
    assert hold_s(batch(left=5.0, allowed=0.08), GPU) == 0.08, "and nobody waits longer than it may"


def test_a_resting_device_waits_only_where_pictures_come_faster_than_it_would_serve_them() -> None:
    assert hold_s(batch(gap=0.05), GPU) == 0, "one by one is fast enough"
    assert 0.002 <= hold_s(batch(gap=0.002), GPU) <= 0.005, "the next is near, and costs a millisecond more"
    assert hold_s(batch(gap=0.0), GPU) == 0, "nothing is known of what comes"
    assert hold_s(batch(gap=0.002), ServiceTimes(4)) == 0, "nor of the device"


def test_a_device_to_which_batches_bring_nothing_does_not_wait() -> None:
    for left in (0.0, 0.02):
        assert hold_s(batch(gap=0.002, left=left), CPU) == 0
    assert CPU.best() == 1 and CPU.take(3) == 1, "one after the other, the first is done sooner"
    assert CPU.take(4) == 4, "a backlog is less work in batches"


def test_what_may_wait_is_a_batch_and_what_comes_while_an_answer_is_on_its_way() -> None:
    assert places(4, 0.0, 0.01, 1.0) == 16, "nothing was measured"
    assert places(4, 0.010, 0.001, 1.0) == 5
    assert places(1, 0.001, 0.005, 1.0) == 12
    assert places(8, 0.050, 0.001, 1.0) == 5, "a quarter of the budget"
    assert places(1, 3.0, 0.001, 1.0) == 1
    assert LONGEST_S <= 0.1


# ---- what a run takes ----------------------------------------------------------------------------------------------


def test_times_of_sizes_that_were_not_measured_lie_between_those_that_were() -> None:
    some = times(8, {2: 0.010, 6: 0.018})
    assert some.expect(1) == pytest.approx(0.010)
    assert some.expect(4) == pytest.approx(0.014)
    assert some.expect(8) == pytest.approx(0.024), "each picture as long as in the largest"
    assert ServiceTimes(8).expect(3) == 0
    assert some.span(14) == pytest.approx(2 * 0.018 + 0.010)


def test_every_size_is_tried_and_then_the_best_is_taken() -> None:
    found, sizes = ServiceTimes(8), []  # type: ServiceTimes, List[int]
    for _ in range(100):
        sizes.append(found.take(20))
        found.observe(sizes[-1], 0.002 + 0.001 * sizes[-1] + (0.02 if sizes[-1] == 8 else 0.0))
    assert set(sizes[:20]) == {8, 4, 2, 1}
    assert sizes[30:] == [4] * 70, "a device may have a size at which it is slow"


def test_a_device_that_becomes_another_is_learned_anew() -> None:
    found = times(8, {8: 0.01, 4: 0.01, 2: 0.01, 1: 0.01})
    assert found.take(20) == 8
    last: List[int] = []
    for _ in range(2000):
        last.append(found.take(20))
        found.observe(last[-1], 0.01 if last[-1] < 8 else 0.04)
    assert max(last[-50:], key=last[-50:].count) == 4


# ---- which lane ----------------------------------------------------------------------------------------------------


def lane(waiting: int, left: float, took: float, room: int = 8) -> Load:
    return Load(waiting, room, left, times(1, {1: took}) if took else ServiceTimes(1))


@pytest.mark.parametrize(
    ("lanes", "chosen"),
    [
        ([lane(0, 0.0, 0.010), lane(0, 0.0, 0.040)], 0),
        ([lane(2, 0.005, 0.010), lane(0, 0.0, 0.040)], 0),
        ([lane(4, 0.005, 0.010), lane(0, 0.0, 0.040)], 1),
        ([lane(0, 0.039, 0.040), lane(0, 0.001, 0.040)], 1),
        ([lane(8, 0.005, 0.001), lane(0, 0.0, 0.500)], 1),  # the fast one has all that it may have
        ([lane(8, 0.005, 0.001), lane(8, 0.0, 0.500)], 0),
        ([lane(3, 0.0, 0.010), lane(0, 0.0, 0.0)], 1),  # never measured: as fast as the fastest
        ([lane(1, 0.0, 0.0), lane(0, 0.0, 0.0)], 1),
        ([lane(0, 0.0, 0.0), lane(0, 0.0, 0.0)], 0),
    ],
)
def test_a_picture_goes_where_it_is_done_the_soonest(lanes: List[Load], chosen: int) -> None:
    assert soonest(lanes) == chosen


# ---- too old -------------------------------------------------------------------------------------------------------


def until(budget: Budget, age_s: float) -> float:
    """How old a picture of that age at sending may become."""
    return budget.until(10**12, 10**12 + int(age_s * 1e9)) / 1e9 - 1000


def test_a_picture_may_be_as_old_as_its_budget_and_where_it_comes_late_half_of_that_more() -> None:
    budget = Budget(1.0)
    assert until(budget, 0.05) == pytest.approx(1.0)
    assert until(Budget(1.0), 0.8) == pytest.approx(1.3)
    assert until(Budget(1.0), 30.0) == pytest.approx(30.5)
    for _ in range(20):
        until(budget, 3.0)
    assert until(budget, 3.0) == pytest.approx(3.5, abs=0.05), "a network that has become slow"
    for _ in range(40):
        until(budget, 0.05)
    assert until(budget, 0.05) == pytest.approx(1.0)


def test_not_many_in_a_row_give_way() -> None:
    budget, given_way = Budget(0.2), 0
    for _ in range(40):
        limit = until(budget, 0.0)
        if limit > 0:
            budget.gave_way()
            given_way += 1
        else:
            assert limit == -1000, "of any age"
    assert given_way == budget.expired == 30
