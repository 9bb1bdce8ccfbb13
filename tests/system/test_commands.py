"""Commands by MQTT to a daemon that runs: what they do, that it lasts, and that the file has the last word."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from scripts.servers import Broker, wait_until
from tests.events.hostile import payloads
from tests.support.collector import Collector
from tests.system.harness import PATIENCE, Edge

MAIN = """\
device: {device}
mqtt: {{url: "{broker}", commands: [enable, disable, snapshot, reload]}}
telemetry: {{enabled: false}}
models: {{people: {{spec: person}}}}
cameras:
  square: {{source: "test://", enabled: true}}
"""


class Site:
    def __init__(self, edge: Edge, messages: Collector, device: str) -> None:
        self.edge, self.messages, self.base = edge, messages, f"edge/{device}"

    def order(self, tail: str, payload: bytes) -> Dict[str, Any]:
        """The answer."""
        before = len(self.messages.on(f"{self.base}/command/reply"))
        self.send(tail, payload)
        return dict(wait_until(lambda: self.answers()[before:], PATIENCE, f"an answer to {payload!r}")[0])

    def send(self, tail: str, payload: bytes, retain: bool = False) -> None:
        self.messages._client.publish(f"{self.base}/command/{tail}", payload, 1, retain).wait_for_publish(PATIENCE)

    def answers(self) -> List[Any]:
        return [message.json for message in self.messages.on(f"{self.base}/command/reply")]

    def until_told(self, state: str, override: str) -> Dict[str, Any]:
        """The camera's retained state, with an override that begins so."""

        def told() -> Any:
            states = self.messages.on(f"{self.base}/cameras/square/state")
            said = json.loads(states[-1].payload or b"{}") if states else {}
            return said if said.get("state") == state and said.get("override", "").startswith(override) else None

        return dict(wait_until(told, PATIENCE, f"{state} {override}"))

    def edit(self, old: str, new: str) -> None:
        text = self.edge.config.read_text()
        assert old in text
        self.edge.config.write_text(text.replace(old, new))

    def restart(self) -> None:
        assert self.edge.process is not None
        self.edge.process.send_signal(signal.SIGTERM)
        self.edge.process.wait(PATIENCE)
        self.messages.clear()
        self.edge.start()
        self.messages.wait_topic(f"{self.base}/availability", "online")


@pytest.fixture
def site(
    the_broker: Broker, collector: Collector, device_name: Callable[[], str], make_edge: Callable[..., Edge]
) -> Iterator[Site]:
    device = device_name()
    edge = make_edge(MAIN.format(device=device, broker=the_broker.url)).start()
    edge.until_state("online", "square")
    yield Site(edge, collector, device)
    edge.close()


def test_a_camera_is_off_by_command_until_it_is_on_by_command_or_by_its_file(site: Site) -> None:
    assert site.order("cameras/square", b"disable")["ok"]
    said = site.until_told("disabled", "disabled by command since ")
    assert said["reason"] == said["override"]
    site.restart()
    assert site.until_told("disabled", "disabled by command since ")["override"] == said["override"]
    site.edit('"test://"', '"test://", fps: 3')
    assert site.order("device", b"reload")["ok"]
    assert site.edge.camera("square")["state"] == "disabled" and site.edge.camera("square")["fps_wished"] == 3
    assert site.order("cameras/square", b"enable")["ok"]
    site.edge.until_state("online", "square")
    assert site.order("cameras/square", b"disable")["ok"]
    site.edit("enabled: true", "enabled: false")
    assert site.order("device", b"reload")["ok"]
    site.edit("enabled: false", "enabled: true")
    assert site.order("device", b"reload")["ok"]
    site.edge.until_state("online", "square")
    assert site.edge.camera("square")["override"] == ""


def test_a_snapshot_is_made_and_its_file_is_there(site: Site) -> None:
    said = site.order("cameras/square", b'{"command": "snapshot", "id": "7"}')
    assert (said["ok"], said["id"]) == (True, "7"), said
    pictures = list(Path(site.edge.state).rglob("*.jpg"))
    assert [str(picture).endswith(said["snapshot"]) for picture in pictures] == [True]
    site.order("cameras/square", b"disable")
    assert "disabled" in site.order("cameras/square", b"snapshot")["error"]


def test_a_reload_that_is_rejected_says_why(site: Site) -> None:
    site.edit("enabled: true", "enabled: perhaps")
    error = site.order("device", b"reload")["error"]
    assert error.startswith("rejected: ") and "found 'perhaps'" in error and "edge.yaml:6" in error


def test_hostile_ones_and_retained_ones_change_nothing(site: Site) -> None:
    pid = site.edge.camera("square")["pid"]
    site.send("cameras/square", b"disable", retain=False)
    site.until_told("disabled", "disabled by command")
    site.send("cameras/square", b"enable")
    site.edge.until_state("online", "square")
    site.send("device", b"reload", retain=True)  # done once: it is not told that it is retained
    site.restart()
    site.edge.until_state("online", "square")
    for payload in payloads(random.Random(1), 300):
        if b"enable" not in payload and b"disable" not in payload:
            site.send("cameras/square", payload)
            site.send("cameras/..%2f..%2fx", payload)
    site.edge.until_pictures("square")
    camera = site.edge.camera("square")
    assert camera["state"] == "online" and camera["restarts"] == 0 and camera["override"] == "" and camera["pid"] != pid
    assert site.edge.log.count("a retained command is ignored") == 1
    site.send("device", b"", retain=True)
