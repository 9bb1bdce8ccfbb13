"""The publisher against a real mosquitto."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any, Callable, Iterator, List, Tuple

import pytest

from edge.config import MqttConfig
from edge.events.publisher import Publisher
from scripts.servers import PATIENCE, ROOT, Broker, free_port, wait_until
from tests.support.collector import Collector

Make = Callable[..., Publisher]
AVAILABILITY = "edge/gate-7/availability"


@pytest.fixture
def make() -> Iterator[Make]:
    """``make(url, on_change=…, limit=…, username=…)``: a started publisher of device gate-7."""
    made: List[Publisher] = []

    def start(url: str, on_change: Any = None, limit: int = 1000, **mqtt: Any) -> Publisher:
        config = MqttConfig(url=url, client_id="edge-gate-7", **mqtt)
        made.append(Publisher(config, "gate-7", on_change, limit))
        made[-1].start()
        return made[-1]

    yield start
    for publisher in made:
        publisher.stop(2.0)


def online(publisher: Publisher) -> None:
    wait_until(lambda: publisher.state == "online", what="online")


def numbers(collector: Collector, topic: str = "edge/gate-7/e") -> List[int]:
    return [int(m.payload) for m in collector.on(topic)]


def test_it_is_online_and_publishes_in_order(broker: Broker, mqtt_client: Collector, make: Make) -> None:
    publisher = make(broker.url)
    for n in range(500):
        publisher.publish("edge/gate-7/e", str(n).encode())
    mqtt_client.wait_for(lambda m: m.payload == b"499")
    assert numbers(mqtt_client) == list(range(500))
    assert all(m.qos == 1 and not m.retain for m in mqtt_client.on("edge/gate-7/e"))
    assert mqtt_client.on(AVAILABILITY)[0].text == "online"
    wait_until(lambda: publisher.pending == 0, what="all acknowledged")
    assert (publisher.state, publisher.published, publisher.dropped) == ("online", 500, 0)


def test_a_broker_that_is_away_at_start_gets_all_once_it_comes(make_broker: Any, make: Make) -> None:
    broker = make_broker(start=False)
    publisher = make(broker.url)
    for n in range(50):
        publisher.publish("edge/gate-7/e", str(n).encode())
    publisher.publish("edge/gate-7/state", b"up", retain=True)
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason == f"nothing listens at 127.0.0.1:{broker.port}"
    assert publisher.pending == 50
    broker.start()
    collector = Collector(broker.url)
    online(publisher)
    wait_until(lambda: publisher.pending == 0, what="all acknowledged")
    assert collector.wait_topic(AVAILABILITY, "online")
    assert collector.wait_topic("edge/gate-7/state", "up")
    assert publisher.published == 51
    collector.close()


def test_what_was_queued_while_the_broker_was_away_comes_in_order(
    broker: Broker, mqtt_client: Collector, make: Make
) -> None:
    publisher = make(broker.url)
    online(publisher)
    publisher.publish("edge/gate-7/e", b"0")
    mqtt_client.wait_topic("edge/gate-7/e", "0")
    broker.kill()
    for n in range(1, 100):
        publisher.publish("edge/gate-7/e", str(n).encode())
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason
    # Listen before the publisher comes back: its next attempt is at least a second after the last.
    broker.start()
    mqtt_client.wait_subscribed()
    late = Collector(broker.url, "edge/gate-7/availability")
    online(publisher)
    wait_until(lambda: publisher.pending == 0, what="all acknowledged")
    assert publisher.published == 100 and publisher.dropped == 0
    assert late.wait_topic(AVAILABILITY, "online")
    late.close()


def test_a_broker_that_dies_amid_a_burst_leaves_nothing_unsent(broker: Broker, make: Make) -> None:
    """What it acknowledged just before it was killed, and kept nowhere, is its own loss; the rest is sent again."""
    publisher = make(broker.url, limit=3000)
    online(publisher)
    before = Collector(broker.url, "edge/gate-7/e")
    for n in range(1500):
        publisher.publish("edge/gate-7/e", str(n).encode())
    before.wait_for(lambda m: m.payload == b"300")
    broker.kill()
    for n in range(1500, 3000):
        publisher.publish("edge/gate-7/e", str(n).encode())
    seen = numbers(before)
    before.close()
    assert seen == list(range(len(seen)))
    broker.start()
    wait_until(lambda: publisher.pending == 0, what="all acknowledged")
    assert (publisher.published, publisher.dropped) == (3000, 0)


def test_retained_states_come_back_after_a_broker_that_forgot_them(broker: Broker, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    publisher.publish("edge/gate-7/cameras/a/state", b"old", retain=True)
    publisher.publish("edge/gate-7/cameras/b/state", b"steady", retain=True)
    wait_until(lambda: publisher.published == 2, what="acknowledged")
    broker.kill()
    wait_until(lambda: publisher.state == "offline", what="offline")
    for n in range(50):
        publisher.publish("edge/gate-7/cameras/a/state", str(n).encode(), retain=True)
    assert publisher.pending == 0  # the last word alone is kept
    broker.start()
    online(publisher)
    wait_until(lambda: publisher.published == 4 and publisher.pending == 0, what="acknowledged")
    collector = Collector(broker.url)
    assert collector.wait_topic("edge/gate-7/cameras/a/state", "49").retain
    assert collector.wait_topic("edge/gate-7/cameras/b/state", "steady").retain
    assert collector.wait_topic(AVAILABILITY, "online").retain
    collector.close()


def test_a_topic_is_cleared_by_an_empty_retained_message(broker: Broker, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    publisher.publish("edge/gate-7/cameras/a/state", b"x", retain=True)
    publisher.publish("edge/gate-7/cameras/a/state", b"", retain=True)
    wait_until(lambda: publisher.published == 2, what="acknowledged")
    collector = Collector(broker.url)
    collector.wait_topic(AVAILABILITY)
    assert not collector.on("edge/gate-7/cameras/#")
    assert publisher._outbox._retained == {}
    collector.close()


def test_a_full_queue_drops_the_oldest_and_counts_them(make_broker: Any, make: Make) -> None:
    broker = make_broker(start=False)
    publisher = make(broker.url, limit=10)
    for n in range(25):
        publisher.publish("edge/gate-7/e", str(n).encode())
    assert (publisher.pending, publisher.dropped) == (10, 15)
    assert [m.payload for m in publisher._outbox._queue] == [str(n).encode() for n in range(15, 25)]


def test_a_wrong_password_is_named_without_being_told(make_broker: Any, make: Make, caplog: Any) -> None:
    broker = make_broker(users={"gate": "right-secret"})
    changes: List[Tuple[str, str]] = []
    publisher = make(broker.url.replace("//", "//gate:wrong-secret@"), on_change=lambda *change: changes.append(change))
    wait_until(lambda: publisher.state == "refused", what="refused")
    assert publisher.reason == "wrong user or password"
    assert changes == [("refused", "wrong user or password")]
    assert "secret" not in repr(publisher.__dict__) + caplog.text


def test_a_broker_that_wants_a_password_says_so(make_broker: Any, make: Make) -> None:
    broker = make_broker(users={"gate": "right"})
    publisher = make(broker.url)
    wait_until(lambda: publisher.state == "refused", what="refused")
    assert publisher.reason == "the broker asks for a user and a password"


def test_the_right_password_is_let_in(make_broker: Any, make: Make) -> None:
    broker = make_broker(users={"gate": "p@ss: word"})
    publisher = make(broker.url, username="gate", password="p@ss: word")
    online(publisher)


def test_a_name_that_is_unknown_and_a_listener_that_is_no_broker(make: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr("edge.events.link.CONNECT_TIMEOUT", 0.5)
    publisher = make("mqtt://no-such-host.invalid")
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason == "the name no-such-host.invalid is not known here"
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        other = make(f"mqtt://127.0.0.1:{deaf.getsockname()[1]}")
        wait_until(lambda: other.state == "offline", what="offline")
        assert other.reason.endswith("takes connections but does not speak MQTT")


def test_a_clean_stop_delivers_and_says_offline(broker: Broker, mqtt_client: Collector, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    for n in range(200):
        publisher.publish("edge/gate-7/e", str(n).encode())
    assert publisher.stop(10.0) == 0
    mqtt_client.wait_topic(AVAILABILITY, "offline")
    assert numbers(mqtt_client) == list(range(200))
    assert publisher.state == "offline"
    assert [m.text for m in mqtt_client.on(AVAILABILITY)] == ["online", "offline"]


def test_stopping_while_still_connecting_delivers_too(broker: Broker, mqtt_client: Collector, make: Make) -> None:
    publisher = make(broker.url)
    publisher.publish("edge/gate-7/e", b"1")
    assert publisher.stop(10.0) == 0
    mqtt_client.wait_topic("edge/gate-7/e", "1")


def test_stop_returns_in_time_when_the_broker_is_away_or_frozen(broker: Broker, make: Make) -> None:
    away = make(f"mqtt://127.0.0.1:{free_port()}")
    away.publish("edge/gate-7/e", b"1")
    wait_until(lambda: away.state == "offline", what="offline")
    began = time.monotonic()
    assert away.stop(3 * PATIENCE) == 1
    assert time.monotonic() - began < PATIENCE  # it does not wait for what cannot come

    frozen = make(broker.url)
    online(frozen)
    broker.freeze()
    frozen.publish("edge/gate-7/e", b"1")
    began = time.monotonic()
    assert frozen.stop(1.5) == 1
    assert time.monotonic() - began < PATIENCE  # and not for ever
    broker.thaw()


def test_publishing_never_waits_for_a_frozen_broker(broker: Broker, make: Make) -> None:
    publisher = make(broker.url, limit=100_000)
    online(publisher)
    broker.freeze()
    began = time.monotonic()
    for _ in range(20_000):
        publisher.publish("edge/gate-7/e", b"x" * 500)
    assert time.monotonic() - began < PATIENCE  # and not for ever
    assert publisher.pending >= 19_000
    broker.thaw()
    wait_until(lambda: publisher.pending == 0, what="all acknowledged")
    assert publisher.published == 20_000


def test_a_failing_listener_stops_nothing(broker: Broker, mqtt_client: Collector, make: Make, caplog: Any) -> None:
    def fail(state: str, reason: str) -> None:
        raise RuntimeError("listener's bug")

    publisher = make(broker.url, on_change=fail)
    publisher.publish("edge/gate-7/e", b"1")
    mqtt_client.wait_topic("edge/gate-7/e", "1")
    assert "listener's bug" in caplog.text


@pytest.mark.parametrize("topic", ["", "a/+/b", "a/#", "a\0b"])
def test_topics_that_nobody_may_publish_to_are_the_callers_error(topic: str) -> None:
    publisher = Publisher(MqttConfig(url="mqtt://127.0.0.1:1"), "gate-7")
    with pytest.raises(ValueError, match="not a topic"):
        publisher.publish(topic, b"")
    assert publisher.stop(0) == 0


PROCESS = """
import sys, time
from edge.config import MqttConfig
from edge.events.publisher import Publisher
Publisher(MqttConfig(url=sys.argv[1], client_id="edge-gate-7"), "gate-7").start()
time.sleep(600)
"""


def test_the_will_is_seen_after_a_kill(broker: Broker, mqtt_client: Collector) -> None:
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    with subprocess.Popen([sys.executable, "-c", PROCESS, broker.url], env=environment) as process:
        try:
            mqtt_client.wait_topic(AVAILABILITY, "online")
            process.send_signal(signal.SIGKILL)
            mqtt_client.wait_topic(AVAILABILITY, "offline")
        finally:
            process.kill()


def test_another_broker_gets_what_the_old_one_did_not(make_broker: Any, make: Make) -> None:
    first, second = make_broker(), make_broker()
    before, after = Collector(first.url), Collector(second.url)
    publisher = make(first.url)
    publisher.publish("edge/gate-7/state", b"up", retain=True)
    for n in range(600):  # a broker drops what a subscriber is 1000 messages behind with
        if n == 300:
            publisher.change(MqttConfig(url=second.url, client_id="edge-gate-7"))
        publisher.publish("edge/gate-7/e", str(n).encode())
    assert after.wait_topic(AVAILABILITY, "online")
    assert after.wait_topic("edge/gate-7/state", "up"), "states go along"
    assert before.wait_topic(AVAILABILITY, "offline"), "the old one is told goodbye"
    wait_until(lambda: set(numbers(before)) | set(numbers(after)) == set(range(600)), what="each came to one of them")
    before.close()
    after.close()


def test_a_broker_that_hangs_is_left_and_the_other_gets_what_it_did_not_answer(make_broker: Any, make: Make) -> None:
    first, second = make_broker(), make_broker()
    after = Collector(second.url)
    publisher = make(first.url)
    online(publisher)
    first.freeze()
    for n in range(100):
        publisher.publish("edge/gate-7/e", str(n).encode())
    publisher.change(MqttConfig(url=second.url, client_id="edge-gate-7"))
    wait_until(lambda: numbers(after) == list(range(100)), what="all of it, in order")
    first.thaw()
    after.close()


def test_a_broker_that_is_away_is_left_at_once(make_broker: Any, make: Make) -> None:
    broker = make_broker()
    publisher = make(f"mqtt://127.0.0.1:{free_port()}")
    wait_until(lambda: publisher.state == "offline", what="offline")
    publisher.publish("edge/gate-7/e", b"1")
    collector = Collector(broker.url)
    publisher.change(MqttConfig(url=broker.url, client_id="edge-gate-7"))
    assert collector.wait_topic("edge/gate-7/e", "1")
    online(publisher)
    collector.close()


def test_a_thread_that_does_not_come_round_is_not_alive(broker: Broker, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    assert publisher.alive(time.monotonic())
    assert not publisher.alive(time.monotonic() + 1000.0)
