"""What one lane has learned of its device and of what comes to it, and what follows for the next batch."""

from collections import deque
from itertools import islice
from typing import Deque

from .balance import Load
from .service import ServiceTimes
from .window import Open, hold_s, places

# How much of a measured time the last one is.
_NEWS = 0.1
# What a run takes beside the device's own time (its thread has to be woken, and gets the interpreter late) counts up to
# so many times that: more was somebody else's.
_BESIDE = 2.0
# After a pause the time between two pictures says nothing of those to come.
_LONGEST_GAP_S = 1.0


class Pace:
    """``most``: pictures in a batch. Times are seconds of one monotonic clock."""

    def __init__(self, most: int) -> None:
        self.times = ServiceTimes(most)
        #: How many pictures may wait.
        self.room = places(most, 0.0, 0.0, 0.0)
        #: The sizes of the batches in slots, since when the first of them has the device, and since when those that are
        #: prepared could have it.
        self._running: Deque[int] = deque()
        self._since = 0.0
        self._ready: Deque[float] = deque()
        self._prepare_s = self._gap_s = 0.0
        self._last_came = 0.0

    @property
    def running(self) -> int:
        """Pictures in slots."""
        return sum(self._running)

    def came(self, now: float) -> None:
        """A picture more waits."""
        gap, self._last_came = now - self._last_came, now
        if gap < _LONGEST_GAP_S:
            self._gap_s += (gap - self._gap_s) * (_NEWS if self._gap_s else 1.0)

    def began(self, count: int, now: float) -> None:
        """A slot is filled with so many."""
        if not self._running:
            self._since = now
        self._running.append(count)

    def prepared(self, count: int, seconds: float, now: float) -> None:
        """That took so long."""
        self._ready.append(now)
        self._prepare_s += (seconds / count - self._prepare_s) * (_NEWS if self._prepare_s else 1.0)

    def ended(self, count: int, busy_s: float, at: float) -> None:
        """A run is over; the device was busy with it for so long."""
        took = at - max(self._since, self._ready[0])
        self.lost()
        self._since = at
        self.times.observe(count, min(max(busy_s, took), _BESIDE * busy_s))

    def lost(self) -> None:
        """A batch has failed."""
        self._running.popleft()
        if self._ready:
            self._ready.popleft()

    def tune(self, answer_s: float, budget_s: float) -> None:
        """So long an answer to a credit takes; and the smallest budget of those that send pictures here."""
        self.room = places(self.times.most, self.times.picture_s, answer_s, budget_s)

    def load(self, waiting: int, now: float) -> Load:
        """What the lane has to do."""
        return Load(waiting, self.room, self._left_s(now, early=False), self.times)

    def hold_s(self, waiting: int, patience_s: float, now: float) -> float:
        """For how long the next batch is left open. ``patience_s``: of the least patient one that waits."""
        most = self.times.most
        if waiting >= most:
            return 0.0
        prepare, left = self._prepare_s * waiting, self._left_s(now, early=True)
        return hold_s(Open(waiting, most, self._gap_s, left, prepare, patience_s), self.times)

    def _left_s(self, now: float, early: bool) -> float:
        """Until the device is done with what is in slots: as is to be expected, or at the earliest."""
        if not self._running:
            return 0.0
        expect = self.times.early if early else self.times.expect
        first = max(1e-6, expect(self._running[0]) - (now - self._since))
        return first + sum([expect(count) for count in islice(self._running, 1, None)])
