from __future__ import annotations

from typing import Iterable, List, Optional, Tuple

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.telemetry.alarms import Alarm, Alarms
from edge.telemetry.reading import Reading


def told(alarms: Alarms, degrees: Optional[float], times: Iterable[float], throttling: str = "") -> List[Alarm]:
    temperatures = {} if degrees is None else {"gpu": degrees}
    reading = Reading(temperatures=temperatures, throttling=(throttling,) if throttling else ())
    return [alarm for now in times for alarm in alarms.update(reading, now)]


def test_heat_is_told_once_and_so_is_its_end() -> None:
    alarms = Alarms(90.0, [])
    assert told(alarms, 91.2, range(0, 10, 5)) == []
    assert told(alarms, 91.2, range(10, 600, 5)) == [Alarm("overheated", "gpu at 91 °C")]
    assert alarms.active == ["overheated"]
    assert told(alarms, 87.0, range(600, 1200, 5)) == []  # not hot enough for the one, too hot for the other
    assert told(alarms, 84.0, range(1200, 1230, 5)) == []
    assert told(alarms, 84.0, range(1230, 1800, 5)) == [Alarm("recovered", "no longer overheated (gpu at 84 °C)")]
    assert alarms.active == []


def test_throttling() -> None:
    alarms = Alarms(None, [])
    assert told(alarms, 60.0, [0], "gpu-throttle-alert 1 of 1") == []
    assert told(alarms, 60.0, [5, 10], "gpu-throttle-alert 1 of 1") == [Alarm("throttled", "gpu-throttle-alert 1 of 1")]
    assert told(alarms, 60.0, range(15, 75, 5)) == []
    assert told(alarms, 60.0, range(75, 300, 5)) == [Alarm("recovered", "no longer throttled")]


def test_both_at_once() -> None:
    alarms = Alarms(90.0, [])
    assert [alarm.state for alarm in told(alarms, 95.0, range(0, 20, 5), "cpufreq-cpu0 2 of 25")] == [
        "throttled", "overheated",
    ]  # fmt: skip
    assert alarms.active == ["overheated", "throttled"]


def test_no_temperature_changes_nothing() -> None:
    alarms = Alarms(90.0, [])
    told(alarms, 95.0, range(0, 20, 5))
    assert told(alarms, None, range(20, 600, 5)) == []
    assert alarms.active == ["overheated"]


def test_another_limit() -> None:
    alarms = Alarms(90.0, [])
    told(alarms, 95.0, range(0, 20, 5))
    alarms.change(None, [])
    assert [alarm.state for alarm in told(alarms, 95.0, range(20, 100, 5))] == ["recovered"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.5, 10.0), st.floats(60.0, 110.0), st.booleans()), max_size=200))
def test_they_come_in_turn_and_not_to_and_fro(course: List[Tuple[float, float, bool]]) -> None:
    alarms, now, last = Alarms(90.0, []), 0.0, {"overheated": -1e9, "throttled": -1e9}
    for passed, degrees, slow in course:
        now += passed
        before = set(alarms.active)
        for alarm in told(alarms, degrees, [now], "x" if slow else ""):
            after = set(alarms.active)
            changed = (before - after if alarm.state == "recovered" else {alarm.state}) & (before ^ after)
            assert changed
            for state in changed:
                assert now - last[state] >= 5.0
                last[state] = now
