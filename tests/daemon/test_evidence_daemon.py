"""The whole daemon: what a subscriber gets of an event's picture and recording, and what stays on disk."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest

from edge.events import schema
from scripts.servers import Broker, RtspServer
from tests.support.collector import Collector, Message
from tests.system.harness import FASTESTDET, Edge, model_folder

jsonschema = pytest.importorskip("jsonschema")

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
models:
  people: {{spec: ./people}}
cameras:
  square:
    source: {source}
    fps: 5
    objects: {{person: {{min_score: 0.4}}}}
    zones:
      all: {{points: [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]}}
    snapshots: {{events: [object.start, object.end]}}
    clips: {{events: [zone.enter], before: 1s, after: 1s, max_length: 10s}}
"""


@pytest.fixture
def edge(shared: Path, broker: Broker, rtsp_server: Callable[..., RtspServer], tmp_path: Path) -> Iterator[Edge]:
    server = rtsp_server(square=shared / "media" / "vtest-h264.mp4")
    model_folder(tmp_path / "people", shared / "models" / "FastestDet.onnx", FASTESTDET)
    text = CONFIG.format(device=f"evidence-{os.getpid()}", broker=broker.url, source=server.url("square"))
    edge = Edge(tmp_path, text)
    yield edge
    edge.close()


def of_type(kind: str, **said: Any) -> Callable[[Message], bool]:
    def fits(message: Message) -> bool:
        if not message.topic.endswith(f"/events/{kind}"):
            return False
        event: Dict[str, Any] = message.json
        return all(event.get(key) == value for key, value in said.items())

    return fits


def test_pictures_and_recordings_of_events(edge: Edge, mqtt_client: Collector) -> None:
    edge.start()
    folder = edge.state / "evidence" / f"evidence-{os.getpid()}"
    event = mqtt_client.wait_for(of_type("object.start")).json
    assert event["snapshot"] == f"square/{event['time'][:10]}/{event['id']}.jpg"
    picture = mqtt_client.wait_for(lambda m: m.topic.endswith(f"/cameras/square/snapshots/{event['id']}"))
    assert picture.payload[:2] == b"\xff\xd8" and not picture.retain
    assert (folder / event["snapshot"]).read_bytes() == picture.payload
    entered = mqtt_client.wait_for(of_type("zone.enter")).json
    first = entered["clip"].split("/")[2][:36]
    ready = mqtt_client.wait_for(
        lambda m: of_type("clip.ready", of=first)(m) or of_type("clip.failed", of=first)(m)
    ).json
    assert ready["type"] == "clip.ready", ready
    assert (folder / ready["clip"]).read_bytes()[4:8] == b"ftyp" and ready["duration_s"] > 1
    gone = mqtt_client.wait_for(of_type("object.end", reason="lost")).json
    mqtt_client.wait_for(lambda m: m.topic.endswith(f"/cameras/square/snapshots/{gone['id']}"))
    status = edge.until(lambda s: s["evidence"]["made"] >= 3 and s["evidence"], "counted")
    assert status["state"] == "ok"
    edge.stop()
    for message in mqtt_client.on("+/+/cameras/+/events/#"):
        jsonschema.validate(message.json, schema.schema())
    failed = {m.json["reason"] for m in mqtt_client.on("+/+/cameras/+/events/snapshot.failed")}
    assert not failed, "nor at the end"


def test_one_that_is_killed_tells_what_it_could_not_finish(edge: Edge, mqtt_client: Collector) -> None:
    edge.start()
    entered = mqtt_client.wait_for(of_type("zone.enter")).json  # whose clip is under way for a second at least
    os.kill(edge.pid, signal.SIGKILL)
    assert edge.process is not None
    edge.process.wait()
    after = len(mqtt_client.messages)
    edge.start()
    of = entered["clip"].split("/")[2][:36]
    failed = mqtt_client.wait_for(of_type("clip.failed", of=of), after=after).json
    assert "before the daemon ended" in failed["reason"]
    folder = edge.state / "evidence" / f"evidence-{os.getpid()}"
    edge.until(lambda s: not [p for p in folder.rglob("*.part") if of in p.name], "its draft is removed")
    edge.stop()
