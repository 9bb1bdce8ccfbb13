"""The documented example, as it stands but for its ports: events of a real clip at a real broker."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from scripts.servers import ROOT, Broker, RtspServer, wait_until
from tests.support.collector import Collector, Message
from tests.system.harness import PATIENCE, STOP_S, Edge

jsonschema = pytest.importorskip("jsonschema")

EXAMPLE = """\
device: gate-7
mqtt:
  url: mqtt://127.0.0.1:1883
models:
  people: {spec: ./fastestdet}
cameras:
  square:
    source: rtsp://127.0.0.1:8554/square
    fps: 5
    models: [people]
    objects: {person: {min_score: 0.4}}
    zones:
      gate: {points: [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0], [0.1, 1.0]], dwell: 5s}
    lines:
      door: {points: [[0.5, 0.0], [0.5, 1.0]]}
"""
MODEL = """\
onnx: ../../shared/models/FastestDet.onnx     # relative to this file; or {url: …, sha256: …}
licence: BSD-3-Clause
input: {color: bgr, scale: 0.00392157, fit: stretch}        # also mean, std, layout; fit: letterbox
output: {decoder: fastestdet, nms_iou: 0.45}
labels: coco80                                              # or a list, or a file
"""


@pytest.fixture(scope="module")
def example(
    shared: Path,
    the_broker: Broker,
    collector: Collector,
    square: RtspServer,
    device_name: Callable[[], str],
    make_edge: Callable[..., Edge],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Edge]:
    base = tmp_path_factory.mktemp("example")
    (base / "shared").symlink_to(shared)
    site = base / "site"
    (site / "fastestdet").mkdir(parents=True)
    (site / "fastestdet" / "model.yaml").write_text(MODEL)
    text = EXAMPLE.replace(":1883", f":{the_broker.port}").replace(":8554", f":{square.port}")
    edge = make_edge(text.replace("gate-7", device_name()), folder=site).start()
    edge.until_state("online", "square")
    yield edge


@pytest.fixture(scope="module")
def device(example: Edge) -> str:
    match = re.search(r"^device: (\S+)$", example.config.read_text(), re.MULTILINE)
    assert match
    return match.group(1)


def events(collector: Collector) -> List[Dict[str, Any]]:
    return [m.json for m in collector.on("edge/+/#") if is_event(m)]


def is_event(message: Message) -> bool:
    return "/events/" in message.topic or message.topic.endswith(("/device/start", "/device/stop"))


def of_type(collector: Collector, device: str, kind: str) -> List[Dict[str, Any]]:
    return [m.json for m in collector.on(f"edge/{device}/cameras/square/events/{kind}")]


def test_the_configuration_is_found_right(example: Edge) -> None:
    assert example.run("check", "-c", str(example.config)).returncode == 0


@pytest.mark.parametrize("kind", ["camera.online", "object.start", "object.update", "count", "zone.enter"])
def test_events_arrive(example: Edge, collector: Collector, device: str, kind: str) -> None:
    collector.wait_topic(f"edge/{device}/cameras/square/events/{kind}", timeout=PATIENCE)


def test_states_are_retained(example: Edge, the_broker: Broker, device: str) -> None:
    # Somebody who comes later sees what is the case.
    late = Collector(the_broker.url, f"edge/{device}/#")
    try:
        base = f"edge/{device}"
        late.wait_topic(f"{base}/availability", "online")
        camera = late.wait_topic(f"{base}/cameras/square/state").json
        assert camera["state"] == "online" and camera["reason"] is None
        assert (camera["codec"], camera["width"], camera["height"]) == ("h264", 768, 576)
        state = late.wait_topic(f"{base}/state").json
        assert state["cameras"] == {"online": 1} and state["models"] == {"people": "ready"}
        assert state["inference"]["state"] == "running"
        count = late.wait_topic(f"{base}/cameras/square/counts/gate/person")
        assert count.retain and int(count.text) >= 0
    finally:
        late.close()


def test_the_status_tells_what_happens(example: Edge, device: str) -> None:
    example.until(lambda s: s["cameras"][0]["pictures"] > 30 and s["models"][0]["infer_ms"], "figures")
    done = example.run("status", "--device", device, "--json")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert status["device"] == device and status["pid"] == example.pid
    assert status["uptime_s"] > 0 and status["version"]
    assert status["config"]["file"] == str(example.config)
    assert status["mqtt"]["state"] == "online" and status["mqtt"]["published"] > 0
    assert status["inference"]["state"] == "running" and status["inference"]["restarts"] == 0
    (model,) = status["models"]
    assert (model["name"], model["state"], model["backend"]) == ("people", "ready", "onnxruntime")
    assert model["input"] == [1, 3, 352, 352] and model["infer_ms"] > 0
    (camera,) = status["cameras"]
    assert camera["name"] == "square" and camera["state"] == "online" and camera["reason"] == ""
    assert camera["source"].startswith("rtsp://127.0.0.1:") and camera["source"].endswith("/square")
    assert (camera["codec"], camera["width"], camera["height"]) == ("h264", 768, 576)
    assert 0 < camera["fps_analysed"] <= 5.6 and camera["fps_wished"] == 5.0
    assert 0 < camera["fps_in"] < 15 and camera["events"] > 0 and camera["restarts"] == 0
    stages = camera["latency_ms"]
    assert set(stages) >= {"decode", "wait", "prepare", "infer", "outputs", "events", "total"}
    assert all(value >= 0 for value in stages.values())
    assert stages["total"] >= stages["infer"] > 0
    # And as a table.
    table = example.run("status", "--device", device)
    assert table.returncode == 0
    assert "square" in table.stdout and "online" in table.stdout and "people" in table.stdout


def test_a_second_daemon_of_the_same_name_is_refused(example: Edge, device: str) -> None:
    second = example.run("run", "-c", str(example.config))
    assert second.returncode == 1
    assert device in second.stderr and "already running" in second.stderr
    assert "Traceback" not in second.stderr
    example.until_pictures("square")


def test_a_line_is_crossed(example: Edge, collector: Collector, device: str) -> None:
    topic = f"edge/{device}/cameras/square/events/line.cross"
    event = collector.wait_topic(topic, timeout=PATIENCE).json
    assert event["line"] == "door" and event["direction"] in ("left", "right")
    assert event["object"]["label"] == "person"


def test_what_begins_also_ends(example: Edge, collector: Collector, device: str) -> None:
    left = collector.wait_topic(f"edge/{device}/cameras/square/events/zone.leave", timeout=PATIENCE).json
    assert left["zone"] == "gate"
    collector.wait_topic(f"edge/{device}/cameras/square/events/object.end", timeout=PATIENCE)


def test_it_ends_on_sigterm_and_leaves_nothing(example: Edge, collector: Collector, device: str) -> None:
    assert example.stop(signal.SIGTERM) < STOP_S
    assert example.process is not None and example.process.returncode == 0
    collector.wait_topic(f"edge/{device}/availability", "offline")
    assert example.left_behind() == []
    assert "Traceback" not in example.log


# ---- what was told in all that time (these come after the end) -------------------------------------------------------


@pytest.fixture(scope="module")
def told(example: Edge, collector: Collector, device: str) -> List[Message]:
    """Every event, from the daemon's start to its stop."""
    if example.process is not None and example.process.poll() is None:
        example.stop()
    wait_until(lambda: any(m.json["type"] == "device.stop" for m in collector.on(f"edge/{device}/#") if is_event(m)))
    return [m for m in collector.on(f"edge/{device}/#") if is_event(m)]


