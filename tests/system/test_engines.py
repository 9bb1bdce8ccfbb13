"""The whole daemon on a simulated TensorRT: engines are built at the start, found again, put aside when broken."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from tests.simulation.jetson import Jetson
from tests.simulation.tensorrt.setting import TensorRT
from tests.system.harness import PATIENCE, Edge

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
workers: {{python: "{python}"}}
telemetry: {{enabled: false}}
models:
  people: {{spec: person, min_score: 0.3{more}}}
cameras:
  square: {{source: "file:{clip}", loop: true, fps: 5}}
"""


@pytest.fixture
def start(
    make_edge: Callable[..., Edge], device_name: Callable[[], str], broker: Any, short: Path, tmp_path: Path
) -> Callable[..., Edge]:
    """``start(tensorrt, jetson, python, more)``: a daemon with one camera and one model on that board."""

    def make(tensorrt: TensorRT, jetson: Any = None, python: Any = sys.executable, more: str = "") -> Edge:
        tensorrt.skip_without(python)
        environment = tensorrt.environment({} if jetson is None else jetson.environment({}))
        text = CONFIG.format(device=device_name(), broker=broker.url, python=python, clip=short, more=more)
        return make_edge(text, tmp_path / "edge-folder", environment=environment)

    (tmp_path / "edge-folder").mkdir()
    return make


def model(edge: Edge) -> Dict[str, Any]:
    status = edge.status() or {"models": []}
    return status["models"][0] if status["models"] else {}


def until_ready(edge: Edge) -> Dict[str, Any]:
    edge.until(lambda s: s["models"] and s["models"][0]["state"] == "ready", "the model ready")
    edge.until_pictures("square")
    return model(edge)


def engines(edge: Edge) -> List[Dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((edge.state / "engines").glob("*.json"))]


SETUPS = {
    "nano": ("8.2", "nano", "r32", "python36_tensorrt", ["gpu"]),
    "xavier-nx": ("8.5", "xavier-nx", "r35", "python38", ["gpu", "dla:0", "dla:1"]),
    "orin-nx": ("10.3", "orin-nx", "r36", "", ["gpu"]),
}


@pytest.mark.parametrize("name", sorted(SETUPS))
def test_from_nothing_to_people(
    name: str, start: Callable[..., Edge], tmp_path: Path, request: pytest.FixtureRequest, mqtt_client: Any
) -> None:
    version, board, release, fixture, lanes = SETUPS[name]
    python = request.getfixturevalue(fixture) if fixture else sys.executable
    edge = start(TensorRT(version, board, tmp_path), Jetson(release, board, tmp_path / "jetson"), python).start()
    found = until_ready(edge)
    assert (found["backend"], [lane["device"] for lane in found["lanes"]]) == ("tensorrt", lanes)
    edge.until(lambda s: all(lane["state"] == "ready" for lane in s["models"][0]["lanes"]), "all lanes ready")
    (camera,) = (edge.status() or {})["cameras"]
    assert camera["decoder"] == "nvv4l2decoder"
    mqtt_client.wait_for(lambda m: m.topic.endswith("/events/object.start"))
    built = engines(edge)
    assert {e["ingredients"]["device"] for e in built} == {lane.split(":")[0] for lane in lanes}
    for engine in built:
        assert engine["ingredients"]["tensorrt"].startswith(version)
        assert engine["layers"] and engine["placement"]["dla" if engine["ingredients"]["device"] == "dla" else "gpu"]
    edge.stop()
    assert edge.left_behind() == []
    # The second start finds them.
    before = {path: path.stat().st_mtime_ns for path in (edge.state / "engines").glob("*.json")}
    edge.start()
    until_ready(edge)
    assert {path: path.stat().st_mtime_ns for path in (edge.state / "engines").glob("*.json")} == before


