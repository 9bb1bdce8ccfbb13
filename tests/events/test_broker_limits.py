"""What a broker takes at a time, and at once: MQTT 5 tells, and what is told is kept to."""

from __future__ import annotations

import struct
from typing import Any, Callable

import pytest

from edge.events.mqtt.publisher import Publisher
from edge.events.mqtt.window import WINDOW
from scripts.servers import wait_until
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
Fake = Callable[..., FakeBroker]
EVENTS = "edge/gate-7/cameras/gate/events/zone.enter"
AVAILABILITY = "edge/gate-7/availability"

RECEIVE_MAXIMUM, LARGEST, KEEPALIVE = b"\x21", b"\x27", b"\x13"


@pytest.mark.parametrize("most", [1, 3, 7])
def test_receive_maximum_is_kept_to(most: int, make: Make, fake: Fake, spool: MemorySpool) -> None:
    broker = fake(lambda _: None, properties=RECEIVE_MAXIMUM + struct.pack("!H", most))
    for n in range(50):
        spool.event(n)
    publisher = make(broker.url, version="5")
    for n in range(50):
        publisher.retain(f"edge/gate-7/{n}", b"x")

    def all_taken() -> bool:
        broker.release()
        return spool.waiting == 0 and publisher.waiting == 0

    wait_until(all_taken, what="everything taken")
    assert broker.most_in_flight == most


def test_more_than_the_broker_takes_is_never_sent(
    make: Make, fake: Fake, spool: MemorySpool, caplog: Any
) -> None:
    broker = fake(properties=LARGEST + struct.pack("!I", 400))
    publisher = make(broker.url, version="5", pictures={"p.jpg": b"j" * 1000, "s.jpg": b"j" * 100})
    for n in range(3):
        spool.event(n)
        spool.event("x" * 500)
    spool.picture("id-1", "p.jpg")
    spool.picture("id-2", "s.jpg")
    publisher.retain("edge/gate-7/state", b"y" * 500)
    wait_until(lambda: publisher.waiting == 0, what="nothing waits", timeout=20)
    assert list(spool.discarded) == [2, 4, 6, 7]
    assert set(spool.discarded.values()) == {"larger than the 400 bytes that the broker takes"}
    wait_until(lambda: broker.on("edge/gate-7/cameras/gate/snapshot"), what="the small one")
    assert publisher.figures()["too_large"] == 5 and broker.connections == 1
    assert caplog.text.count("given up") == 1, "logged once"


def test_exactly_what_the_broker_takes_is_sent(make: Make, fake: Fake, spool: MemorySpool) -> None:
    from edge.events.mqtt import properties
    from edge.events.mqtt.message import JSON, Message

    payload = b'{"x":"' + b"y" * 300 + b'"}'
    size = properties.size(Message(EVENTS, payload, n=1, content=JSON, versioned=True), "5")
    broker = fake(properties=LARGEST + struct.pack("!I", size))
    make(broker.url, version="5")
    spool.put("event", "gate", "zone.enter", payload)
    spool.put("event", "gate", "zone.enter", payload + b" ")
    wait_until(lambda: spool.waiting == 0, what="nothing waits", timeout=20)
    assert [p.payload for p in broker.on(EVENTS)] == [payload] and list(spool.discarded) == [2]


def test_a_slow_broker_is_not_flooded(make: Make, fake: Fake, spool: MemorySpool) -> None:
    broker = fake(lambda p: 0 if p.topic == AVAILABILITY else None)
    publisher = make(broker.url)
    wait_until(lambda: publisher.state == "online", what="online")
    for n in range(1000):
        spool.event(n)
    wait_until(lambda: broker.unanswered == WINDOW, what="the window is full")
    for _ in range(5):
        broker.release()
        wait_until(lambda: broker.unanswered == WINDOW, what="as many again")
    assert broker.most_in_flight == WINDOW


def test_no_more_bytes_than_a_few_pictures_are_on_their_way(make: Make, fake: Fake, spool: MemorySpool) -> None:
    broker = fake(lambda p: 0 if p.topic == AVAILABILITY else None)
    for n in range(50):
        spool.picture(f"id-{n}", "p.jpg")
    make(broker.url, pictures={"p.jpg": b"j" * 300_000})
    for _ in range(5):
        wait_until(lambda: broker.unanswered == 4, what="a megabyte on its way")
        broker.release()
    assert broker.most_in_flight == 4


def test_a_keepalive_that_the_broker_shortens(make: Make, fake: Fake) -> None:
    broker = fake(properties=KEEPALIVE + struct.pack("!H", 1))
    publisher = make(broker.url, version="5", keepalive=3600.0)
    wait_until(lambda: publisher.state == "online", what="online")
    broker.deaf = True
    wait_until(lambda: publisher.state == "offline", what="noticed")
    assert publisher.reason == "no sign of life from the broker for 1.45 s"
