"""`edge events tail` at a real broker."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import paho.mqtt.client as mqtt
import pytest

from edge.cli.event_line import event_line
from edge.cli.terminal import Paint
from scripts.servers import PATIENCE, ROOT, Broker, wait_until

OBJECT = {
    "id": 12, "label": "person", "score": 0.871, "best_score": 0.9, "box": [0.1, 0.1, 0.2, 0.4],
    "box_px": [64, 48, 128, 192], "speed": [0.1, 0.0], "age_s": 3.2, "zones": ["gate"],
}  # fmt: skip


def event(kind: str, device: str = "gate-7", camera: str = "square", **facts: Any) -> Tuple[str, bytes]:
    """Topic and payload."""
    said = {"schema": 1, "type": kind, "device": device, "camera": camera, "time": "2025-03-01T08:00:01.234Z", **facts}
    return f"edge/{device}/cameras/{camera}/events/{kind}", json.dumps(said).encode()


ENTER = event("zone.enter", object=OBJECT, zone="gate")
CROSS = event("line.cross", object=OBJECT, line="door", direction="left")
YARD = event("object.start", camera="yard", object=OBJECT)
OTHER = event("object.end", device="gate-8", object=OBJECT, reason="lost")


class Publisher:
    """Somebody who publishes, as a device would."""

    def __init__(self, broker: Broker) -> None:
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def publisher(broker: Broker) -> Iterator[Publisher]:
    made = Publisher(broker)
    yield made
    made.close()


class Tail:
    """The command, and what it has printed."""

    def __init__(self, environment: Dict[str, str], *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "edge", "events", "tail", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=str(ROOT),
            text=True,
        )

    def lines(self) -> List[str]:
        """Wait for its end."""
        out, self.err = self.process.communicate(timeout=PATIENCE)
        return out.splitlines()

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def publish_until_over(publisher: Publisher, tail: Tail, *events: Tuple[str, bytes]) -> None:
    """The command may not have subscribed yet: say it all again until it has seen enough."""

    def over() -> bool:
        for topic, payload in events:
            publisher.publish(topic, payload)
        try:
            tail.process.wait(0.2)
        except subprocess.TimeoutExpired:
            return False
        return True

    wait_until(over, what="edge events tail has counted enough")


def test_events_of_all_devices_by_url(broker: Broker, publisher: Publisher, clean_environment: Dict[str, str]) -> None:
    with Tail(clean_environment, "--url", broker.url, "--count", "4") as tail:
        publish_until_over(publisher, tail, ENTER, CROSS, YARD, OTHER)
        lines = tail.lines()
    assert tail.process.returncode == 0 and tail.err == ""
    assert len(lines) == 4
    assert {line.split()[2] for line in lines} == {"zone.enter", "line.cross", "object.start", "object.end"}


def test_a_configuration_names_broker_and_device(
    broker: Broker, publisher: Publisher, tmp_path: Path, clean_environment: Dict[str, str]
) -> None:
    config = tmp_path / "edge.yaml"
    config.write_text(f"device: gate-7\nmqtt: {{url: '{broker.url}'}}\n")
    with Tail(clean_environment, "-c", str(config), "--json", "--count", "2") as tail:
        publish_until_over(publisher, tail, OTHER, ENTER)
        assert [json.loads(line) for line in tail.lines()] == 2 * [json.loads(ENTER[1])]


def test_filters(broker: Broker, publisher: Publisher, clean_environment: Dict[str, str]) -> None:
    words = ("--url", broker.url, "--json", "--camera", "square", "--type", "zone.*", "--count", "1")
    with Tail(clean_environment, *words) as tail:
        publish_until_over(publisher, tail, YARD, CROSS, ENTER)
        assert [json.loads(line) for line in tail.lines()] == [json.loads(ENTER[1])]


def test_a_refusal_ends_it_and_hides_the_password(make_broker: Any, clean_environment: Dict[str, str]) -> None:
    broker = make_broker(users={"gate": "right"})
    with Tail(clean_environment, "--url", broker.url.replace("//", "//gate:wrong@")) as tail:
        assert tail.lines() == []
    assert tail.process.returncode == 1
    assert tail.err == f"edge: {broker.url} refuses: wrong user or password\n"


def test_it_waits_for_a_broker_that_is_away(make_broker: Any, clean_environment: Dict[str, str]) -> None:
    broker = make_broker(start=False)
    with Tail(clean_environment, "--url", broker.url, "--count", "1") as tail:
        assert tail.process.stderr is not None
        assert tail.process.stderr.readline() == f"edge: cannot reach {broker.url}; trying again\n"
        broker.start()
        assert tail.process.stderr.readline() == f"edge: connected to {broker.url}\n"
        publisher = Publisher(broker)
        publish_until_over(publisher, tail, ENTER)
        publisher.close()
        assert len(tail.lines()) == 1


def test_ctrl_c_is_a_good_end(broker: Broker, publisher: Publisher, clean_environment: Dict[str, str]) -> None:
    with Tail(clean_environment, "--url", broker.url) as tail:

        def printed() -> bool:
            publisher.publish(*ENTER)  # once more: it may not have subscribed yet
            return bool(select.select([tail.process.stdout], [], [], 0.2)[0])

        wait_until(printed, what="a line printed")
        tail.process.send_signal(signal.SIGINT)
        assert tail.lines()
        assert (tail.process.returncode, tail.err) == (0, "")


@pytest.mark.parametrize(
    ("payload", "end"),
    [
        (ENTER, "square    zone.enter     person #12 0.87  gate"),
        (CROSS, "square    line.cross     person #12 0.87  door to the left"),
        (YARD, "yard      object.start   person #12 0.87  in gate"),
        (OTHER, "square    object.end     person #12 0.87  for 3.2 s  in gate  (lost)"),
        (event("object.update", object={**OBJECT, "attributes": {"faces": {"label": "fa\x1bce", "score": 0.9}}}),
         "square    object.update  person #12 0.87  for 3.2 s  in gate  faces: fa?ce"),
        (event("count", zone="gate", label="person", count=3), "square    count          gate: 3 person"),
        (event("camera.offline", state="stalled", reason="no picture"), "camera.offline  stalled: no picture"),
        (event("camera.offline", state="disabled", reason="disabled by a"), "camera.offline  disabled by a"),
        (event("clip.ready", clip="square/a.mp4", duration_s=12.44), "clip.ready     12.4 s  square/a.mp4"),
        (event("snapshot.failed", reason="gone"), "snapshot.failed  gone"),
        (event("device.events_lost", count=7, reason="too old"), "device.events_lost  7: too old"),
        (event("something.new"), "square    something.new"),
    ],
)
def test_lines_for_people(payload: Tuple[str, bytes], end: str, monkeypatch: Any) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    line = event_line(payload[1], Paint(sys.stdout))
    assert line.endswith(end)
    assert line.split()[0].endswith(":01.2")


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"{}", b'{"type":"zone.enter","time":5,"device":"a"}', b"\xff\x1b"]
)
def test_what_is_no_event_is_shown_as_such(payload: bytes) -> None:
    line = event_line(payload, Paint(sys.stdout))
    assert line.startswith("not an event: ") and "\x1b" not in line
