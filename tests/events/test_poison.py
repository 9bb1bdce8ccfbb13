"""A message on which a broker ends the connection must not stop all others."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from edge.events.mqtt.publisher import Publisher
from scripts.servers import wait_until
from tests.support.fake_broker import FakeBroker, Published
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
Fake = Callable[..., FakeBroker]
EVENTS = "edge/gate-7/cameras/gate/events/zone.enter"
AVAILABILITY = "edge/gate-7/availability"


def poisonous(p: Published) -> object:
    return "close" if b"poison" in p.payload else 0


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_message_that_ends_every_connection_is_found_and_given_up(
    version: str, make: Make, fake: Fake, spool: MemorySpool, quick: None, caplog: Any
) -> None:
    broker = fake(poisonous)
    for n in range(10):
        spool.event(n)
    poison = spool.event("poison")
    for n in range(10, 60):
        spool.event(n)
    make(broker.url, version=version)
    wait_until(lambda: spool.waiting == 0, what="nothing waits", timeout=20)
    assert list(spool.discarded) == [poison]
    assert "whenever it is sent" in spool.discarded[poison]
    assert broker.connections == 8, "three times with others, three times alone, once after another was taken"
    for number in (4, 5, 6):
        alone = [p for p in broker.published if p.connection == number]
        assert [b"poison" in p.payload for p in alone] == [False, True], "the greeting, and nothing else"
    last = [p for p in broker.published if p.connection == 7]
    assert [b"poison" in p.payload for p in last] == [False, False, True], "the greeting, the witness"
    assert len({p.payload for p in broker.on(EVENTS)}) == 61


def test_a_retained_state_that_ends_every_connection_is_given_up(
    make: Make, fake: Fake, spool: MemorySpool, quick: None
) -> None:
    broker = fake(poisonous)
    publisher = make(broker.url)
    publisher.retain("edge/gate-7/state", b"poison")
    publisher.retain("edge/gate-7/telemetry", b"fine")
    spool.event(1)
    wait_until(lambda: spool.waiting == 0 and broker.on("edge/gate-7/telemetry"), what="all others taken")
    assert broker.connections == 8


def _at_everything(_: Published) -> bool:
    return True


def _at_events(p: Published) -> bool:
    return p.topic != AVAILABILITY


@pytest.mark.parametrize(
    ("falls_at", "times", "how"), [(_at_everything, 20, "reset"), (_at_events, 30, "close")], ids=["all", "events"]
)
def test_a_broker_that_falls_again_and_again_costs_no_event(
    falls_at: Callable[[Published], bool], times: int, how: str, make: Make, fake: Fake, spool: MemorySpool, quick: None
) -> None:
    """Before it has answered anything, or at the first event after the greeting: no message is to blame."""
    falls = iter(range(times))

    def answer(p: Published) -> object:
        return how if falls_at(p) and next(falls, None) is not None else 0

    broker = fake(answer)
    for n in range(5):
        spool.event(n)
    make(broker.url)
    wait_until(lambda: spool.waiting == 0, what="delivered")
    assert not spool.discarded
