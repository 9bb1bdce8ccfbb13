"""Messages of a broker, for a command that shows them."""

from __future__ import annotations

import os
import queue
import time
from collections import deque
from types import TracebackType
from typing import Callable, Deque, Optional, Sequence, Tuple, Type

from edge.config import MqttConfig
from edge.errors import PublishError
from edge.events.mqtt.backoff import Backoff
from edge.events.mqtt.link import Link
from edge.events.mqtt.message import Heard


class Subscription:
    """``with Subscription(mqtt, topics, tell) as messages: messages.get(timeout=…)``.

    Connects and reconnects within ``get``; what happens on the way is told once, in words, by ``tell``. A broker
    that refuses is a PublishError. Retained messages are old news and left out.
    """

    def __init__(self, config: MqttConfig, topics: Sequence[str], tell: Callable[[str], None]) -> None:
        self._config, self._topics, self._tell = config, topics, tell
        self._messages: Deque[Tuple[str, bytes]] = deque()
        self._told = ""
        self._link: Optional[Link] = None
        self._online = False
        self._backoff, self._not_before = Backoff(), 0.0

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._link is not None:
            self._link.close(time.monotonic() + 1.0)

    def get(self, timeout: float) -> Tuple[str, bytes]:
        """Topic and payload of the next; ``queue.Empty`` when none comes in time."""
        until = time.monotonic() + timeout
        while not self._messages:
            now = time.monotonic()
            if now >= until:
                raise queue.Empty
            if self._link is None and now < self._not_before:
                time.sleep(min(until, self._not_before) - now)
                continue
            self._look(until)
        return self._messages.popleft()

    def _look(self, until: float) -> None:
        """Wait for the broker until then, but for the time that connecting takes."""
        link = self._link
        if link is None:
            # A client id of its own: the daemon's is taken.
            link = self._link = Link(self._config, f"edge-tail-{os.getpid()}", heard=self._heard)
            self._online = False
            link.open()
        if link.state in ("connecting", "online"):
            link.step(None, max(0.0, until - time.monotonic()))
        if link.state == "online" and not self._online:
            self._online = True
            link.subscribe(self._topics)
            if self._told:
                self._once(f"connected to {self._config.url}")
                self._told = ""
        if link.unheard:
            raise PublishError(f"{self._config.url}: {link.unheard}")
        if link.state == "refused":
            between = " refuses: " if link.reason.startswith("wrong") else ": "
            raise PublishError(f"{self._config.url}{between}{link.reason}")
        if link.state == "lost":
            what = f"connection to {self._config.url} lost" if self._online else f"cannot reach {self._config.url}"
            self._once(f"{what}; trying again")
            link.abandon()
            self._link = None
            if self._online:
                self._backoff.reset()
            self._not_before = time.monotonic() + self._backoff.delay()

    def _heard(self, message: Heard) -> None:
        if not message.retained:
            self._messages.append((message.topic, message.payload))

    def _once(self, words: str) -> None:
        if words != self._told:
            self._told = words
            self._tell(words)
