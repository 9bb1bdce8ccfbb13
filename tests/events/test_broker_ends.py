"""Brokers that end connections, and say why or not."""

from __future__ import annotations

import logging
from typing import Any, Callable, List

import paho.mqtt.client as paho
import pytest

from edge.events.mqtt.message import Heard
from edge.events.mqtt.publisher import Publisher
from scripts.servers import Broker, wait_until
from tests.events.ordering import online, order
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
Fake = Callable[..., FakeBroker]
GARBAGE = (
    b"\xf0\x01\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x30\xff\xff\xff\xff\xff", b"\x40\x01\x00",
    b"\x90\x02\x00\x01", b"\x30\x02\x00\x09", b"\x20\x00",
)  # fmt: skip
COMMAND = "edge/gate-7/command/#"


def test_a_broker_that_lost_its_sessions_is_subscribed_at_again(broker: Broker, make: Make) -> None:
    heard: List[Heard] = []
    publisher = make(broker.url)
    publisher.listen([COMMAND], heard.append)
    online(publisher)
    broker.restart()
    wait_until(lambda: publisher.figures()["reconnects"] >= 1 and publisher.state == "online", what="online again")

    def ordered() -> bool:
        order(broker.url, "edge/gate-7/command/device", b"reload")
        return bool(heard)

    wait_until(ordered, what="heard")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x8B, "the broker ended the connection: it is shutting down"),
        (0x89, "the broker ended the connection: it is busy"),
        (0x98, "the broker ended the connection: its operator ended the connection"),
        (0x93, "the broker ended the connection: more messages at a time than it takes"),
        (0x8E, "the broker ended the connection: another client uses the same client id"),
    ],
)
def test_why_the_broker_ends_a_connection(code: int, words: str, make: Make, fake: Fake) -> None:
    broker = fake()
    publisher = make(broker.url, version="5")
    online(publisher)
    broker.send(bytes([0xE0, 2, code, 0]))
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason == words


def test_another_client_with_our_id_is_not_fought_with(make: Make, fake: Fake) -> None:
    broker = fake()
    publisher = make(broker.url, version="5")
    online(publisher)
    broker.send(b"\xe0\2\x8e\0")
    wait_until(lambda: publisher.state == "offline", what="offline")
    wait_until(lambda: publisher._backoff._step == 30.0, what="the longest delay at once")


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_where_the_broker_does_not_tell_of_it_it_is_suspected(
    version: str, broker: Broker, make: Make, spool: MemorySpool, quick: None
) -> None:
    """It just closes the connection, a moment after it was made, again and again."""
    seen: List[str] = []
    publisher = make(broker.url, version=version, on_change=lambda state, reason: seen.append(reason))
    online(publisher)
    other = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="edge-gate-7")
    other.reconnect_delay_set(1, 1)
    other.connect("127.0.0.1", broker.port)
    other.loop_start()
    try:
        words = "the broker ends the connection again and again: does another client use the id edge-gate-7?"
        wait_until(lambda: words in seen, what="suspected")
        spool.event(1)
        wait_until(lambda: spool.waiting == 0, what="delivered all the same")
        assert not spool.discarded
    finally:
        other.disconnect()
        other.loop_stop()


def test_bytes_that_are_no_mqtt_end_the_connection_and_nothing_else(
    make: Make, fake: Fake, spool: MemorySpool, quick: None, caplog: Any
) -> None:
    for version in ("3.1.1", "5"):
        broker = fake()
        publisher = make(broker.url, version=version)
        for garbage in GARBAGE:
            online(publisher)
            connections = broker.connections
            broker.send(garbage)
            if connections == broker.connections:
                broker.end()
            wait_until(lambda: broker.connections > connections, what="a new connection")  # noqa: B023
        spool.event(version)
        wait_until(lambda: spool.waiting == 0, what="delivered")
        assert publisher.stop(2.0) == 0
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]
