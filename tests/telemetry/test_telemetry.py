"""The daemon's side: what it does with a worker that tells, hangs, dies, or is not there."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Dict

import pytest

from edge.telemetry import telemetry as module
from edge.telemetry.telemetry import RETRY_S, START_S
from edge.wire.channel import Message
from tests.telemetry.supervised import Clock, Harness, Process


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module.asyncio, "get_running_loop", lambda: clock)
    return clock


def test_published_at_once_and_then_every_interval(clock: Clock) -> None:
    harness = Harness()
    assert harness.process.sent == [{"op": "open", "interval": 5.0, "last": True}]
    assert harness.telemetry.state == "starting"
    for _ in range(13):
        harness.process.reads()
        clock.go(5.0)
    assert [said["temperatures"] for said in harness.published if said] == [{"gpu": 50}] * 3
    assert harness.telemetry.status() == {
        "state": "running", "reason": "", "pid": 17, "source": "sysfs", "throttling": [], "temperatures": {"gpu": 50},
    }  # fmt: skip


def test_a_short_interval_is_that_of_the_worker_too(clock: Clock) -> None:
    harness = Harness(interval=1)
    assert harness.process.sent[0]["interval"] == 1.0
    for _ in range(5):
        harness.process.reads()
        clock.go(1.0)
    assert len(harness.published) == 5


def test_heat_is_told_and_slows_down(clock: Clock) -> None:
    harness = Harness(max_temperature=80, alarm_temperature=90)
    for _ in range(9):
        harness.process.reads(95.4)
        clock.go(5.0)
    assert harness.factors == [0.75, 0.5, 0.25]
    assert harness.alarms == [("overheated", "gpu at 95 °C")]
    words = "analysed at 0.25 of the wished rate: gpu at 95 °C"
    assert harness.telemetry.words == words
    assert harness.telemetry.payload()["governor"] == {"factor": 0.25, "reason": words}
    assert harness.telemetry.payload()["alarms"] == ["overheated"]
    # Each of these was published when it came, not with the next interval.
    assert [said.get("governor", {}).get("factor", 1.0) for said in harness.published if said] == [1, 0.75, 0.5, 0.25]
    for _ in range(40):
        harness.process.reads(60.0)
        clock.go(5.0)
    assert harness.factors[3:] == [0.5, 0.75, 1.0]
    assert harness.alarms[1:] == [("recovered", "no longer overheated (gpu at 60 °C)")]
    assert "governor" not in harness.telemetry.payload() and harness.telemetry.words == ""


def test_the_first_python_that_has_jetson_stats(clock: Clock) -> None:
    harness = Harness(("/usr/bin/python3", "/opt/python", "/opt/python"))
    assert (harness.process.python, harness.process.sent[0]["last"]) == ("/usr/bin/python3", False)
    harness.process.tells(op="end", reason="jetson-stats is not installed", jtop=False)
    harness.process.ends()
    assert (harness.process.python, harness.process.sent[0]["last"]) == ("/opt/python", True)
    assert len(harness.processes) == 2


def test_a_crash_is_told_and_tried_again_after_a_minute(clock: Clock) -> None:
    harness = Harness()
    harness.process.reads()
    harness.process.ends(-11, "")
    status = harness.telemetry.status()
    assert (status["state"], status["reason"]) == ("lost", "its process was killed by signal 11")
    assert harness.published[-1] == {"note": "telemetry is lost: its process was killed by signal 11"}
    clock.go(RETRY_S - 1)
    assert len(harness.processes) == 1
    clock.go(1)
    assert len(harness.processes) == 2
    harness.process.reads()
    assert harness.telemetry.state == "running"


def test_five_missed_intervals(clock: Clock) -> None:
    harness = Harness()
    harness.process.reads()
    clock.go(25.0)
    harness.telemetry.check_heartbeat()
    assert not harness.process.killed
    clock.go(1.0)
    harness.telemetry.check_heartbeat()
    assert harness.process.killed
    assert harness.telemetry.reason == "it hangs (silent for 26 s)"
    harness.process.ends(-9)
    clock.go(RETRY_S)
    assert len(harness.processes) == 2
    assert not harness.process.killed


def test_one_that_is_silent_from_the_start(clock: Clock) -> None:
    harness = Harness()
    clock.go(START_S + 1)
    harness.telemetry.check_heartbeat()
    assert harness.process.killed


def test_one_that_no_signal_reaches_is_not_joined_by_others(clock: Clock) -> None:
    harness = Harness()
    harness.process.reads()
    for _ in range(20):
        clock.go(30.0)
        harness.telemetry.check_heartbeat()
    assert len(harness.processes) == 1
    harness.process.ends(-9)
    assert len(harness.processes) == 2


def test_jtop_hung_for_long_and_a_new_process_tries(clock: Clock) -> None:
    harness = Harness()
    for _ in range(20):
        harness.process.reads()
        clock.go(5.0)
    harness.process.tells(op="end", reason="jtop does not answer (silent for 85 s)")
    harness.process.ends()
    assert len(harness.processes) == 2  # at once
    harness.process.tells(op="end", reason="no")
    harness.process.ends()
    assert len(harness.processes) == 2  # but not over and over
    assert (harness.telemetry.state, harness.telemetry.reason) == ("lost", "no")


def test_without_readings_the_rates_come_back(clock: Clock) -> None:
    harness = Harness(max_temperature=80)
    for _ in range(4):
        harness.process.reads(95.0)
        clock.go(5.0)
    assert harness.factors == [0.75]
    harness.process.ends(1, "no memory")
    for _ in range(200):
        clock.go(1.0)
        harness.telemetry.check_heartbeat()
        if not harness.process.ended:
            harness.process.ends(1, "no memory")
    assert harness.factors == [0.75, 1.0]


def test_it_cannot_be_started(clock: Clock) -> None:
    harness = Harness(enabled=False)

    def fails(*_: Any) -> Process:
        raise FileNotFoundError(2, "No such file or directory")

    harness.telemetry._launch = fails  # type: ignore[assignment]
    harness.change()
    assert harness.telemetry.reason == "its process cannot be started: python: No such file or directory"
    harness.telemetry._launch = harness.launch
    clock.go(RETRY_S)
    assert len(harness.processes) == 1


def test_off_and_on(clock: Clock) -> None:
    harness = Harness(max_temperature=80)
    for _ in range(4):
        harness.process.reads(95.0)
        clock.go(5.0)
    harness.change(enabled=False)
    assert harness.process.killed and harness.published[-1] is None and harness.factors == [0.75, 1.0]
    assert harness.telemetry.status() == {"state": "off", "reason": "", "pid": 17}
    harness.process.reads()  # its last words
    harness.process.ends(-9)
    assert harness.telemetry.status()["state"] == "off" and len(harness.processes) == 1
    harness.change()
    assert len(harness.processes) == 2 and harness.telemetry.state == "starting"
    # On again before the process of before has gone.
    harness.change(enabled=False)
    harness.change()
    assert len(harness.processes) == 2
    harness.process.ends(-9)
    assert len(harness.processes) == 3


def test_another_interval(clock: Clock) -> None:
    harness = Harness()
    harness.process.reads()
    harness.change(interval=60)  # it reads as often as before
    assert not harness.process.killed
    harness.change(interval=2)
    assert harness.process.killed
    harness.process.ends(-9)
    assert harness.process.sent[0]["interval"] == 2.0


@pytest.mark.parametrize("message", [{}, {"op": "dance"}, {"op": "reading"}, {"op": "reading", "values": [1]}])
def test_garbage(clock: Clock, message: Dict[str, Any]) -> None:
    harness = Harness()
    harness.process.tells(**message)
    harness.telemetry._heard(Message(b"\1", None, []))
    json.dumps(harness.telemetry.status())


def test_a_stop_does_not_wait_for_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_S", 0.01)

    async def run() -> None:
        harness = Harness()
        await harness.telemetry.stop()
        harness.process.ends(-9)
        assert len(harness.processes) == 1

    asyncio.run(run())
