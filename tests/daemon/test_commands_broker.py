"""Commands through a real broker and the real publisher, to the answer that the sender gets."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from typing import Any, Awaitable, Callable, Dict, Iterable, List, Optional, Tuple

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.config import MqttConfig
from edge.daemon.commands import BURST, QUEUE, Commands
from edge.events.mqtt.publisher import Publisher
from edge.events.spool.entry import Entry
from scripts.servers import PATIENCE, Broker
from tests.events.hostile import NAMES, WORDS, payloads
from tests.support.collector import Collector

BASE = "edge/gate-7"
REPLY = f"{BASE}/command/reply"
GATE = f"{BASE}/command/cameras/gate"


class Nothing:
    """A spool in which nothing waits."""

    last = waiting = 0

    def __init__(self) -> None:
        self.on_ready: Callable[[], None] = lambda: None

    def fetch(self, after: int, limit: int) -> List[Entry]:
        return []

    def delivered(self, ns: Iterable[int]) -> None:
        pass

    def discard(self, n: int, reason: str) -> None:
        pass


class Sender:
    """Somebody else at the broker."""

    def __init__(self, broker: Broker) -> None:
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.answers: List[Tuple[Dict[str, Any], Optional[bytes]]] = []
        self._client.on_message = lambda _c, _d, m: self._heard(
            json.loads(m.payload), getattr(m.properties, "CorrelationData", None)
        )
        self.greeted = 0
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_connect = lambda client, *_: client.subscribe(REPLY, 1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert subscribed.wait(PATIENCE)

    def _heard(self, said: Dict[str, Any], correlation: Optional[bytes]) -> None:
        if said.get("id") == "hello":
            self.greeted += 1
        else:
            self.answers.append((said, correlation))

    def send(self, topic: str, payload: bytes, retain: bool = False, correlation: Optional[bytes] = None) -> None:
        properties = Properties(PacketTypes.PUBLISH)
        if correlation is not None:
            properties.CorrelationData = correlation
        self._client.publish(topic, payload, 1, retain, properties).wait_for_publish(PATIENCE)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Site:
    def __init__(self, broker: Broker, version: str) -> None:
        self.called: List[Tuple[str, ...]] = []
        self.publisher = Publisher(
            MqttConfig(url=broker.url, client_id="edge-gate-7", version=version), "gate-7", Nothing(), lambda _: None
        )
        actions = {word: self._action(word) for word in WORDS}
        self.commands = Commands(self.publisher.say, actions, lambda: {"gate": 1}, lambda: "now")
        self.publisher.listen(self.commands.change(BASE, WORDS), self.commands.heard)

    def _action(self, word: str) -> Callable[..., Awaitable[str]]:
        async def act(*camera: str) -> str:
            self.called.append((word, *camera))
            return "gate/2024-05-04/a.jpg" if word == "snapshot" else ""

        return act


@pytest.fixture(params=["3.1.1", "5"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def at(broker: Broker, version: str, test: Callable[[Site, Sender], Awaitable[None]]) -> None:
    async def run() -> None:
        site, sender = Site(broker, version), Sender(broker)
        site.publisher.start()
        try:
            await until(lambda: site.publisher.state == "online")
            await hears(sender)
            await test(site, sender)
        finally:
            await site.commands.stop()
            site.publisher.stop(2.0)
            sender.close()

    asyncio.run(run())


async def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def hears(sender: Sender) -> None:
    """It is subscribed: what is sent until then nobody gets."""
    before = sender.greeted
    while sender.greeted == before:
        sender.send(GATE, b'{"command":"wobble","id":"hello"}')
        await asyncio.sleep(0.05)


def test_every_command_is_done_and_answered(broker: Broker, version: str) -> None:
    async def test(site: Site, sender: Sender) -> None:
        sender.send(GATE, b"enable", correlation=b"\0x")
        sender.send(GATE, b"disable")
        sender.send(GATE, b'{"command":"snapshot","id":"7"}')
        sender.send(f"{BASE}/command/device", b"reload")
        await until(lambda: len(sender.answers) == 4)
        assert site.called == [("enable", "gate"), ("disable", "gate"), ("snapshot", "gate"), ("reload",)]
        assert [said["command"] for said, _ in sender.answers] == ["enable", "disable", "snapshot", "reload"]
        assert all(said["ok"] for said, _ in sender.answers)
        assert sender.answers[2][0]["snapshot"] == "gate/2024-05-04/a.jpg" and sender.answers[2][0]["id"] == "7"
        assert [given for _, given in sender.answers] == [b"\0x" if version == "5" else None, None, None, None]

    at(broker, version, test)


def test_a_retained_one_is_not_done_at_a_connect(broker: Broker, version: str) -> None:
    sender = Sender(broker)
    sender.send(GATE, b"disable", retain=True)
    sender.close()

    async def test(site: Site, sender: Sender) -> None:
        broker.restart()
        await until(lambda: site.publisher.state != "online")
        await until(lambda: site.publisher.state == "online")
        await hears(sender)
        sender.send(GATE, b"", retain=True)
        sender.send(GATE, b"enable")
        await until(lambda: sender.answers)
        assert site.called == [("enable", "gate")]
        late = Collector(broker.url, REPLY)  # nothing of it is kept by the broker
        assert late.messages == []
        late.close()

    at(broker, version, test)


def test_hostile_ones_through_the_broker(broker: Broker, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    monkeypatch.setattr("edge.daemon.commands.RATE", 1e6)
    # The broker ends the connection of who publishes to other ones.
    names = [name for name in NAMES if name.isprintable() and not {"+", "#"} & set(name) and len(name) < 1000]

    async def test(site: Site, sender: Sender) -> None:
        sent = 0
        for payload in payloads(rng, 200):
            for topic in ("device", "cameras/gate", f"cameras/{rng.choice(names)}"):
                if len(payload) < 50_000:
                    sender.send(f"{BASE}/command/{topic}", payload)
                    sent += 1
            await asyncio.sleep(0)
        sender.send(GATE, b'{"command":"snapshot","id":"the last"}')
        await until(lambda: any(said.get("id") == "the last" for said, _ in sender.answers))
        assert len(sender.answers) <= sent + 1
        assert set(site.called) <= {("reload",), ("enable", "gate"), ("disable", "gate"), ("snapshot", "gate")}
        assert len([1 for said, _ in sender.answers if said["ok"]]) == len(site.called)
        assert site.publisher.figures()["reconnects"] == 0

    at(broker, version, test)


def test_a_flood_of_ten_thousand(broker: Broker, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on, the publisher stays connected, and the rest is refused and counted."""
    monkeypatch.setattr("edge.daemon.commands.RATE", 50.0)

    async def test(site: Site, sender: Sender) -> None:
        def flood() -> None:
            for _ in range(10_000):
                sender._client.publish(GATE, b"enable", 0)

        thread = threading.Thread(target=flood)
        began = time.monotonic()
        worst, before = 0.0, time.monotonic()
        thread.start()
        while thread.is_alive() or not any("too many" in said.get("error", "") for said, _ in sender.answers):
            await asyncio.sleep(0.005)
            now = time.monotonic()
            worst, before = max(worst, now - before), now
            assert len(site.commands._queue) <= QUEUE
        assert worst < 5  # seconds; milliseconds where nothing else runs
        assert len(site.called) <= BURST + QUEUE + 50 * (time.monotonic() - began)
        await until(lambda: not site.commands._awake)
        assert site.publisher.state == "online" and site.publisher.figures()["reconnects"] == 0
        refused = site.commands.figures()["refused"]
        assert refused > 5000 and len(sender.answers) < len(site.called) + 30

    at(broker, version, test)
