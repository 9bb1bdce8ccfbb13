"""Which entry of the spool goes next: one stream where little waits, two lanes behind a long backlog."""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, Optional, Tuple

from edge.events.mqtt.refusals import Refusals, Topic, topic_of
from edge.events.mqtt.source import Source
from edge.events.spool.entry import Entry

SHORT = 1000  # entries: a backlog up to this goes in one stream with what is new
PAGE = 200  # entries that are read ahead in each lane
# Of four, three may be new ones while there is something to replay.
SHARE = 3
STUCK = 10.0  # seconds after which new entries do not wait any more for what the disk does not give


class _Lane:
    """Entries after ``after``, up to and with ``upto`` (None: as they come), but for those on their way."""

    def __init__(self, spool: Source, after: int, upto: Optional[int]) -> None:
        self._spool, self._after, self._upto = spool, after, upto
        self._page: Deque[Entry] = deque()

    def peek(self, flying: Dict[int, Topic], refusals: Refusals) -> Optional[Entry]:
        while True:
            while self._page:
                if not refusals.left_out(self._page[0]):
                    return self._page[0]
                self._page.popleft()
            # Read before the entries are: what is put in between is found the next time.
            last = self._spool.last if self._upto is None else self._upto
            if self._after >= last:
                return None
            found = self._spool.fetch(self._after, PAGE)
            reached = found[-1].n if found else self._spool.reached
            if self._upto is not None:
                found = [entry for entry in found if entry.n <= last]
                reached = min(reached, last)
            if reached <= self._after:  # the disk does not give it now: it is asked again the next time
                return None
            self._after = reached
            self._page.extend(entry for entry in found if entry.n not in flying)

    @property
    def through(self) -> bool:
        """Whether there is nothing left in it, as far as ``upto``."""
        return not self._page and (self._upto is None or self._after >= self._upto)

    def take(self) -> Entry:
        return self._page.popleft()


class Lanes:
    """For one connection. What was put up to ``boundary`` was there before it.

    An entry that :meth:`next` gave is on its way until it is settled or refused.
    """

    def __init__(self, spool: Source, boundary: int, now: float) -> None:
        self.refusals = Refusals()
        self._spool, self._boundary, self._reached = spool, boundary, boundary
        self._flying: Dict[int, Topic] = {}
        self._left = spool.waiting
        self._apart = self._left > SHORT
        self._replay, self._live = _Lane(spool, 0, boundary), _Lane(spool, boundary, None)
        self._row = 0
        self._stuck_at = 0.0  # since when the disk does not give what waits
        self._replaying = self._peek_replay(now) is not None

    @property
    def replaying(self) -> bool:
        """Whether there is a backlog left to be sent."""
        return self._replaying

    def left(self) -> int:
        """Entries of the backlog that the broker does not have."""
        at_end = not self._replaying and self._replay.through and not self.refusals.pending
        if at_end and not any(n <= self._boundary for n in self._flying):
            self._left = 0
        return self._left

    def next(self, now: float) -> Optional[Tuple[Entry, bool]]:
        """The entry that goes next, taken out of its lane, and whether it waited, or was sent before."""
        replay = self._peek_replay(now)
        self._replaying = replay is not None
        if replay is None and not self._replay.through and not self.refusals.waiting:
            self._stuck_at = self._stuck_at or now
            self._apart = self._apart or now - self._stuck_at > STUCK
        else:
            self._stuck_at = 0.0
        live = self._peek_live() if self._apart or (replay is None and self._replay.through) else None
        if live is not None and (replay is None or self._row < SHARE):
            self._row += 1
            waited = live.old or live.n <= self._reached
            self._reached = live.n
            return self._sent(self._live.take()), waited
        if replay is None:
            return None
        self._row = 0
        return self._sent(self._replay.take()), True

    def ready(self, now: float) -> bool:
        """Whether :meth:`next` would give something."""
        return self._peek_replay(now) is not None or self._peek_live() is not None

    def settled(self, n: int) -> None:
        """The broker has it, or it was given up."""
        self.refusals.settled(n, self._flying.pop(n, None))
        if n <= self._boundary:
            self._left = max(0, self._left - 1)

    def refused(self, n: int, why: str, now: float) -> None:
        """The broker did not take it: it comes again, and the others do not wait for it."""
        self._apart = True
        self.refusals.refused(n, self._flying.pop(n), why, now)

    def _sent(self, entry: Entry) -> Entry:
        self._flying[entry.n] = topic_of(entry)
        self.refusals.sending(entry)
        return entry

    def _peek_live(self) -> Optional[Entry]:
        return self._live.peek(self._flying, self.refusals)

    def _peek_replay(self, now: float) -> Optional[Entry]:
        if self.refusals.waiting:
            return None
        found = self._replay.peek(self._flying, self.refusals)
        if found is None and self._replay.through:
            again = self.refusals.again(now, not self._flying)
            if again is not None:
                self._replay = _Lane(self._spool, again[0] - 1, again[1])
                found = self._replay.peek(self._flying, self.refusals)
        return found
