"""The capture process itself: clocks that jump, a teardown that hangs, orders while it runs, and what it holds."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any, Callable, Dict, List

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.servers import RtspServer
from tests.capture.harness import CaptureHarness, clip, generated, rtsp

HOUR = 3600


@pytest.fixture
def wall_clock(tmp_path: Path) -> Dict[str, str]:
    """Environment of a process whose wall clock (and no other) is the true one and what ``offset`` in it says."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        pytest.skip("no libfaketime (package faketime)")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    environment = {
        **os.environ,
        "LD_PRELOAD": found[0],
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    offset.write_text("+2h")
    ask = "import time; print(time.time(), time.monotonic())"
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True, check=True)
    wall, monotonic = (float(word) for word in done.stdout.split())
    assert wall - time.time() == pytest.approx(2 * HOUR, abs=60)
    assert monotonic == pytest.approx(time.monotonic(), abs=60)
    offset.write_text("+0")
    return environment


def test_a_stepped_wall_clock_is_nobodys_business(
    cameras: RtspServer, wall_clock: Dict[str, str], python: str
) -> None:
    offset = Path(wall_clock["FAKETIME_TIMESTAMP_FILE"])
    source = rtsp(cameras.url("square"))
    with CaptureHarness(source, python=python, stall_timeout=100, frozen_timeout=100, environment=wall_clock) as worker:
        worker.wait_for("online")
        captured: List[int] = []
        for step in ("+0", "+1h", "-1h", "+0"):
            offset.write_text(step)
            for _ in range(15):
                header, _ = worker.picture()
                age = (time.monotonic_ns() - header.captured) / 1e9
                assert 0 <= age < 60, "captured on the clock that does not jump"
                captured.append(header.captured)
            worker.wait_for("beat")
        assert captured == sorted(captured)
        assert max(b - a for a, b in zip(captured, captured[1:])) < 60e9
        assert {m["op"] for m in worker.messages} == {"online", "beat"}, "nothing fired"
        assert len(worker.said("online")) == 1


def test_a_teardown_that_hangs_has_a_bound(tmp_path: Path) -> None:
    # GStreamer cannot interrupt the read of a file, and a pipe gives nothing: its teardown waits for ever.
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(str(pipe))
    opened: List[int] = []
    writer = threading.Thread(target=lambda: opened.append(os.open(str(pipe), os.O_WRONLY)), daemon=True)
    writer.start()
    with CaptureHarness(clip(pipe), stall_timeout=1) as worker:
        while worker.hear()["op"] != "end":  # type: ignore[index]
            pass
        began = time.monotonic()
        assert worker.process.wait(60) == 0
        assert 1.5 < time.monotonic() - began < 60, "it waited for the teardown, and not for ever"
    writer.join(60)
    os.close(opened[0])


@pytest.mark.parametrize("mode", ["half-open", "silent", "stall"])
def test_a_goodbye_that_nobody_answers_is_short(cameras: RtspServer, mode: str) -> None:
    with FaultProxy(cameras.port) as proxy, CaptureHarness(rtsp(proxy.url("square"))) as worker:
        worker.wait_for("online")
        proxy.set(mode)
        began = time.monotonic()
        worker.control.send({"op": "stop"})
        assert worker.ended()["state"] == "stopped"
        assert time.monotonic() - began < 60


def test_a_beat_tells_what_the_process_holds(python: str) -> None:
    with CaptureHarness(generated(width=160, height=120, rate=10), python=python) as worker:
        worker.wait_for("online")
        for _ in range(6):  # it looks at every fifth
            beat = worker.wait_for("beat")
        process = Path(f"/proc/{worker.process.pid}")
        assert beat["fds"] == len(list((process / "fd").iterdir()))
        assert beat["threads"] == len(list((process / "task").iterdir()))
        resident = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert beat["rss"] == pytest.approx(resident, rel=0.2)


# ---- orders while it runs ------------------------------------------------------------------------------------------


def rate(worker: CaptureHarness, pictures: int = 10) -> float:
    """Pictures a second, by the middle of the times between them: a machine that stands still misses some."""
    times = [worker.picture()[0].captured for _ in range(pictures)]
    return float(1e9 / median(b - a for a, b in zip(times, times[1:])))


def test_the_rate_of_a_scaled_camera_changes_without_a_gap(python: str) -> None:
    source = {**generated(width=320, height=240, rate=30), "size": [160, 120], "fps": 5}
    with CaptureHarness(source, python=python) as worker:
        assert rate(worker) == pytest.approx(5, rel=0.15)
        worker.control.send({"op": "change", "fps": 15})
        worker.wait_for("beat")
        worker.wait_for("beat")
        before = worker.picture()[0]
        assert rate(worker, 20) == pytest.approx(15, rel=0.15)
        worker.control.send({"op": "change", "fps": 2.5})
        worker.wait_for("beat")
        worker.wait_for("beat")
        assert rate(worker, 4) == pytest.approx(2.5, rel=0.15)
        assert worker.picture()[0].sequence == before.sequence + 25
        assert len(worker.said("online")) == 1
    assert worker.stderr == ""


def test_the_rate_of_a_camera_at_its_own_size_is_its_own(python: str) -> None:
    with CaptureHarness(generated(width=320, height=240, rate=10), python=python) as worker:
        worker.picture()
        worker.control.send({"op": "change", "fps": 1})
        assert rate(worker) > 8


def test_a_new_stall_timeout_counts_from_the_last_picture(cameras: RtspServer) -> None:
    with FaultProxy(cameras.port) as proxy, CaptureHarness(rtsp(proxy.url("square")), stall_timeout=600) as worker:
        worker.wait_for("online")
        proxy.set("stall")
        worker.wait_for("beat")
        worker.control.send({"op": "change", "stall_timeout": 2})
        farewell = worker.ended()
    assert (farewell["state"], farewell["reason"]) == ("stalled", "no picture for 2 s")


def test_a_new_name_is_shown(python: str, wait_until: Callable[..., Any]) -> None:
    with CaptureHarness(generated(width=160, height=120, rate=10), python=python) as worker:
        worker.wait_for("online")
        process = Path(f"/proc/{worker.process.pid}")
        assert (process / "cmdline").read_bytes().rstrip(b"\0") == b"edge: capture test"
        worker.control.send({"op": "change", "name": "gate"})
        wait_until(lambda: (process / "comm").read_text() == "edge: capture g\n", what="the new name")
        line = process / "cmdline"
        wait_until(lambda: line.read_bytes().rstrip(b"\0") == b"edge: capture gate", what="the whole of it")


def test_an_order_with_nothing_to_change_changes_nothing() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=10)) as worker:
        worker.wait_for("online")
        worker.control.send({"op": "change"})
        worker.control.send({"op": "of another year"})
        worker.picture()
        worker.wait_for("beat")
    assert worker.stderr == ""