def test_cameras_are_online_while_an_engine_is_built(
    start: Callable[..., Edge], tmp_path: Path, mqtt_client: Any
) -> None:
    tensorrt = TensorRT("8.5", "xavier-nx", tmp_path)
    tensorrt.order("build seconds 600")
    edge = start(tensorrt, more=", device: gpu").start()
    edge.until_state("online", "square")
    edge.until(lambda s: s["models"][0]["state"] == "building" and s["models"][0]["building"], "it is being built")
    mqtt_client.wait_for(lambda m: m.topic.endswith("/state") and "build" in m.json.get("models", {}).get("people", ""))
    assert edge.stop() < 30
    assert edge.left_behind() == [], "an interrupted build leaves nothing"
    folder = edge.state / "engines"
    assert not [path for path in folder.iterdir() if path.suffix in (".plan", ".json", ".building")]


def test_a_damaged_engine_is_put_aside_and_built_anew(start: Callable[..., Edge], tmp_path: Path) -> None:
    tensorrt = TensorRT("8.5", "xavier-nx", tmp_path)
    edge = start(tensorrt, more=", device: gpu").start()
    until_ready(edge)
    edge.stop()
    (plan,) = (edge.state / "engines").glob("*.plan")
    data = bytearray(plan.read_bytes())
    data[len(data) // 2] ^= 1
    plan.write_bytes(data)
    edge.start()
    until_ready(edge)
    assert "engine put aside" in edge.log and len(engines(edge)) == 1


def test_an_engine_that_does_not_load(start: Callable[..., Edge], tmp_path: Path) -> None:
    tensorrt = TensorRT("8.5", "xavier-nx", tmp_path)
    edge = start(tensorrt, more=", device: gpu").start()
    until_ready(edge)
    edge.stop()
    tensorrt.order("deserialize none the plan is of another version")
    edge.start()
    edge.until(lambda s: s["models"][0]["state"] == "failed", "given up after a second try")
    assert "the plan is of another version" in model(edge)["reason"]
    assert edge.log.count("engine put aside") == 1, "the one built instead fails in the builder already"
    edge.until_state("online", "square")


@pytest.mark.parametrize(
    ("board", "more", "reason"),
    [
        ("nano", ", device: dla", "device: dla: TensorRT 8.2"),
        ("xavier-nx", ", precision: int8", "not calibrated"),
        ("xavier-nx", ", plugins: [/no/such.so]", "plugins: no file /no/such.so"),
    ],
)
def test_what_cannot_be_had_is_told(
    start: Callable[..., Edge], tmp_path: Path, board: str, more: str, reason: str
) -> None:
    edge = start(TensorRT("8.2" if board == "nano" else "8.5", board, tmp_path), more=more).start()
    edge.until(lambda s: s["models"][0]["state"] == "failed", "it is refused", PATIENCE)
    assert reason in model(edge)["reason"]
    edge.until_state("online", "square")


def test_a_build_that_fails(start: Callable[..., Edge], tmp_path: Path) -> None:
    tensorrt = TensorRT("8.5", "xavier-nx", tmp_path)
    tensorrt.order("parse error No importer registered for op: Fancy")
    edge = start(tensorrt, more=", device: gpu").start()
    edge.until(lambda s: s["models"][0]["state"] == "failed", "the model failed")
    assert "No importer registered for op: Fancy" in model(edge)["reason"]
    assert edge.run("status", "-c", str(edge.config)).returncode == 0
    edge.until_state("online", "square")


def test_a_lost_device_costs_the_process_and_no_camera(start: Callable[..., Edge], tmp_path: Path) -> None:
    tensorrt = TensorRT("8.5", "xavier-nx", tmp_path)
    edge = start(tensorrt, more=", device: gpu").start()
    until_ready(edge)
    pid = edge.camera("square")["pid"]
    tensorrt.order("device lost")
    edge.until(lambda s: s["inference"]["restarts"] > 0, "the inference process is replaced")
    tensorrt.order()
    until_ready(edge)
    assert edge.camera("square")["pid"] == pid
