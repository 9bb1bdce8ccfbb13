"""The publisher against a real mosquitto."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any, Callable, List, Tuple

import pytest

from edge.config import MqttConfig
from edge.events.mqtt.publisher import Publisher
from scripts.servers import PATIENCE, ROOT, Broker, free_port, wait_until
from tests.support.collector import Collector
from tests.support.memory_spool import MemorySpool

Make = Callable[..., Publisher]
AVAILABILITY = "edge/gate-7/availability"
EVENTS = "edge/gate-7/cameras/gate/events/zone.enter"


def online(publisher: Publisher) -> None:
    wait_until(lambda: publisher.state == "online", what="online")


def numbers(collector: Collector) -> List[int]:
    return [int(m.json["id"]) for m in collector.on(EVENTS)]


def put(spool: MemorySpool, *ns: int) -> None:
    for n in ns:
        spool.event(n)


def test_it_is_online_and_publishes_in_order(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    publisher = make(broker.url)
    online(publisher)
    put(spool, *range(500))
    mqtt_client.wait_for(lambda m: m.topic == EVENTS and m.json["id"] == "499")
    assert numbers(mqtt_client) == list(range(500))
    assert all(m.qos == 1 and not m.retain and m.json["replayed"] is False for m in mqtt_client.on(EVENTS))
    assert mqtt_client.on(AVAILABILITY)[0].text == "online"
    wait_until(lambda: publisher.waiting == 0, what="all acknowledged")
    assert (publisher.state, publisher.published) == ("online", 500)
    assert spool.deliveries == list(range(1, 501))


def test_a_broker_that_is_away_at_start_gets_all_once_it_comes(
    make_broker: Any, make: Make, spool: MemorySpool
) -> None:
    broker = make_broker(start=False)
    publisher = make(broker.url)
    put(spool, *range(50))
    publisher.retain("edge/gate-7/state", b"up")
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason == f"nothing listens at 127.0.0.1:{broker.port}"
    assert publisher.waiting == 50
    broker.start()
    collector = Collector(broker.url)
    online(publisher)
    wait_until(lambda: publisher.waiting == 0, what="all acknowledged")
    assert collector.wait_topic(AVAILABILITY, "online")
    assert collector.wait_topic("edge/gate-7/state", "up")
    wait_until(lambda: publisher.published == 51, what="acknowledged")
    collector.close()


def test_what_was_committed_while_the_broker_was_away_comes_in_order_and_is_called_replayed(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    publisher = make(broker.url)
    online(publisher)
    put(spool, 0)
    mqtt_client.wait_topic(EVENTS)
    broker.kill()
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason
    put(spool, *range(1, 100))
    # Listen before the publisher comes back: its next attempt is at least a second after the last.
    broker.start()
    mqtt_client.wait_subscribed()
    late = Collector(broker.url)
    online(publisher)
    wait_until(lambda: publisher.waiting == 0, what="all acknowledged")
    assert publisher.published == 100
    assert late.wait_topic(AVAILABILITY, "online")
    if late.on(EVENTS):  # else it came too late to hear any
        late.wait_for(lambda m: m.topic == EVENTS and m.json["id"] == "99")
        assert numbers(late) == list(range(numbers(late)[0], 100))
    assert all(m.json["replayed"] is True for m in late.on(EVENTS))
    late.close()


def test_a_broker_that_dies_amid_a_burst_leaves_nothing_unsent(broker: Broker, make: Make, spool: MemorySpool) -> None:
    """What it acknowledged just before it was killed, and kept nowhere, is its own loss; the rest is sent again."""
    publisher = make(broker.url)
    online(publisher)
    before = Collector(broker.url, EVENTS)
    put(spool, *range(1500))
    before.wait_for(lambda m: int(m.json["id"]) == 300)
    broker.kill()
    put(spool, *range(1500, 3000))
    seen = numbers(before)
    before.close()
    assert seen == list(range(len(seen)))
    broker.start()
    wait_until(lambda: publisher.waiting == 0, what="all acknowledged")
    assert publisher.published == 3000
    assert sorted(spool.deliveries) == list(range(1, 3001))


def test_retained_states_come_back_after_a_broker_that_forgot_them(broker: Broker, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    publisher.retain("edge/gate-7/cameras/a/state", b"old")
    publisher.retain("edge/gate-7/cameras/b/state", b"steady")
    wait_until(lambda: publisher.published == 2, what="acknowledged")
    broker.kill()
    wait_until(lambda: publisher.state == "offline", what="offline")
    for n in range(50):
        publisher.retain("edge/gate-7/cameras/a/state", str(n).encode())
    assert publisher.waiting == 0  # the last word alone is kept
    broker.start()
    online(publisher)
    wait_until(lambda: publisher.published == 4 and publisher.waiting == 0, what="acknowledged")
    collector = Collector(broker.url)
    assert collector.wait_topic("edge/gate-7/cameras/a/state", "49").retain
    assert collector.wait_topic("edge/gate-7/cameras/b/state", "steady").retain
    assert collector.wait_topic(AVAILABILITY, "online").retain
    collector.close()


def test_a_topic_is_cleared_by_an_empty_retained_message(broker: Broker, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    publisher.retain("edge/gate-7/cameras/a/state", b"x")
    wait_until(lambda: publisher.published == 1, what="acknowledged")
    publisher.retain("edge/gate-7/cameras/a/state", b"")
    wait_until(lambda: publisher.published == 2, what="acknowledged")
    collector = Collector(broker.url)
    collector.wait_topic(AVAILABILITY)
    assert not collector.on("edge/gate-7/cameras/#")
    assert publisher._outbox._retained == {}
    collector.close()


def test_a_reply_is_said_once_and_not_kept(broker: Broker, mqtt_client: Collector, make: Make) -> None:
    publisher = make(broker.url)
    publisher.say("edge/gate-7/command/reply", b"done")  # before there is a connection
    said = mqtt_client.wait_topic("edge/gate-7/command/reply", "done")
    assert said.qos == 1 and not said.retain


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
    monkeypatch.setattr("edge.events.mqtt.client.CONNECT_TIMEOUT", 0.5)
    publisher = make("mqtt://no-such-host.invalid")
    wait_until(lambda: publisher.state == "offline", what="offline")
    assert publisher.reason == "the name no-such-host.invalid is not known here"
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        other = make(f"mqtt://127.0.0.1:{deaf.getsockname()[1]}")
        wait_until(lambda: other.state == "offline", what="offline")
        assert other.reason.endswith("takes connections but does not speak MQTT")


def test_a_clean_stop_delivers_and_says_offline(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    publisher = make(broker.url)
    online(publisher)
    put(spool, *range(200))
    assert publisher.stop(10.0) == 0
    mqtt_client.wait_topic(AVAILABILITY, "offline")
    assert numbers(mqtt_client) == list(range(200))
    assert publisher.state == "offline"
    assert [m.text for m in mqtt_client.on(AVAILABILITY)] == ["online", "offline"]


def test_stopping_while_still_connecting_delivers_too(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool
) -> None:
    put(spool, 1)
    publisher = make(broker.url)
    assert publisher.stop(10.0) == 0
    mqtt_client.wait_topic(EVENTS)


def test_stop_returns_in_time_when_the_broker_is_away_or_frozen(
    broker: Broker, make: Make, spool: MemorySpool
) -> None:
    away = make(f"mqtt://127.0.0.1:{free_port()}")
    put(spool, 1)
    wait_until(lambda: away.state == "offline", what="offline")
    began = time.monotonic()
    assert away.stop(3 * PATIENCE) == 1
    assert time.monotonic() - began < PATIENCE  # it does not wait for what cannot come

    frozen = make(broker.url)
    wait_until(lambda: spool.waiting == 0, what="delivered")
    broker.freeze()
    put(spool, 2)
    began = time.monotonic()
    assert frozen.stop(1.5) == 1
    assert time.monotonic() - began < PATIENCE  # and not for ever
    broker.thaw()


def test_publishing_never_waits_for_a_frozen_broker(broker: Broker, make: Make, spool: MemorySpool) -> None:
    publisher = make(broker.url)
    online(publisher)
    broker.freeze()
    began = time.monotonic()
    for n in range(10_000):
        put(spool, n)
        publisher.retain("edge/gate-7/state", b"%d" % n)
        publisher.say("edge/gate-7/command/reply", b"x" * 500)
    assert time.monotonic() - began < PATIENCE  # and not for ever
    assert spool.waiting == 10_000
    broker.thaw()
    wait_until(lambda: publisher.waiting == 0, what="all acknowledged")


def test_a_failing_listener_stops_nothing(
    broker: Broker, mqtt_client: Collector, make: Make, spool: MemorySpool, caplog: Any
) -> None:
    def fail(state: str, reason: str) -> None:
        raise RuntimeError("listener's bug")

    make(broker.url, on_change=fail)
    put(spool, 1)
    mqtt_client.wait_topic(EVENTS)
    assert "listener's bug" in caplog.text


@pytest.mark.parametrize("topic", ["", "a/+/b", "a/#", "a\0b"])
def test_topics_that_nobody_may_publish_to_are_the_callers_error(topic: str, make: Make) -> None:
    publisher = make("mqtt://127.0.0.1:1", start=False)
    with pytest.raises(ValueError, match="not a topic"):
        publisher.retain(topic, b"")
    with pytest.raises(ValueError, match="not a topic"):
        publisher.say(topic, b"")
    assert publisher.stop(0) == 0


PROCESS = """
import sys, time
from edge.config import MqttConfig
from edge.events.mqtt.publisher import Publisher
from tests.support.memory_spool import MemorySpool
config = MqttConfig(url=sys.argv[1], client_id="edge-gate-7")
Publisher(config, "gate-7", MemorySpool(), lambda file: None).start()
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


