"""Processes of the service that are killed, stopped and hung, and a power cut: all comes back by itself."""

from __future__ import annotations

import signal
from typing import Any, Dict, Iterator, List

import pytest

from scripts.servers import PATIENCE, wait_until
from tests.support.collector import Collector
from tests.systemd.conftest import Site
from tests.systemd.machine import Machine

# Stands still inside the event loop, as a bug would; for a drop-in of the unit.
HANG = """\
import asyncio, os, signal, threading, time
def hang_for_the_test(*_):
    time.sleep(3600)
def arm():
    signal.signal(signal.SIGUSR1, hang_for_the_test)
arm()
"""


def main_pid(machine: Machine) -> int:
    return int(machine.show("MainPID")["MainPID"])


@pytest.mark.parametrize("which", ["capture", "inference", "telemetry", "daemon"])
def test_each_process_that_is_killed_comes_back(site: Site, which: str) -> None:
    machine = site.machine
    status, daemon = machine.status(), main_pid(machine)

    def pids(now: Dict[str, Any]) -> Dict[str, Any]:
        parts = {part: now[part]["pid"] for part in ("inference", "telemetry")}
        return {"capture": now["cameras"][0]["pid"], "daemon": main_pid(machine), **parts}

    pid = pids(status)[which]
    machine.kill(pid, signal.SIGKILL)

    def back() -> bool:
        now = machine.status()
        cameras = now["cameras"]
        if not cameras or cameras[0]["state"] != "online" or now["inference"]["state"] != "running":
            return False
        after = pids(now)
        return None not in after.values() and after[which] not in (pid, 0) and cameras[0]["pictures"] > 0

    wait_until(back, 2 * PATIENCE, f"another {which} process, and pictures")
    if which != "daemon":
        assert main_pid(machine) == daemon
    assert len(machine.processes()) == 4


@pytest.fixture
def impatient(site: Site) -> Iterator[Site]:
    """A watchdog of some seconds, and a daemon that hangs when told to."""
    machine = site.machine
    (machine.root / "opt/hang").mkdir(exist_ok=True)
    (machine.root / "opt/hang/sitecustomize.py").write_text(HANG)
    dropin = machine.root / "etc/systemd/system/edge.service.d/impatient.conf"
    dropin.parent.mkdir(exist_ok=True)
    dropin.write_text("[Service]\nWatchdogSec=8\nEnvironment=PYTHONPATH=/opt/hang\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "edge")
    machine.until_online("square")
    yield site
    dropin.unlink()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "edge")


@pytest.mark.parametrize("how", ["stopped", "hung"])
def test_the_watchdog_replaces_a_daemon_that_stands_still(impatient: Site, how: str, heard: Collector) -> None:
    machine, pid, before = impatient.machine, main_pid(impatient.machine), len(heard.messages)
    machine.kill(pid, signal.SIGSTOP if how == "stopped" else signal.SIGUSR1)
    wait_until(lambda: main_pid(machine) not in (0, pid), 2 * PATIENCE, "another daemon")
    machine.until_online("square")
    heard.wait_topic(f"edge/{impatient.device}/availability", "online", timeout=PATIENCE, after=before)
    # By its number: whose service the last words of a process are is not known any more once it is gone.
    said: List[str] = [str(entry["MESSAGE"]) for entry in machine.journal(f"_PID={pid}")]
    # systemd wakes what it signals, so a stopped one too tells where it stood.
    assert any("Fatal Python error: Aborted" in line for line in said), said[-30:]
    assert any("Current thread" in line for line in said)
    assert how == "stopped" or any("hang_for_the_test" in line for line in said)
    assert machine.said("Watchdog timeout", "UNIT=edge.service", "_PID=1")


def test_a_power_cut(site: Site, heard: Collector) -> None:
    machine, before = site.machine, len(heard.messages)
    machine.power_cut()
    heard.wait_topic(f"edge/{site.device}/availability", "offline", timeout=2 * PATIENCE, after=before)
    machine.boot()
    machine.until_online("square")
    heard.wait_topic(f"edge/{site.device}/availability", "online", timeout=PATIENCE, after=before)
    assert machine.show("UnitFileState")["UnitFileState"] == "enabled"