def test_every_event_is_what_the_schema_says(told: List[Message]) -> None:
    schema = json.loads((ROOT / "docs" / "event.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for message in told:
        problems = [f"{e.json_path}: {e.message}" for e in validator.iter_errors(message.json)]
        assert problems == [], message.json
    assert len(told) > 20


def test_every_event_stands_at_its_topic_and_is_not_retained(told: List[Message], device: str) -> None:
    for message in told:
        event = message.json
        assert event["device"] == device
        if "camera" in event:
            assert message.topic == f"edge/{device}/cameras/{event['camera']}/events/{event['type']}"
        assert message.qos == 1 and not message.retain


def test_events_are_numbered_without_a_gap(told: List[Message]) -> None:
    sequence = [m.json["seq"] for m in told]
    assert sequence == list(range(1, len(told) + 1))
    assert len({m.json["id"] for m in told}) == len(told)
    assert len({m.json["boot_id"] for m in told}) == 1
    assert [m.json["type"] for m in (told[0], told[-1])] == ["device.start", "device.stop"]


def test_every_object_begins_and_ends_once(told: List[Message]) -> None:
    open_objects: Dict[int, str] = {}
    inside: Dict[int, bool] = {}
    ended = set()
    for event in (m.json for m in told):
        if "object" not in event:
            continue
        number, kind = event["object"]["id"], event["type"]
        assert number not in ended, f"{kind} of an object that had ended"
        if kind == "object.start":
            assert number not in open_objects
            open_objects[number] = event["time"]
        else:
            assert number in open_objects, f"{kind} of an object that had not begun"
        if kind == "zone.enter":
            assert not inside.get(number)
            inside[number] = True
        if kind == "zone.leave":
            assert inside.get(number)
            inside[number] = False
        if kind == "object.end":
            assert not inside.get(number), "it left its zone before its end"
            del open_objects[number]
            ended.add(number)
    assert open_objects == {} and ended


def test_boxes_and_times_are_sane(told: List[Message]) -> None:
    objects = [m.json for m in told if "object" in m.json]
    for event in objects:
        x1, y1, x2, y2 = event["object"]["box"]
        assert 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1
        px = event["object"]["box_px"]
        assert px[2] <= 768 and px[3] <= 576
        assert event["object"]["label"] == "person" and 0.0 < event["object"]["score"] <= 1
    starts = [e["time"] for e in objects if e["type"] == "object.start"]
    assert starts == sorted(starts)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", t) for t in starts)
