from __future__ import annotations

from typing import List, Optional

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.telemetry.governor import BLIND_S, DOWN_S, STEPS, UP_S, Governed, Governor
from edge.telemetry.reading import Reading

LIMIT = 80.0


def hot(degrees: Optional[float], sensor: str = "gpu") -> Reading:
    return Reading(temperatures={} if degrees is None else {sensor: degrees, "cpu": 30.0})


def run(governor: Governor, degrees: Optional[float], begin: float, end: float, every: float = 5.0) -> List[float]:
    """The factors at each reading from ``begin`` to ``end``."""
    count = int((end - begin) / every) + 1
    return [governor.update(hot(degrees), begin + i * every).factor for i in range(count)]


def test_off_by_default() -> None:
    governor = Governor(None, [])
    assert run(governor, 120.0, 0, 600) == [1.0] * 121
    assert governor.update(hot(120.0), 700) == Governed(1.0, "")


def test_a_step_for_every_ten_seconds_above() -> None:
    governor = Governor(LIMIT, [])
    assert run(governor, 87.0, 0, 45) == [1, 1, 0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    said = governor.update(hot(87.4), 50)
    assert said == Governed(0.25, "analysed at 0.25 of the wished rate: gpu at 87 °C")


def test_back_step_by_step_well_below() -> None:
    governor = Governor(LIMIT, [])
    run(governor, 90.0, 0, 60)
    assert run(governor, 74.0, 65, 65 + 3 * UP_S, UP_S / 2) == [0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1.0]
    assert governor.update(hot(74.0), 300) == Governed(1.0, "")


def test_between_the_two_all_stays() -> None:
    governor = Governor(LIMIT, [])
    run(governor, 90.0, 0, 20)
    assert set(run(governor, 78.0, 25, 2000)) == {0.5}


def test_a_peak_is_no_heat() -> None:
    governor = Governor(LIMIT, [])
    for i in range(200):
        assert governor.update(hot(95.0 if i % 2 else 79.0), i * 5.0).factor == 1.0


def test_a_pause_is_not_taken_for_heat() -> None:
    governor = Governor(LIMIT, [])
    assert [governor.update(hot(90.0), i * 60.0).factor for i in range(20)] == [1.0] * 20


def test_named_sensors_alone_count() -> None:
    governor = Governor(LIMIT, ["tj"])
    assert set(run(governor, 95.0, 0, 100)) == {1.0}
    assert governor.update(hot(95.0), 300).reason == "telemetry.sensors: none of tj is here; there are cpu, gpu"
    governor.change(LIMIT, ["gpu"])
    assert run(governor, 95.0, 305, 315)[-1] == 0.75


def test_blind_for_long_and_the_wished_rates_hold_again() -> None:
    governor = Governor(LIMIT, [])
    run(governor, 90.0, 0, 20)
    assert governor.update(None, 21).factor == 0.5
    assert governor.update(hot(None), 20 + BLIND_S).factor == 0.5
    assert governor.update(None, 21 + BLIND_S) == Governed(1.0, "")


def test_another_limit_judges_from_now_on() -> None:
    governor = Governor(LIMIT, [])
    run(governor, 85.0, 0, 20)
    governor.change(95.0, [])
    assert governor.update(hot(85.0), 25).factor == 0.5
    assert run(governor, 85.0, 30, 30 + 2 * UP_S)[-1] == 1.0
    run(governor, 96.0, 100, 130)
    governor.change(None, [])
    assert governor.update(hot(96.0), 135) == Governed(1.0, "")


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 20.0), st.floats(20.0, 120.0)), max_size=100))
def test_never_more_than_a_step_at_once(course: List[List[float]]) -> None:
    governor = Governor(LIMIT, [])
    now, before, changed = 0.0, 1.0, -1e9
    for passed, degrees in course:
        now += passed
        factor = governor.update(hot(degrees), now).factor
        if factor != before:
            assert abs(STEPS.index(factor) - STEPS.index(before)) == 1
            assert now - changed >= min(DOWN_S, UP_S)
            assert (factor < before) == (degrees > LIMIT)
            before, changed = factor, now
