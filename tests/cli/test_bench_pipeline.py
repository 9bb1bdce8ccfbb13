"""``edge bench pipeline``: a configuration run for real, and what a user is told whose configuration cannot be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping

import pytest

from edge.bench.pipeline.cameras import FASTEST_FPS, conflicts, prepared, set_aside
from edge.bench.pipeline.processes import Account, look
from edge.cli.bench_told import lines
from edge.cli.main import main
from edge.cli.terminal import Paint
from edge.config import Config, load
from edge.config.order import source_order
from edge.errors import EdgeError
from scripts.servers import PATIENCE, ROOT

STAGES = ["decode", "wait", "prepare", "infer", "outputs", "events", "total"]


def written(folder: Path, cameras: str, models: str = "{person: {spec: person}}") -> Path:
    file = folder / "edge.yaml"
    file.write_text(f"device: site\nmqtt: {{url: 'mqtt://127.0.0.1:1'}}\nmodels: {models}\ncameras:\n{cameras}")
    return file


@pytest.fixture
def config(tmp_path: Path, shared: Path) -> Path:
    clip = shared / "media" / "vtest-h264.mp4"
    return written(
        tmp_path,
        f"  square: {{source: 'file:{clip}', fps: 2}}\n  test: {{source: 'test://?size=320x240&rate=10', fps: 5}}\n"
        f"  off: {{source: 'usb:///dev/video9', enabled: false}}\n",
    )


def begun(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge", "bench", "pipeline", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_configuration_is_run_and_measured(config: Path) -> None:
    process = begun("-c", config, "--seconds", 3, "--json")
    out, err = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == 0, err
    told: Dict[str, Any] = json.loads(out)
    cameras = {camera["name"]: camera for camera in told["cameras"]}
    assert list(cameras) == ["square", "test"], "one that is disabled is left alone"
    square, test = cameras["square"], cameras["test"]
    # Not at its own pace of 10 a second, and more than the two that are wished of it.
    assert square["decoded"] > 12 and square["wished"] > 12
    assert square["analysed"] > 2
    assert (square["codec"], square["size"], square["state"]) == ("h264", [768, 576], "online")
    assert square["source_fps"] == pytest.approx(10, rel=0.3), "the file's own, by a look at it"
    assert 0 < test["decoded"] <= 12, "a live source brings what it brings"
    assert all(list(camera["latency_ms"]) == STAGES for camera in cameras.values())
    assert told["latency_ms"]["total"]["p50"] <= told["latency_ms"]["total"]["p99"]
    (model,) = told["models"]
    assert (model["name"], model["devices"]) == ("person", ["cpu"])
    assert 0 < model["busy"] <= 1.1
    kinds = [(process["kind"], process["camera"]) for process in told["processes"]]
    assert kinds == [("capture", "square"), ("capture", "test"), ("inference", None), ("daemon", None)]
    assert all(process["cpu"] > 0 and process["rss"] > 10_000_000 for process in told["processes"])
    assert told["verdict"]["limit"] in ("inference", "decoding", "processor", "source")
    assert told["costs"]["analysed_picture_ms"] > 0
    text = "\n".join(lines(told, Paint(sys.stderr)))
    assert "MILLISECONDS" in text and "limited by" in text and "what would help" in text


def test_ctrl_c_ends_it_with_what_there_is_and_leaves_nothing(
    config: Path, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    process = begun("-c", config, "--seconds", 600, "--as-configured")
    try:
        assert process.stderr is not None
        said: List[str] = []
        while not any("measuring" in line or "decoded" in line for line in said):
            line = process.stderr.readline()
            assert line, "".join(said)
            said.append(line)
        children = _children(process.pid)
        assert len(children) == 3, "two cameras and inference"
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert not out or "as it is configured" in out
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), what="its processes are gone")


def _children(pid: int) -> List[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize(
    "cameras, words, status, said",
    [
        ("  a: {source: 'file:none.mp4', enabled: false}\n", [], 1, "there is no enabled camera to run"),
        ("  a: {sauce: 'file:none.mp4'}\n", [], 78, "unknown key"),
        ("  a: {source: 'file:none.mp4'}\n", ["--seconds", "0"], 2, "a number of seconds from 1 to 3600"),
    ],
)
def test_what_cannot_be_run_is_told(
    cameras: str, words: List[str], status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main(["bench", "pipeline", "-c", str(written(tmp_path, cameras)), *words])
    except SystemExit as ending:
        found = int(ending.code or 0)
    assert found == status
    assert said in capsys.readouterr().err


def test_the_cpu_of_a_process_that_comes_later_counts_from_its_beginning() -> None:
    account = Account()
    account.look({("daemon", ""): os.getpid(), ("capture", "front"): None})
    account.look({("daemon", ""): os.getpid(), ("capture", "front"): os.getppid()})
    daemon, front = account.shares(1.0)
    parent = look(os.getppid())
    assert parent is not None and 0 <= parent.cpu_s - front.cores < 5
    assert daemon.rss > 10_000_000 and 0 <= daemon.cores < 5
    account.look({("capture", "front"): 2**22 + 1})  # gone before it was looked at
    assert account.shares(1.0)[1].processes == 1


# ---- the parts ---------------------------------------------------------------------------------------------------


def test_as_fast_as_it_goes_is_without_pace_and_without_bounds(config: Path) -> None:
    fastest, configured = prepared(load(config), True), prepared(load(config), False)
    assert source_order(fastest["square"])["options"] == {"paced": False}
    assert source_order(fastest["square"])["location"] == source_order(configured["square"])["location"]
    assert {camera.fps for camera in fastest.values()} == {FASTEST_FPS}
    assert source_order(configured["square"])["options"] == {}
    assert configured["square"].fps == 2
    assert fastest["square"].loop and configured["square"].loop and not fastest["test"].loop
    assert fastest["test"].models == ["person"]


def test_what_is_left_aside_is_told(tmp_path: Path) -> None:
    cameras = "  a: {source: 'test://', analyse: on-motion, snapshots: {events: [object.start]}}\n"
    config: Config = load(written(tmp_path, cameras))
    assert len(set_aside(config, True)) == 2
    assert set_aside(config, False) == ["no snapshots and no clips are made"]


def test_a_device_that_a_daemon_has_is_refused_and_others_are_warned_of(tmp_path: Path) -> None:
    cameras = "  door: {source: 'usb:///dev/video9'}\n  yard: {source: 'rtsp://10.0.0.1/a'}\n"
    run = prepared(load(written(tmp_path, cameras)), True)

    def daemon(*sources: str) -> Mapping[str, Any]:
        return {"device": "site", "cameras": [{"source": source, "pid": 7} for source in sources]}

    with pytest.raises(EdgeError, match="door: the daemon of site has usb:///dev/video9"):
        conflicts(run, [daemon("usb:///dev/video9")])
    (warning,) = conflicts(run, [daemon("rtsp://10.0.0.1/a")])
    assert "has yard open as well" in warning
    assert len(conflicts(run, [daemon("rtsp://10.0.0.2/a")])) == 1
    assert conflicts(run, []) == []
