"""Brokers that let nobody in, or do not take every message."""

from __future__ import annotations

from typing import Any, Callable, List, Tuple

import pytest

from edge.events.mqtt.publisher import Publisher
from scripts.servers import wait_until
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
Fake = Callable[..., FakeBroker]
EVENTS = "edge/gate-7/cameras/gate/events/zone.enter"
AVAILABILITY = "edge/gate-7/availability"


@pytest.mark.parametrize(
    ("version", "code", "words"),
    [
        ("3.1.1", 1, "the broker does not speak MQTT 3.1.1 (mqtt.version: '5'?)"),
        ("3.1.1", 2, "the broker does not like the client id edge-gate-7"),
        ("3.1.1", 3, "the broker refuses: it is not available now"),
        ("3.1.1", 4, "the broker asks for a user and a password"),
        ("3.1.1", 5, "the broker asks for a user and a password"),
        ("5", 0x80, "the broker refuses: unspecified error"),
        ("5", 0x84, "the broker does not speak MQTT 5 (mqtt.version: '3.1.1'?)"),
        ("5", 0x85, "the broker does not like the client id edge-gate-7"),
        ("5", 0x86, "the broker asks for a user and a password"),
        ("5", 0x87, "the broker asks for a user and a password"),
        ("5", 0x88, "the broker refuses: it is not available now"),
        ("5", 0x89, "the broker refuses: it is busy"),
        ("5", 0x8A, "the broker refuses: this client is banned"),
        ("5", 0x97, "the broker refuses: quota exceeded"),
        ("5", 0x9A, "the broker refuses: it keeps no retained messages, which are needed"),
        ("5", 0x9F, "the broker refuses: connections come too often"),
    ],
)
def test_why_nobody_is_let_in(version: str, code: int, words: str, make: Make, fake: Fake) -> None:
    broker = fake(connack=(code,))
    changes: List[Tuple[str, str]] = []
    publisher = make(broker.url, version=version, on_change=lambda *change: changes.append(change))
    wait_until(lambda: publisher.state == "refused", what="refused")
    assert publisher.reason == words
    assert changes == [("refused", words)], "told once"


def test_a_broker_that_was_busy_lets_in_later(make: Make, fake: Fake, quick: None) -> None:
    broker = fake(connack=(0x89, 0x89, 0))
    publisher = make(broker.url, version="5")
    wait_until(lambda: publisher.state == "online", what="online")
    assert (broker.connections, publisher.reason) == (3, "")


@pytest.mark.parametrize(("code", "words"), [(0x97, "quota exceeded"), (0x87, "not authorised")])
def test_what_the_broker_does_not_take_is_kept_and_tried_again(
    code: int, words: str, make: Make, fake: Fake, spool: MemorySpool, quick: None
) -> None:
    full = [True]
    broker = fake(lambda p: code if full[0] and p.topic == EVENTS else 0)
    for n in range(100):
        spool.event(n)
    publisher = make(broker.url, version="5")
    wait_until(lambda: publisher.state == "refused", what="refused")
    assert publisher.reason == f"the broker does not take {EVENTS}: {words}; trying again"
    wait_until(lambda: len(broker.on(EVENTS)) > 25, what="tried again")
    assert spool.waiting == 100 and not spool.discarded and broker.connections == 1
    full[0] = False
    wait_until(lambda: spool.waiting == 0, what="all of it taken")
    wait_until(lambda: (publisher.state, publisher.reason) == ("online", ""), what="well again")
    assert publisher.figures()["refused_by_broker"] > 25
    assert all(b'"replayed":true' in p.payload for p in broker.on(EVENTS))


def test_one_topic_that_is_not_allowed_keeps_no_other_back(
    make: Make, fake: Fake, spool: MemorySpool, quick: None
) -> None:
    broker = fake(lambda p: 0x87 if p.topic.endswith("object.start") else 0)
    publisher = make(broker.url, version="5")
    wait_until(lambda: publisher.state == "online", what="online")
    for n in range(300):
        spool.event(n, type="object.start" if n % 2 else "zone.enter")
    wait_until(lambda: spool.waiting == 150, what="the others are through")
    assert publisher.state in ("online", "refused") and "object.start: not authorised" in publisher.reason
    spool.event("new")
    wait_until(lambda: spool.waiting == 150, what="the new one too")
    assert not spool.discarded


def test_nobody_subscribing_is_no_failure(make: Make, fake: Fake, spool: MemorySpool) -> None:
    broker = fake(lambda _: 0x10)
    publisher = make(broker.url, version="5")
    spool.event(1)
    wait_until(lambda: spool.waiting == 0, what="delivered")
    assert (publisher.state, publisher.reason, publisher.figures()["refused_by_broker"]) == ("online", "", 0)


def test_a_message_that_is_wrong_in_itself_is_given_up(
    make: Make, fake: Fake, spool: MemorySpool, caplog: Any
) -> None:
    broker = fake(lambda p: 0x99 if b"huge" in p.payload else 0)
    publisher = make(broker.url, version="5")
    for text in ("1", "huge", "2", "huge too", "3"):
        spool.event(text)
    wait_until(lambda: spool.waiting == 0, what="nothing waits", timeout=20)
    assert list(spool.discarded) == [2, 4] and "not what it says" in spool.discarded[2]
    assert publisher.figures()["unsendable"] == 2
    assert caplog.text.count("given up") == 1, "logged once"


def test_a_retained_state_that_was_not_taken_is_told_again(make: Make, fake: Fake, quick: None) -> None:
    broker = fake(lambda p: 0x97 if p.topic.endswith("/state") and len(broker.on(p.topic)) < 3 else 0)
    publisher = make(broker.url, version="5")
    publisher.retain("edge/gate-7/state", b"up")
    wait_until(lambda: publisher.published == 1, what="taken at last")
    assert len(broker.on("edge/gate-7/state")) == 3 and broker.connections == 1
