"""Fixtures for publishing."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from edge.config import MqttConfig
from edge.events.mqtt.publisher import Publisher
from tests.support.fake_broker import FakeBroker
from tests.support.memory_spool import MemorySpool


@pytest.fixture
def spool() -> MemorySpool:
    return MemorySpool()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The back-off's steps are tenths of seconds."""
    monkeypatch.setattr("edge.events.mqtt.backoff.FIRST", 0.05)
    monkeypatch.setattr("edge.events.mqtt.backoff.LONGEST", 0.2)


@pytest.fixture
def make(spool: MemorySpool) -> Iterator[Callable[..., Publisher]]:
    """``make(url, on_change=…, pictures={…}, spool=…, username=…)``: a started publisher of device gate-7."""
    made: List[Publisher] = []

    def start(
        url: str,
        on_change: Any = lambda *_: None,
        pictures: Optional[Dict[str, bytes]] = None,
        start: bool = True,
        **mqtt: Any,
    ) -> Publisher:
        config = MqttConfig(url=url, **{"client_id": "edge-gate-7", **mqtt})
        made.append(Publisher(config, "gate-7", spool, (pictures or {}).get, on_change))
        if start:
            made[-1].start()
        return made[-1]

    yield start
    for publisher in made:
        publisher.stop(2.0)


@pytest.fixture
def fake() -> Iterator[Callable[..., FakeBroker]]:
    """``fake(answer, connack=…, properties=…)``: a scripted broker."""
    made: List[FakeBroker] = []

    def start(*args: Any, **how: Any) -> FakeBroker:
        made.append(FakeBroker(*args, **how))
        return made[-1]

    yield start
    for broker in made:
        broker.close()
