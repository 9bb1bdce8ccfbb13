"""A Home Assistant that starts is told again: once, later, and not by all devices at the same moment."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Dict, List

import pytest

from edge.config import MqttConfig
from edge.daemon.homeassistant import BIRTH_S, PAUSE_S, HomeAssistant
from edge.events.mqtt.publisher import Publisher
from scripts.servers import Broker, wait_until
from tests.homeassistant.broker_side import Heard
from tests.homeassistant.daemon_side import BOX, GATE, STATUS, Daemon, Double, cameras, disabled
from tests.support.collector import Collector
from tests.support.memory_spool import MemorySpool


def test_a_storm_of_births_is_answered_once_and_later(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    said: List[List[str]] = []
    for _ in range(100):
        daemon.born()
    for _ in range(int(BIRTH_S + PAUSE_S) + 1):
        said.append(daemon.tick())
    assert [told for told in said if told] == [[BOX, GATE]]
    assert daemon.tick(3600) == []
    daemon.born()
    assert daemon.tick(BIRTH_S) == [BOX, GATE]


def test_devices_of_a_site_do_not_answer_at_once(tmp_path: Path) -> None:
    when = []
    for number in range(20):
        now = [0.0]
        told = HomeAssistant(
            Double(), tmp_path / f"{number}.json", "1", lambda _: {}, random.Random(number), lambda now=now: now[0]
        )
        told.change(cameras())
        told.tick()
        told._publisher.take()
        now[0] += PAUSE_S
        told.heard(Heard(STATUS, b"online"))
        while not told._publisher.take():
            now[0] += 0.1
            told.tick()
        when.append(round(now[0] - PAUSE_S, 1))
        told.stop()
    assert max(when) <= BIRTH_S + 0.2 and len(set(when)) > 10


@pytest.mark.parametrize(
    ("payload", "topic", "retained"),
    [
        (b"offline", STATUS, False), (b"", STATUS, False), (b"ONLINE", STATUS, False), (b"\xff\x00", STATUS, False),
        (b"online", "other/status", False), (b"online", STATUS, True),
    ],
)  # fmt: skip
def test_anything_else_is_no_birth(daemon: Daemon, payload: bytes, topic: str, retained: bool) -> None:
    daemon.change(cameras("gate"))
    daemon.born(payload, topic, retained)
    assert daemon.tick(10 * BIRTH_S) == []


def test_a_birth_is_not_answered_where_it_is_off(daemon: Daemon) -> None:
    daemon.born()
    daemon.change(cameras("gate"))
    daemon.change(disabled("gate"))
    daemon.born()
    assert daemon.tick(10 * BIRTH_S) == []


def test_with_the_real_publisher(broker: Broker, tmp_path: Path) -> None:
    mqtt = MqttConfig(url=broker.url, client_id="edge-gate-7")
    publisher = Publisher(mqtt, "gate-7", MemorySpool(), lambda path: None)
    publisher.start()
    now = [0.0]
    told = HomeAssistant(publisher, tmp_path / "told.json", "1", lambda _: {}, random.Random(1), lambda: now[0])
    told.change(cameras("gate", "yard"))
    told.tick()
    told.change(cameras("gate"))
    now[0] += PAUSE_S
    told.tick()

    def kept() -> Dict[str, Any]:
        late = Collector(broker.url, "#")
        try:
            late.wait_topic("edge/gate-7/availability")
            return {m.topic: m.json for m in late.on("homeassistant/#") if m.retain and m.payload}
        finally:
            late.close()

    try:
        wait_until(lambda: publisher.state == "online", what="online")
        wait_until(lambda: set(kept()) == {BOX, GATE}, what="what is there is kept")
        watcher = Collector(broker.url, "homeassistant/device/#")
        wait_until(lambda: len(watcher.messages) == 2, what="what was kept")
        watcher._client.publish(STATUS, b"online", 1)
        wait_until(lambda: told._birth is not None, what="the birth was heard")
        now[0] += BIRTH_S
        told.tick()
        wait_until(lambda: [m.topic for m in watcher.messages if not m.retain] == [BOX, GATE], what="told again")
        watcher.close()
    finally:
        told.stop()
        publisher.stop(2.0)
