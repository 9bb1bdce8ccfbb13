"""What waits for the broker in memory alone: the last word on each retained topic, and replies."""

from __future__ import annotations

import threading
from collections import deque
from typing import Deque, Dict, Iterable, Optional

from edge.events.mqtt.message import Message

REPLIES = 1000  # that wait at most; the oldest go


class Outbox:
    """Filled by any thread, emptied by the publisher's.

    A retained message is kept by topic and sent again at every connect, so that a broker that lost its store, or a
    state that changed while nobody could be told, comes right by itself. Of several words on a topic that wait, the
    last alone is sent.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replies: Deque[Message] = deque(maxlen=REPLIES)
        self._retained: Dict[str, Message] = {}
        self._due: Dict[str, None] = {}  # topics that the present broker has to be told, in order
        self._later: Dict[str, None] = {}  # topics that it did not take
        self._connected = False

    def __len__(self) -> int:
        return len(self._due) + len(self._replies)

    def put(self, message: Message) -> None:
        with self._lock:
            if not message.retain:
                self._replies.append(message)
                return
            self._retained[message.topic] = message
            self._later.pop(message.topic, None)
            if self._connected:
                self._due.pop(message.topic, None)
                self._due[message.topic] = None

    def take(self) -> Optional[Message]:
        """The next to be sent."""
        with self._lock:
            if self._due:
                topic = next(iter(self._due))
                del self._due[topic]
                return self._retained[topic]
            return self._replies.popleft() if self._replies else None

    def pick(self, topic: str) -> Optional[Message]:
        """The word on ``topic``, out of its turn; None if there is none any more."""
        with self._lock:
            self._due.pop(topic, None)
            return self._retained.get(topic)

    def other(self, topic: object) -> Optional[str]:
        """Another topic that there is a word on."""
        with self._lock:
            return next((t for t in self._retained if t != topic), None)

    def connected(self) -> None:
        """From now on messages can leave: every retained one first."""
        with self._lock:
            self._connected = True
            self._due = dict.fromkeys(self._retained)
            self._later.clear()

    def disconnected(self, unacknowledged: Iterable[Message]) -> None:
        """Replies that were sent but not acknowledged come first at the next connection, in their order."""
        with self._lock:
            self._connected = False
            self._due.clear()
            replies = [*(m for m in unacknowledged if not m.retain and not m.n), *self._replies]
            self._replies = deque(replies, maxlen=REPLIES)

    def acknowledged(self, message: Message) -> None:
        """The broker has it. An empty retained message has done its work then: the topic is gone."""
        with self._lock:
            if message.retain and not message.payload and self._retained.get(message.topic) is message:
                del self._retained[message.topic]

    def refused(self, message: Message) -> None:
        """The broker did not take a retained one; it is told again by :meth:`again`."""
        with self._lock:
            if self._retained.get(message.topic) is message:
                self._later[message.topic] = None

    def again(self) -> None:
        with self._lock:
            self._due.update(self._later)
            self._later.clear()

    def forget(self, topic: str) -> None:
        """Give it up: it will not be told any more."""
        with self._lock:
            self._retained.pop(topic, None)
            self._due.pop(topic, None)
            self._later.pop(topic, None)
