"""How a capture worker ends: with the daemon, whatever happens to it, and without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.wire import start
from edge.wire.channel import Channel, Closed
from tests.capture.harness import PATIENCE, CaptureHarness, generated, rtsp

SECRET = "s3cret-of-the-gate"


def test_it_ends_when_the_daemons_end_of_the_channel_closes(python: str) -> None:
    with CaptureHarness(generated(width=160, height=120, rate=15), python=python) as worker:
        worker.wait_for("online")
        worker.picture()
        worker.control.close()
        assert worker.process.wait(PATIENCE) == 0
    assert worker.stderr == ""


@pytest.mark.parametrize("when", ["connecting", "waiting for a picture"])
def test_it_ends_with_the_channel_whatever_it_does(when: str, free_port: int) -> None:
    with CaptureHarness(generated(width=160, height=120, rate=1), attach=False) as worker:
        if when == "waiting for a picture":
            worker.wait_for("online")
            worker.attach()
            worker.give_credit()
        worker.control.close()
        assert worker.process.wait(PATIENCE) == 0


def test_it_dies_with_a_daemon_that_is_killed(wait_until: Callable[..., Any]) -> None:
    # A process between plays the daemon; it is killed while both ends of the channel are still open.
    between = """
import os, subprocess, sys
script, fd = sys.argv[1:]
child = subprocess.Popen([sys.executable, script, "edge.capture", "gate", fd, str(os.getpid())], pass_fds=[int(fd)])
print(child.pid, flush=True)
child.wait()
"""
    control, theirs = Channel.pair()
    control.set_timeout(PATIENCE)
    fd = theirs.fileno()
    daemon = subprocess.Popen(
        [sys.executable, "-c", between, start.__file__, str(fd)], pass_fds=[fd], stdout=subprocess.PIPE, text=True
    )
    try:
        assert daemon.stdout is not None
        worker = int(daemon.stdout.readline())
        source = generated(width=160, height=120, rate=15)
        control.send({"op": "open", "source": source, "stall_timeout": 10, "frozen_timeout": 0})
        while (control.receive().control or {})["op"] != "online":
            pass
        daemon.kill()
        theirs.close()
        with pytest.raises(Closed):
            while True:
                control.receive()
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), what="the worker gone")
    finally:
        daemon.kill()
        daemon.wait(PATIENCE)
        if daemon.stdout is not None:
            daemon.stdout.close()
        control.close()


def test_an_interrupt_at_the_terminal_is_the_daemons_business() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=15)) as worker:
        worker.wait_for("online")
        os.kill(worker.process.pid, signal.SIGINT)
        assert worker.picture()[0].sequence == 1
        assert worker.wait_for("beat")


def test_it_leaves_no_shared_memory_behind() -> None:
    def named() -> set:
        return set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()

    before = named()
    with CaptureHarness(generated(width=160, height=120, rate=15)) as worker:
        worker.picture()
        assert named() - before == set(), "it has no name, so nothing can be left"
        worker.process.kill()
    assert named() - before == set()


def test_the_password_is_told_to_nobody(free_port: int) -> None:
    source = rtsp(f"rtsp://127.0.0.1:{free_port}/live", username="viewer", password=SECRET)
    debug = {**os.environ, "GST_DEBUG": "2"}
    with CaptureHarness(source, environment=debug) as worker:
        proc = Path(f"/proc/{worker.process.pid}")
        told = proc.joinpath("cmdline").read_bytes() + proc.joinpath("environ").read_bytes()
        worker.ended()
    assert SECRET not in repr(worker.messages)
    assert SECRET not in worker.stderr
    assert SECRET.encode() not in told


def test_a_bug_is_told_with_its_trace_and_a_status() -> None:
    with CaptureHarness({"kind": "test", "location": "", "nonsense": 1}) as worker:
        assert worker.process.wait(PATIENCE) == 1
    assert "Traceback" in worker.stderr and "nonsense" in worker.stderr


def test_an_unknown_kind_of_source_is_refused() -> None:
    with CaptureHarness({"kind": "carrier-pigeon", "location": "loft"}) as worker:
        farewell = worker.ended()
    assert farewell["state"] == "unsupported"
    assert "carrier-pigeon" in farewell["reason"]


@pytest.mark.parametrize(
    ("module", "code", "words"),
    [
        ("gi", "raise ImportError(\"No module named 'gi'\", name='gi')", "GStreamer's bindings cannot be imported by"),
        ("gi", "def require_version(*_): raise ValueError('Namespace Gst not there')", "Namespace Gst not there"),
        ("urllib", "raise ImportError('libz.so.1: cannot open')", "the capture worker cannot be imported by"),
    ],
)
def test_what_cannot_be_imported_is_named(module: str, code: str, words: str, tmp_path: Path) -> None:
    # It stands in front of the real one, as what a broken installation has left would.
    (tmp_path / (module + ".py")).write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with CaptureHarness(generated(), environment=environment, attach=False) as worker:
        farewell = worker.ended()
    assert farewell["state"] == "unsupported"
    assert words in farewell["reason"] and "\n" not in farewell["reason"]
    assert ("python3-gi" in farewell["reason"]) == (module == "gi")
    assert module == "gi" or "libz.so.1" in farewell["reason"]
