"""Entries that the broker answered with a refusal (MQTT 5): its quota is used up, or it lets us write elsewhere alone.

None is given up, and no other waits for them. The entries of a topic that was refused are left out of this round
through what waits; after a while, longer each time, the next round begins with them. There one entry of such a topic
goes ahead of its others.
"""

from __future__ import annotations

from typing import Optional, Set, Tuple

from edge.events.mqtt.backoff import Backoff
from edge.events.spool.entry import Entry

ROW = 3  # refusals with nothing taken in between, after which the broker is said to take nothing

# Kind, camera and type: what a topic is made of, but for a picture's event.
Topic = Tuple[str, str, str]


def topic_of(entry: Entry) -> Topic:
    return entry.kind, entry.camera, entry.type


class Refusals:
    """``reason``: why, in words, while there is something that was refused."""

    def __init__(self) -> None:
        self.reason = ""
        self._first = self._last = 0  # what was refused or left out lies between these
        self._row = 0
        self._until = 0.0
        self._closed: Set[Topic] = set()
        self._doubtful: Set[Topic] = set()
        self._trial = 0
        self._backoff = Backoff()

    @property
    def pending(self) -> bool:
        return bool(self._first)

    @property
    def everything(self) -> bool:
        """Whether nothing at all is taken at present."""
        return self._row >= ROW

    @property
    def waiting(self) -> bool:
        """Whether one entry is tried at this moment, and its answer comes first."""
        return bool(self._trial)

    def refused(self, n: int, topic: Topic, why: str, now: float) -> None:
        self._row += 1
        self.reason = self.reason or why
        self._leave(n)
        self._closed.add(topic)
        if self._until <= now:
            self._until = now + self._backoff.delay()
        if n == self._trial:
            self._trial = 0

    def settled(self, n: int, topic: Optional[Topic]) -> None:
        """The broker has it, or it was given up."""
        self._row = 0
        if n == self._trial:
            self._trial = 0
        if topic is not None:
            self._doubtful.discard(topic)

    def left_out(self, entry: Entry) -> bool:
        """Whether it has to wait for the next round."""
        if topic_of(entry) not in self._closed:
            return False
        self._leave(entry.n)
        return True

    def sending(self, entry: Entry) -> None:
        if topic_of(entry) in self._doubtful:
            self._trial = entry.n

    def again(self, now: float, idle: bool) -> Optional[Tuple[int, int]]:
        """Where the next round begins and ends, if it is time for one. ``idle``: nothing is on its way."""
        if not self._first:
            if idle:
                self._row, self.reason = 0, ""
                self._closed.clear()
                self._doubtful.clear()
                self._backoff.reset()
            return None
        if now < self._until:
            return None
        found = self._first, self._last
        self._first = self._last = 0
        self._doubtful, self._closed = self._closed, set()
        return found

    def _leave(self, n: int) -> None:
        self._first, self._last = min(self._first or n, n), max(self._last, n)
