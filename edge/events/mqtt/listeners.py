"""Who wants to hear what comes from the broker."""

from __future__ import annotations

import logging
import threading
from typing import Callable, List, Sequence, Tuple

from paho.mqtt.client import topic_matches_sub

from edge.events.mqtt.link import Link
from edge.events.mqtt.message import Heard

_logger = logging.getLogger(__name__)


class Listeners:
    """Any thread may add; the rest is the publisher's. Subscriptions live as long as a connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: List[Tuple[Sequence[str], Callable[[Heard], None]]] = []
        self._subscribed = 0

    def add(self, filters: Sequence[str], heard: Callable[[Heard], None]) -> None:
        with self._lock:
            self._all = [*self._all, (tuple(filters), heard)]

    def connected(self) -> None:
        """This broker has been told nothing yet."""
        self._subscribed = 0

    def subscribe(self, link: Link) -> None:
        """Whatever it does not know of yet."""
        everybody = self._all
        for filters, _ in everybody[self._subscribed :]:
            link.subscribe(filters)
        self._subscribed = len(everybody)

    def heard(self, message: Heard) -> None:
        for filters, heard in self._all:
            if any(topic_matches_sub(pattern, message.topic) for pattern in filters):
                try:
                    heard(message)
                except Exception:
                    _logger.exception("a message from the broker could not be dealt with")
