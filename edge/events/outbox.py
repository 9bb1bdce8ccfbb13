"""What waits to be published: a bounded queue, and the last word on each retained topic."""

from __future__ import annotations

import threading
from collections import deque
from typing import Deque, Dict, Iterable, List, NamedTuple, Optional


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Outbox:
    """Filled by any thread, emptied by the publisher's.

    A retained message is kept by topic and sent again at every connect, so that a broker that lost its store, or a
    state that changed while nobody could be told, comes right by itself. While there is no connection such messages
    take no place in the queue: an offline camera's changing state never pushes an event out.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.dropped = 0
        self._lock = threading.Lock()
        self._queue: Deque[Message] = deque()
        self._retained: Dict[str, Message] = {}
        self._connected = False

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, message: Message) -> bool:
        """Queue it; False when the oldest had to go for it."""
        with self._lock:
            if message.retain:
                self._retained.pop(message.topic, None)
                self._retained[message.topic] = message
                if not self._connected:
                    return True
            self._queue.append(message)
            if len(self._queue) <= self.limit:
                return True
            self._queue.popleft()
            self.dropped += 1
            return False

    def take(self) -> Optional[Message]:
        """The next to be sent."""
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def connected(self) -> None:
        """From now on messages can leave: every retained one first."""
        with self._lock:
            self._connected = True
            self._queue.extendleft(reversed(list(self._retained.values())))

    def disconnected(self, unacknowledged: Iterable[Message]) -> None:
        """Messages that were sent but not acknowledged come first at the next connection, in their order."""
        with self._lock:
            self._connected = False
            events: List[Message] = [m for m in (*unacknowledged, *self._queue) if not m.retain]
            excess = max(0, len(events) - self.limit)
            self.dropped += excess
            self._queue = deque(events[excess:])

    def acknowledged(self, message: Message) -> None:
        """The broker has it. An empty retained message has done its work then: the topic is gone."""
        with self._lock:
            if message.retain and not message.payload and self._retained.get(message.topic) is message:
                del self._retained[message.topic]
