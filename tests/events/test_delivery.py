"""What arrives: pictures, what MQTT 5 says beside the payload, lanes, and what real brokers do not take."""

from __future__ import annotations

import resource
import threading
import time
from typing import Any, Callable, Dict, Iterator, List

import paho.mqtt.client as paho
import pytest

from edge.events.mqtt.delivery import Delivery
from edge.events.mqtt.message import Message
from edge.events.mqtt.outbox import Outbox
from edge.events.mqtt.publisher import Publisher
from edge.events.spool import Entry
from scripts.servers import Broker, wait_until
from tests.support.collector import Collector
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
CAMERA = "edge/gate-7/cameras/gate"
EVENTS = f"{CAMERA}/events/zone.enter"


class LimitedBroker(Broker):
    def __init__(self, *lines: str) -> None:
        super().__init__()
        self.config.write_text(self.config.read_text() + "\n".join(lines) + "\n")


@pytest.fixture
def limited() -> Iterator[Callable[..., Broker]]:
    """``limited("max_packet_size 2000")``: a mosquitto with more lines in its configuration."""
    made: List[Broker] = []

    def start(*lines: str) -> Broker:
        made.append(LimitedBroker(*lines))
        return made[-1].start()

    yield start
    for broker in made:
        broker.close()


def test_pictures_go_to_their_events_topic_and_the_newest_is_kept(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    publisher = make(broker.url, pictures={"gate/1.jpg": b"\xff\xd8one", "gate/2.jpg": b"\xff\xd8two"})
    spool.picture("id-1", "gate/1.jpg")
    gone = spool.picture("id-x", "gate/x.jpg")
    spool.picture("id-2", "gate/2.jpg")
    mqtt_client.wait_for(lambda m: m.topic == f"{CAMERA}/snapshot" and m.payload == b"\xff\xd8two")
    assert mqtt_client.wait_topic(f"{CAMERA}/snapshots/id-1").payload == b"\xff\xd8one"
    assert mqtt_client.wait_topic(f"{CAMERA}/snapshots/id-2").payload == b"\xff\xd8two"
    wait_until(lambda: publisher.waiting == 0, what="all delivered")
    assert spool.discarded == {gone: "gate/x.jpg is gone"}
    late = Collector(broker.url)
    assert late.wait_topic(f"{CAMERA}/snapshot").payload == b"\xff\xd8two"
    assert not late.on(f"{CAMERA}/snapshots/#"), "they are not retained"
    late.close()


def test_the_newest_picture_comes_back_to_a_broker_that_forgot_it(
    broker: Broker, make: Make, spool: MemorySpool
) -> None:
    publisher = make(broker.url, pictures={"p.jpg": b"picture"})
    spool.picture("id-1", "p.jpg")
    wait_until(lambda: publisher.published == 2, what="sent and kept")
    broker.restart()
    wait_until(lambda: publisher.published == 3, what="kept again")
    late = Collector(broker.url)
    assert late.wait_topic(f"{CAMERA}/snapshot").payload == b"picture"
    late.close()


def test_an_old_picture_does_not_replace_a_newer_one(broker: Broker, make: Make, spool: MemorySpool) -> None:
    """Behind a long backlog the new one arrives first."""
    spool.picture("old", "old.jpg")
    for n in range(1500):
        spool.event(n)
    for _ in range(10):
        spool.picture("old", "old.jpg")
    publisher = make(broker.url, pictures={"old.jpg": b"old", "new.jpg": b"new"})
    wait_until(lambda: publisher.figures()["replaying"], what="replaying")
    spool.picture("new", "new.jpg")
    wait_until(lambda: publisher.waiting == 0, what="all delivered")
    wait_until(lambda: publisher._outbox._retained[f"{CAMERA}/snapshot"].payload == b"new", what="the new one")


@pytest.mark.parametrize("why", ["its camera is gone", "it was masked since", ""])
def test_what_is_retained_of_a_picture_that_was_under_way(why: str, spool: MemorySpool) -> None:
    topic, outbox = f"{CAMERA}/snapshot", Outbox()
    pictures = {"p.jpg": b"picture"}
    delivery = Delivery(spool, "gate-7", pictures.get, outbox, lambda said: said == topic and not why.endswith("gone"))
    delivery._prefix = "edge"
    entry = Entry(5, "picture", "gate", "", b'{"event":"id-1","file":"p.jpg"}', False)
    message = delivery._prepared(entry, True)
    assert message is not None
    if "masked" in why:
        pictures.clear()
    delivery._taken(message)
    kept = outbox.pick(topic)
    assert kept == Message(topic, b"", True) if why else kept is not None and kept.payload == b"picture"


def test_what_mqtt_5_says_beside_the_payload(broker: Broker, make: Make, spool: MemorySpool) -> None:
    came: Dict[str, Any] = {}
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_message = lambda _client, _data, message: came.update({message.topic: message})
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.subscribe("#", 1)
    subscribed.wait(60)
    publisher = make(broker.url, version="5", pictures={"p.jpg": b"picture"})
    spool.event(1)
    spool.picture("id-1", "p.jpg")
    publisher.retain("edge/gate-7/telemetry", b"{}", expiry_s=90)
    publisher.retain("edge/gate-7/state", b"{}")
    publisher.say("edge/gate-7/command/reply", b"{}", b"abc")
    wait_until(lambda: len(came) >= 7, what="all of it")
    client.disconnect()
    client.loop_stop()

    def said(topic: str) -> Dict[str, Any]:
        return dict(came[topic].properties.json())

    assert said(EVENTS) == {"ContentType": "application/json", "UserProperty": [("schema", "1")]}
    assert said(f"{CAMERA}/snapshots/id-1") == said(f"{CAMERA}/snapshot") == {"ContentType": "image/jpeg"}
    assert 80 <= said("edge/gate-7/telemetry")["MessageExpiryInterval"] <= 90
    assert said("edge/gate-7/state") == {}, "nothing else expires"
    assert said("edge/gate-7/command/reply") == {"CorrelationData": "616263"}
    assert said("edge/gate-7/availability") == {}


@pytest.mark.parametrize("version", ["3.1.1", "5"])
@pytest.mark.parametrize("line", ["max_packet_size 2000", "message_size_limit 2000"])
def test_a_real_brokers_limit_stops_no_other_event(
    version: str, line: str, limited: Callable[..., Broker], make: Make, spool: MemorySpool, quick: None
) -> None:
    """With MQTT 5 and max_packet_size it is known before; else the broker drops it in silence, or ends connections."""
    broker = limited(line)
    collector = Collector(broker.url)
    publisher = make(broker.url, version=version)
    for n in range(30):
        spool.event(n)
    large = spool.event("x" * 5000)
    for n in range(30, 60):
        spool.event(n)
    wait_until(lambda: spool.waiting == 0, what="nothing waits")
    wait_until(lambda: {m.json["id"] for m in collector.on(EVENTS)} == {str(n) for n in range(60)}, what="all others")
    collector.close()
    told = (version, line) != ("3.1.1", "message_size_limit 2000")
    assert list(spool.discarded) == ([large] if told else [])
    if (version, line) == ("5", "max_packet_size 2000"):
        assert publisher.figures()["reconnects"] == 0 and publisher.figures()["too_large"] == 1


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_new_events_do_not_wait_behind_a_long_backlog(
    version: str, broker: Broker, make: Make, spool: MemorySpool
) -> None:
    for n in range(20_000):
        spool.event(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    publisher = make(broker.url, version=version)
    wait_until(lambda: publisher.figures()["replaying"], what="replaying")
    committed: Dict[int, float] = {}
    waited: List[float] = []
    delivered = spool.delivered

    def note(ns: List[int]) -> None:
        now = time.monotonic()
        waited.extend(now - committed[n] for n in ns if n in committed)
        delivered(ns)

    spool.delivered = note  # type: ignore[method-assign]
    while publisher.figures()["replaying"]:
        committed[spool.last + 1] = time.monotonic()
        spool.event("new")
        time.sleep(0.02)
    wait_until(lambda: spool.waiting == 0, what="all delivered")
    assert sorted(waited)[int(0.95 * len(waited))] < 1.0
    assert sorted(spool.deliveries) == list(range(1, spool.last + 1)), "each once"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20_000, f"{grown} KiB"


def test_a_prefix_and_a_device_make_the_topics(broker: Broker, make: Make, spool: MemorySpool) -> None:
    collector = Collector(broker.url)
    make(broker.url, prefix="site")
    spool.event(1)
    spool.put("event", "", "device.start", b'{"replayed":false}')
    collector.wait_topic("site/gate-7/cameras/gate/events/zone.enter")
    collector.wait_topic("site/gate-7/events/device.start")
    collector.close()


def test_acknowledgements_of_a_burst_are_read_together(make: Make, spool: MemorySpool, monkeypatch: Any) -> None:
    from edge.events.mqtt.link import Link

    steps: List[int] = []
    step = Link.step

    def count(self: Link, *args: Any, **how: Any) -> bool:
        steps.append(1)
        return step(self, *args, **how)

    with FakeBroker() as broker:
        publisher = make(broker.url)
        wait_until(lambda: publisher.state == "online" and publisher._delivery.acknowledged_at, what="online")
        monkeypatch.setattr(Link, "step", count)
        for _ in range(20):
            on_ready, spool.on_ready = spool.on_ready, lambda: None
            for n in range(5):
                spool.event(n)
            spool.on_ready = on_ready
            on_ready()
            wait_until(lambda: spool.waiting == 0, what="delivered")
        publisher.stop(2.0)
    assert len(steps) < 20 * 5, "a wake-up for the commit, one or two for all of the answers"