def test_another_broker_gets_what_the_old_one_did_not(make_broker: Any, make: Make, spool: MemorySpool) -> None:
    first, second = make_broker(), make_broker()
    before, after = Collector(first.url), Collector(second.url)
    publisher = make(first.url)
    publisher.retain("edge/gate-7/state", b"up")
    for n in range(600):  # a broker drops what a subscriber is 1000 messages behind with
        if n == 300:
            publisher.change(MqttConfig(url=second.url, client_id="edge-gate-7"))
        put(spool, n)
    assert after.wait_topic(AVAILABILITY, "online")
    assert after.wait_topic("edge/gate-7/state", "up"), "states go along"
    assert before.wait_topic(AVAILABILITY, "offline"), "the old one is told goodbye"
    wait_until(lambda: set(numbers(before)) | set(numbers(after)) == set(range(600)), what="each came to one of them")
    before.close()
    after.close()


def test_a_broker_that_hangs_is_left_and_the_other_gets_what_it_did_not_answer(
    make_broker: Any, make: Make, spool: MemorySpool
) -> None:
    first, second = make_broker(), make_broker()
    after = Collector(second.url)
    publisher = make(first.url)
    online(publisher)
    first.freeze()
    put(spool, *range(100))
    publisher.change(MqttConfig(url=second.url, client_id="edge-gate-7"))
    wait_until(lambda: numbers(after) == list(range(100)), what="all of it, in order")
    assert all(m.json["replayed"] for m in after.on(EVENTS)), "the first may have them too"
    first.thaw()
    after.close()


def test_a_broker_that_is_away_is_left_at_once(make_broker: Any, make: Make, spool: MemorySpool) -> None:
    broker = make_broker()
    publisher = make(f"mqtt://127.0.0.1:{free_port()}")
    wait_until(lambda: publisher.state == "offline", what="offline")
    put(spool, 1)
    collector = Collector(broker.url)
    publisher.change(MqttConfig(url=broker.url, client_id="edge-gate-7"))
    assert collector.wait_topic(EVENTS)
    online(publisher)
    collector.close()


def test_a_thread_that_does_not_come_round_is_not_alive(broker: Broker, make: Make) -> None:
    publisher = make(broker.url)
    online(publisher)
    assert publisher.alive(time.monotonic())
    assert not publisher.alive(time.monotonic() + 1000.0)
