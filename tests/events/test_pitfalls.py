"""What a library, a network and other clients do to a publisher."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Iterator, List

import pytest

from edge.events.mqtt.link import Link
from edge.events.mqtt.message import Heard
from edge.events.mqtt.publisher import Publisher
from scripts.fault_proxy import FaultProxy
from scripts.servers import PATIENCE, Broker, wait_until
from tests.events.ordering import online, order
from tests.support.collector import Collector
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
Fake = Callable[..., FakeBroker]
EVENTS = "edge/gate-7/cameras/gate/events/zone.enter"
COMMAND = "edge/gate-7/command/#"


class Through:
    """What the proxy does to pictures it does not do to MQTT."""

    def __init__(self, *_: Any) -> None:
        pass

    def treat(self, data: bytes, kind: str, share: float) -> bytes:
        return data


@pytest.fixture
def proxy(broker: Broker, monkeypatch: Any) -> Iterator[FaultProxy]:
    monkeypatch.setattr("scripts.fault_proxy.Harm", Through)
    with FaultProxy(broker.port) as made:
        yield made


# ---- callbacks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_handler_that_raises_stops_nothing(
    version: str, broker: Broker, make: Make, spool: MemorySpool, caplog: Any
) -> None:
    heard: List[Heard] = []

    def fail(message: Heard) -> None:
        raise RuntimeError("the handler's bug")

    publisher = make(broker.url, version=version)
    publisher.listen([COMMAND], fail)
    publisher.listen(["homeassistant/status", COMMAND], heard.append)
    online(publisher)
    late: List[Heard] = []
    publisher.listen(["edge/gate-7/+/device"], late.append)

    def ordered() -> bool:
        order(broker.url, "edge/gate-7/command/device", b"reload")
        return bool(late)

    wait_until(ordered, what="heard")
    assert heard[-1] == Heard("edge/gate-7/command/device", b"reload", False)
    assert "the handler's bug" in caplog.text
    spool.event(1)
    wait_until(lambda: spool.waiting == 0, what="delivered all the same")
    assert publisher.figures()["reconnects"] == 0


def test_what_is_retained_is_told_as_such(broker: Broker, make: Make) -> None:
    order(broker.url, "edge/gate-7/command/device", b"reload", retain=True)
    heard: List[Heard] = []
    make(broker.url).listen([COMMAND], heard.append)
    wait_until(lambda: heard, what="heard")
    assert heard[0].retained


def test_a_handler_may_answer_and_the_correlation_goes_along(make: Make, fake: Fake) -> None:
    broker = fake()
    publisher = make(broker.url, version="5")
    publisher.listen([COMMAND], lambda m: publisher.say("edge/gate-7/command/reply", b"done", m.correlation))
    wait_until(lambda: broker.subscribed == [(1, COMMAND)], what="subscribed")
    broker.say("edge/gate-7/command/device", b"reload", v5=True, properties=b"\x09\x00\x03abc")
    wait_until(lambda: broker.on("edge/gate-7/command/reply"), what="the answer")


def test_a_spool_that_commits_while_nobody_is_there_hears_nothing_of_it(make: Make, spool: MemorySpool) -> None:
    publisher = make("mqtt://127.0.0.1:1", start=False)
    spool.event(1)
    publisher.start()
    assert publisher.stop(1.0) == 1
    spool.event(2)  # raises nothing
    publisher.retain("edge/gate-7/state", b"x")
    publisher.refresh()


def test_a_spool_that_fails_is_our_bug_and_we_come_back(
    broker: Broker, make: Make, spool: MemorySpool, monkeypatch: Any, caplog: Any
) -> None:
    fetch, left = spool.fetch, [2]

    def fail(after: int, limit: int) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise RuntimeError("the spool's bug")
        return fetch(after, limit)

    monkeypatch.setattr(spool, "fetch", fail)
    spool.event(1)
    make(broker.url)
    wait_until(lambda: spool.waiting == 0, what="delivered")
    assert "the spool's bug" in caplog.text


def test_an_entry_that_cannot_be_made_ready_is_given_up(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool, caplog: Any
) -> None:
    bad = [spool.put("event", "gate", "a/+/b", b"{}"), spool.put("picture", "gate", "", b"{")]
    good = spool.event(1)
    publisher = make(broker.url)
    mqtt_client.wait_topic(EVENTS)
    wait_until(lambda: spool.deliveries == [good], what="delivered")
    assert list(spool.discarded) == bad
    assert publisher.figures()["unsendable"] == 2


# ---- the thread ------------------------------------------------------------------------------------------------------


def test_a_bug_in_the_thread_costs_a_connection_and_no_event(
    broker: Broker, make: Make, spool: MemorySpool, monkeypatch: Any, caplog: Any
) -> None:
    publisher = make(broker.url)
    online(publisher)
    step, once = Link.step, threading.Event()

    def fail(self: Link, *args: Any, **how: Any) -> bool:
        if self.in_flight and not once.is_set():
            once.set()
            raise RuntimeError("our bug")
        return step(self, *args, **how)

    monkeypatch.setattr(Link, "step", fail)
    for n in range(100):
        spool.event(n)
    wait_until(lambda: spool.waiting == 0 and publisher.state == "online", what="it came back")
    assert once.is_set() and "our bug" in caplog.text
    assert publisher.alive(time.monotonic())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_died_is_told(broker: Broker, make: Make, monkeypatch: Any) -> None:
    publisher = make(broker.url)
    online(publisher)

    def die(*_: Any, **__: Any) -> bool:
        raise SystemExit  # not an Exception: nothing catches it

    monkeypatch.setattr(Link, "step", die)
    publisher.retain("edge/gate-7/state", b"x")
    wait_until(lambda: not publisher.alive(time.monotonic()), what="told")
    publisher.stop(PATIENCE)  # and that is no reason to wait


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_stop_is_bounded_with_everything_unacknowledged(
    version: str, broker: Broker, make: Make, spool: MemorySpool
) -> None:
    """The broker hangs, its socket is full of pictures, and more waits."""
    publisher = make(broker.url, version=version, pictures={"p.jpg": b"j" * 3_000_000})
    online(publisher)
    broker.freeze()
    for n in range(10):
        spool.picture(f"id-{n}", "p.jpg")
    wait_until(lambda: publisher._delivery._link is not None and publisher._delivery._link.in_flight, what="sent")
    began = time.monotonic()
    assert publisher.stop(1.5) == 10
    assert time.monotonic() - began < PATIENCE
    assert not publisher._thread.is_alive(), "and it is not left behind"
    broker.thaw()


# ---- the network -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_half_open_connection_is_noticed_and_all_of_it_sent_again(
    version: str, proxy: FaultProxy, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    publisher = make(f"mqtt://127.0.0.1:{proxy.port}", version=version, keepalive=5.0)
    online(publisher)
    proxy.set("half-open")
    began = time.monotonic()
    for n in range(50):
        spool.event(n)
    wait_until(lambda: publisher.state == "offline", what="noticed")
    assert time.monotonic() - began < 5.0 * 1.5 + 5.0  # the last is for a machine that stands still
    assert publisher.reason == "no sign of life from the broker for 7.25 s"
    wait_until(lambda: spool.waiting == 0, what="sent again")
    mqtt_client.wait_for(lambda m: m.topic == EVENTS and m.json["id"] == "49")
    came = [m.json for m in mqtt_client.on(EVENTS)]
    assert [int(m["id"]) for m in came] == list(range(50))
    assert all(m["replayed"] for m in came)


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_connection_that_breaks_while_events_flow_loses_none(
    how: str, proxy: FaultProxy, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    publisher = make(f"mqtt://127.0.0.1:{proxy.port}")
    for n in range(2000):
        if n in (300, 1200):
            online(publisher)
            proxy.set(how)
        if n in (600, 1500):
            wait_until(lambda: publisher.state == "offline", what="offline")
            proxy.set("pass")
        spool.event(n)
    wait_until(lambda: spool.waiting == 0, what="all delivered")
    wait_until(lambda: {int(m.json["id"]) for m in mqtt_client.on(EVENTS)} == set(range(2000)), what="and came")
    assert not spool.discarded


def test_a_broker_that_answers_pings_and_no_message_is_left(
    make: Any, fake: Any, spool: Any, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.events.mqtt.link.ANSWER", 0.5)
    broker = fake(lambda p: 0 if p.topic.endswith("availability") or p.connection > 1 else None)
    spool.event(1)
    make(broker.url)
    wait_until(lambda: spool.waiting == 0, what="delivered by the next connection")
    assert broker.connections == 2
