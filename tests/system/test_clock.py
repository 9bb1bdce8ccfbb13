"""The wall clock is set while the daemon runs: a board without a battery learns the time minutes after its start."""

from __future__ import annotations

import datetime
import glob
from pathlib import Path
from typing import Any, Callable

import pytest

from scripts.servers import Broker, RtspServer
from tests.support.collector import Collector
from tests.system.harness import Edge

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}", keepalive: 10s}}
models: {{people: {{spec: person}}}}
cameras:
  square: {{source: "{square}", fps: 5, stall_timeout: 5s}}
  lawn: {{source: "{lawn}", fps: 5, stall_timeout: 5s}}
"""


@pytest.fixture(scope="module")
def faketime() -> str:
    """The library that shows a process another wall clock; its monotonic clock stays what it is."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        pytest.skip("no libfaketime here (Debian and Ubuntu: apt-get install faketime)")
    return found[0]


def test_an_hour_forward_and_a_day_back_and_nothing_fires(
    faketime: str, the_broker: Broker, collector: Collector, square: RtspServer, device_name: Callable[[], str],
    make_edge: Callable[..., Edge], tmp_path: Path,
) -> None:  # fmt: skip
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    device = device_name()
    text = CONFIG.format(
        device=device, broker=the_broker.url, square=square.url("square"), lawn=square.url("lawn")
    )  # fmt: skip
    shown = {
        "LD_PRELOAD": faketime, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    edge = make_edge(text, environment=shown).start()
    edge.until_state("online", "square", "lawn")
    edge.until_pictures("square", "lawn")

    def facts() -> Any:
        status = edge.status() or {}
        cameras = [(c["pid"], c["restarts"]) for c in status["cameras"]]
        return status["inference"]["pid"], status["mqtt"]["state"], cameras

    def hours() -> float:
        """How far the last event's time is from this process's clock."""
        told = [m.json["time"] for m in collector.on(f"edge/{device}/cameras/square/events/#") if "time" in m.json]
        time = datetime.datetime.strptime(told[-1], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
        return round((time - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 3600)

    before = facts()
    for step, offset in (("+1h", 1), ("-24h", -24), ("+0", 0)):
        clock.write_text(f"{step}\n")
        edge.until(lambda _: hours() == offset, f"events have the new time {step}")  # noqa: B023
        edge.until_pictures("square", "lawn", more=30)  # longer than the stall time-out
        assert facts() == before, f"after {step}"
    assert "stalled" not in edge.log and "hangs" not in edge.log
