"""How many are on their way."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List

from edge.events.mqtt.publisher import Publisher
from edge.events.mqtt.window import WIDE, WINDOW, Window
from scripts.servers import wait_until
from tests.support.fake_broker import FakeBroker, Published
from tests.support.memory_spool import MemorySpool


def test_it_widens_for_a_backlog_as_long_as_answers_come_soon() -> None:
    window = Window()
    assert window.size(True, 65535) == WINDOW
    for n in range(500):
        window.answered(0.3, n * 0.01)  # a long way is no queue
    assert window.size(True, 65535) == WIDE
    assert window.size(False, 65535) == WINDOW
    assert window.size(True, 30) == 30, "what the broker takes"
    assert window.size(False, 1) == 1


def test_it_narrows_where_answers_come_late_but_once_for_all_that_are_on_their_way() -> None:
    window = Window()
    for _ in range(500):
        window.answered(0.01, 0.0)
    for n in range(200):
        window.answered(0.5, 1.0 + n * 0.001)
    assert window.size(True, 65535) == WIDE // 2
    for n in range(100):
        window.answered(2.0, 10.0 + 3.0 * n)
    assert window.size(True, 65535) == WINDOW


def test_new_events_are_soon_through_a_slow_line_with_a_long_backlog(
    make: Callable[..., Publisher], fake: Callable[..., FakeBroker], spool: MemorySpool
) -> None:
    """The broker takes 250 messages a second at most: that is all that there is to share."""

    def slowly(_: Published) -> int:
        time.sleep(0.004)
        return 0

    broker = fake(slowly)
    for n in range(2000):
        spool.event(n)
    committed: Dict[int, float] = {}
    waited: List[float] = []
    delivered = spool.delivered

    def note(ns: Any) -> None:
        now = time.monotonic()
        waited.extend(now - committed[n] for n in ns if n in committed)
        delivered(ns)

    spool.delivered = note  # type: ignore[method-assign]
    publisher = make(broker.url)
    wait_until(lambda: publisher.figures()["replaying"], what="replaying")
    while publisher.figures()["replaying"]:
        committed[spool.last + 1] = time.monotonic()
        spool.event("new")
        time.sleep(0.05)
    assert len(waited) > 50
    assert sorted(waited)[int(0.95 * len(waited))] < 1.0
