"""What `edge run` refuses to start with, and the Pythons that it runs on."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import termios
from pathlib import Path
from typing import Any, Callable, List

import psutil
import pytest

from scripts.servers import ROOT, Broker, wait_until
from tests.support.collector import Collector
from tests.system.harness import FASTESTDET, PATIENCE, STOP_S, Edge, model_folder

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
workers: {{python: "{workers}"}}
models:
  people: {{spec: {model}}}
cameras:
  clip: {{source: "file:{clip}", loop: true, fps: 5, models: [people]}}
"""


@pytest.fixture
def config(the_broker: Broker, device_name: Callable[[], str], short: Path) -> Callable[..., str]:
    def make(model: Any = "person", workers: str = "auto") -> str:
        return CONFIG.format(device=device_name(), broker=the_broker.url, model=model, clip=short, workers=workers)

    return make


def refused(edge: Edge, status: int = 78) -> List[str]:
    """The lines that `edge run` ends with."""
    done = edge.run("run", "-c", str(edge.config))
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr and "Traceback" not in done.stdout
    lines = done.stderr.strip().splitlines()
    assert 1 <= len(lines) <= 4, done.stderr
    assert edge.temporary.exists() and not list(edge.temporary.rglob("*"))
    return lines


def test_a_broken_network(make_edge: Callable[..., Edge], config: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(os.urandom(5000))
    folder = model_folder(tmp_path / "model", tmp_path / "broken.onnx", FASTESTDET)
    edge = make_edge(config(folder))
    said = "\n".join(refused(edge))
    assert "broken.onnx" in said and ("model.yaml" in said or "edge.yaml" in said)


def test_a_network_that_is_not_there(
    make_edge: Callable[..., Edge], config: Callable[..., str], tmp_path: Path
) -> None:
    folder = model_folder(tmp_path / "model", tmp_path / "nowhere.onnx", FASTESTDET)
    assert "nowhere.onnx" in "\n".join(refused(make_edge(config(folder))))


def test_a_model_that_is_not_there(make_edge: Callable[..., Edge], config: Callable[..., str]) -> None:
    edge = make_edge(config("./nowhere"))
    said = "\n".join(refused(edge))
    assert "nowhere" in said and f"{edge.config}:" in said, "with the place in the file"


def test_a_label_that_the_model_does_not_know(make_edge: Callable[..., Edge], config: Callable[..., str]) -> None:
    edge = make_edge(config().replace("models: [people]", "models: [people], objects: {perosn: {}}"))
    said = "\n".join(refused(edge))
    assert "perosn" in said and "person" in said


def test_all_that_is_wrong_is_said_at_once(make_edge: Callable[..., Edge], config: Callable[..., str]) -> None:
    edge = make_edge(config().replace("fps: 5", "fps: 500, lop: true"))
    said = "\n".join(refused(edge))
    assert "fps" in said and "lop" in said and "loop" in said


def test_a_worker_interpreter_that_is_not_there(make_edge: Callable[..., Edge], config: Callable[..., str]) -> None:
    # Not known before they are started: the daemon runs, and says what is wrong.
    edge = make_edge(config(workers="/nowhere/python3")).start()
    camera = edge.until(lambda s: s["cameras"][0] if s["cameras"][0]["reason"] else None, "a reason")
    assert "/nowhere/python3" in camera["reason"]
    status = edge.until(lambda s: s if s["inference"]["reason"] else None, "a reason")
    assert "/nowhere/python3" in status["inference"]["reason"]
    assert edge.stop() < STOP_S
    assert "Traceback" not in edge.log


def works(edge: Edge, collector: Collector) -> None:
    """Events come; the end is clean."""
    edge.start()
    device = edge.until(lambda s: s["device"], "the daemon")
    edge.until_state("online", "clip")
    edge.until_pictures("clip", more=5)
    collector.wait_topic(f"edge/{device}/cameras/clip/events/object.start", timeout=PATIENCE)


def ends(edge: Edge) -> None:
    assert edge.stop() < STOP_S
    assert edge.process is not None and edge.process.returncode == 0
    assert edge.left_behind() == []
    assert "Traceback" not in edge.log


def test_everything_on_python_38(
    make_edge: Callable[..., Edge], config: Callable[..., str], collector: Collector, python38: Path
) -> None:
    edge = make_edge(config(), python=str(python38))
    works(edge, collector)
    for process in [psutil.Process(edge.pid), *psutil.Process(edge.pid).children(recursive=True)]:
        assert "3.8" in process.exe() or "3.8" in process.cmdline()[0]
    status = json.loads(edge.run("status", "-c", str(edge.config), "--json").stdout)
    assert status["cameras"][0]["state"] == "online"
    ends(edge)


def test_workers_on_python_36_under_a_daemon_on_this_one(
    make_edge: Callable[..., Edge],
    config: Callable[..., str],
    collector: Collector,
    python36: Path,
    python36_onnxruntime: Path,
    tmp_path: Path,
) -> None:
    # As on a Nano. What ONNX Runtime needs stands apart from the interpreter's own packages.
    workers = tmp_path / "python3.6"
    workers.write_text(f'#!/bin/sh\nPYTHONPATH={python36_onnxruntime} exec {python36} "$@"\n')
    workers.chmod(0o755)
    edge = make_edge(config(workers=str(workers)))
    works(edge, collector)
    for process in psutil.Process(edge.pid).children(recursive=True):
        # Telemetry runs where jetson-stats is, or else on the daemon's own.
        assert "3.6" in process.exe() or process.name() == "edge: telemetry"
    ends(edge)


def test_it_ends_with_the_terminal_that_it_was_started_from(
    make_edge: Callable[..., Edge], config: Callable[..., str]
) -> None:
    """SIGHUP is a wish to read the files again, but not where the kernel sends it because the terminal is gone."""
    edge = make_edge(config())
    ours, theirs = os.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        edge.command("run", "-c", str(edge.config)), stdin=theirs, stdout=theirs, stderr=theirs, env=edge.environment,
        cwd=str(ROOT), preexec_fn=take_terminal,
    )  # fmt: skip
    os.close(theirs)
    said = b""

    def says(words: bytes) -> bool:
        nonlocal said
        said += os.read(ours, 4096)
        return words in said

    try:
        wait_until(lambda: says(b"camera online"), what="it runs")
        os.kill(process.pid, signal.SIGHUP)
        wait_until(lambda: says(b"configuration applied"), what="it has read the files again")
        os.close(ours)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
