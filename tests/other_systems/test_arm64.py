"""A real arm64 user space, by qemu: installed as on a board, its own checks, and a clip from its file to the broker.

Debian's stands for JetPack's Ubuntu: no GPU, no NVIDIA's elements, and nothing said of any board's speed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from scripts.servers import PATIENCE, ROOT, Broker
from tests.other_systems.conftest import OtherSystem
from tests.support.collector import Collector

INSTALL = "/srv/edge/scripts/install"
CONFIG = """\
device: arm
mqtt: {{url: "{broker}"}}
models:
  person: {{spec: person}}
cameras:
  square: {{source: "file:///srv/clip.mp4", loop: true, fps: 2, size: 384x288}}
"""
SLOW = 10 * PATIENCE


@pytest.fixture(scope="module")
def installed(arm64: OtherSystem) -> OtherSystem:
    """With edge installed by scripts/install, from a copy of this checkout."""
    assert arm64.run("uname", "-m").strip() == "aarch64"
    # A copy of this checkout, which somebody may be working on.
    for part in ("edge", "models", "configs", "systemd", "scripts"):
        shutil.copytree(
            str(ROOT / part), str(arm64.root / "srv/edge" / part), ignore=shutil.ignore_patterns("__pycache__")
        )
    for part in ("pyproject.toml", "README.md"):
        shutil.copy(str(ROOT / part), str(arm64.root / "srv/edge"))
    said = arm64.run(INSTALL, "--dry-run")
    assert said.startswith("any machine, Debian GNU/Linux 12") and "aarch64" in said.splitlines()[0]
    assert "apt-get" not in said, "its packages are all there"
    said = arm64.run(INSTALL, "--no-start")
    assert "is installed in /opt/edge" in said
    return arm64


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def test_a_second_time_changes_nothing(installed: OtherSystem) -> None:
    assert "nothing changed" in installed.run(INSTALL, "--no-start")
    assert "there is nothing to do" in installed.run(INSTALL, "--dry-run")


def test_what_is_built_for_it_is_what_was_installed(installed: OtherSystem) -> None:
    wheels = {
        path.name
        for path in (installed.root / "opt/edge/current/lib").glob("python3.*/site-packages/**/*.so")
        if "x86_64" in path.name
    }
    assert wheels == set()
    python = "/opt/edge/current/bin/python"
    modules = "numpy, cv2, onnxruntime, pydantic_core, yaml, paho.mqtt, asyncinotify"
    assert installed.run(python, "-c", f"import {modules}, platform; print(platform.machine())").strip() == "aarch64"


def test_check_and_doctor(installed: OtherSystem, broker: Broker) -> None:
    (installed.root / "srv/clip.mp4").write_bytes((ROOT / "configs/demo/square.mp4").read_bytes())
    installed.write("/etc/edge/edge.yaml", CONFIG.format(broker=broker.url))
    assert installed.run("edge", "check", "-c", "/etc/edge/edge.yaml").strip() == "ok: 1 camera, 1 model"
    done = installed.start("edge", "doctor", "--json", "-c", "/etc/edge/edge.yaml")
    report = json.loads(done.stdout)
    errors = [finding for finding in report["checks"] if finding["status"] == "error"]
    assert errors == [], errors
    by_name = {finding["name"]: finding for finding in report["checks"]}
    assert "aarch64" in by_name["machine"]["message"]
    assert by_name["onnxruntime"]["status"] == by_name["square"]["status"] == "ok"


def test_a_clip_from_its_file_to_the_broker(installed: OtherSystem, broker: Broker, tmp_path: Path) -> None:
    heard = Collector(broker.url)
    log = (tmp_path / "log").open("w+")
    daemon = subprocess.Popen(
        [*installed.prefix(), "edge", "run", "-c", "/etc/edge/edge.yaml"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        heard.wait_for(lambda m: m.topic.endswith("/camera.online"), SLOW)
        event = heard.wait_for(lambda m: m.topic.endswith("/object.start"), SLOW).json
        assert event["object"]["label"] == "person" and event["object"]["score"] > 0.3
        status = json.loads(installed.run("edge", "status", "--device", "arm", "--json"))
        (camera,) = status["cameras"]
        assert (camera["name"], camera["state"]) == ("square", "online")
    except BaseException:
        log.seek(0)
        print(log.read()[-4000:])
        raise
    finally:
        daemon.send_signal(signal.SIGTERM)
        try:
            status_at_end = daemon.wait(PATIENCE)
        finally:
            os.killpg(daemon.pid, signal.SIGKILL) if daemon.poll() is None else None
            heard.close()
            log.close()
    assert status_at_end == 0
    assert re.search("offline", heard.on("edge/arm/availability")[-1].text)
