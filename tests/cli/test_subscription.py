"""What a command hears of a broker."""

from __future__ import annotations

import queue
import time
from pathlib import Path
from typing import Any, List, Tuple

import pytest

from edge.cli.subscription import Subscription
from edge.config import MqttConfig
from edge.errors import PublishError
from edge.events.mqtt.publisher import Publisher
from scripts.servers import PATIENCE, Broker, wait_until
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool
from tests.support.tls_broker import Authority, TlsBroker


def first(messages: Subscription) -> Tuple[str, bytes]:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return messages.get(timeout=0.5)
        except queue.Empty:
            assert time.monotonic() < end


def heard(config: MqttConfig) -> Tuple[str, bytes]:
    """The first thing that comes, of a publisher that says the same again and again; a retained state is left out."""
    told: List[str] = []
    daemon = config.model_copy(update={"client_id": "edge-gate-7"})
    publisher = Publisher(daemon, "gate-7", MemorySpool(), lambda _: None)
    publisher.retain("edge/gate-7/old", b"old")
    publisher.start()
    wait_until(lambda: publisher.published == 1, what="retained")
    try:
        with Subscription(config, ["edge/#"], told.append) as messages:
            while True:
                publisher.say("edge/gate-7/news", b"new")
                try:
                    return messages.get(timeout=0.1)
                except queue.Empty:
                    continue
    finally:
        publisher.stop(5.0)


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_both_versions(version: str, broker: Broker) -> None:
    assert heard(MqttConfig(url=broker.url, version=version)) == ("edge/gate-7/news", b"new")


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_tls(version: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    with TlsBroker(authority.file, authority.sign("server", "DNS:localhost")) as broker:
        config = MqttConfig(url=broker.url, version=version, tls={"ca": str(authority.file)})
        assert heard(config) == ("edge/gate-7/news", b"new")
        why = r"localhost:\d+: the broker's certificate is signed by none of"
        with Subscription(MqttConfig(url=broker.url), ["#"], print) as messages, pytest.raises(PublishError, match=why):
            first(messages)


def test_a_connection_that_breaks_is_made_again_and_told_of_once(monkeypatch: Any) -> None:
    monkeypatch.setattr("edge.events.mqtt.backoff.FIRST", 0.05)
    told: List[str] = []
    with FakeBroker() as broker, Subscription(MqttConfig(url=broker.url), ["edge/#"], told.append) as messages:

        def connected(times: int) -> bool:
            with pytest.raises(queue.Empty):
                messages.get(timeout=0.05)
            return [n for n, _ in broker.subscribed] == list(range(1, times + 1))

        wait_until(lambda: connected(1), what="subscribed")
        broker.end()
        wait_until(lambda: connected(2), what="subscribed again")
        broker.say("edge/gate-7/news", b"new")
        assert first(messages) == ("edge/gate-7/news", b"new")
        assert told == [f"connection to {broker.url} lost; trying again", f"connected to {broker.url}"]
