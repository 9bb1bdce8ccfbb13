"""Puts batches of entries into the file with as few pages as can be: into slots, and when those are full into a block.

Nothing changes here until :meth:`Writer.settle`, so that a transaction that fails can be tried again.
"""

from __future__ import annotations

import calendar
import re
import time
from typing import List, NamedTuple, Optional, Sequence, Tuple

from edge.events.spool.database import SLOT_ROOM, SLOTS, Block, Database
from edge.events.spool.entry import Entry
from edge.events.spool.record import spans
from edge.events.spool.squeeze import BASE, Squeezer

#: A block has at most this.
ENTRIES, BYTES = 256, 256_000
_SAMPLES = 40  # events that a dictionary is made of
_MOST_DICTIONARIES = 0xFFFF
# A batch that would need more slots goes into a block at once.
_SLOTS_A_BATCH = 3
_TIME = re.compile(rb'"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)')


class _Position(NamedTuple):
    slot: int  # the next to be written
    tail: List[Entry]  # what is in slots and in no block
    clock: int  # when the oldest of those came


class Writer:
    """For the spool's thread, which opens the transactions."""

    def __init__(self, database: Database) -> None:
        """Raises sqlite3.Error and Damaged."""
        self._database = database
        self._next: Optional[_Position] = None
        self.reload()

    def reload(self) -> None:
        """Somebody else may have written."""
        tail, clock = self._database.tail(self._database.newest_block())
        # Where the newest slots are is not known, so the first batch makes a block of them.
        self._at = _Position(SLOTS, tail, clock)
        self._learnt, self._learning = False, 0  # a dictionary, of what has come since
        self._database.squeezer.using = max(BASE, self._database.newest_dictionary())

    @property
    def tail(self) -> List[Entry]:
        return self._at.tail

    def tail_age(self, clock: float) -> float:
        """Seconds since the oldest of the tail came; 0 if there is none."""
        return clock - self._at.clock if self._at.tail else 0.0

    def write(
        self, batch: Sequence[Entry], clock: float, skip: Sequence[Tuple[int, int]] = (), block: bool = False
    ) -> None:
        """Within a transaction. What is in the ranges ``skip`` is left out. ``block``: make a block in any case."""
        now, (slot, tail, since) = int(clock), self._at
        together = [*tail, *batch]
        bodies = None if block else _slots(self._database.squeezer, batch)
        fits = bodies is not None and slot + len(bodies) <= SLOTS and len(together) <= ENTRIES
        if bodies is not None and fits and sum(len(e.payload) for e in together) <= BYTES:
            for n, body in bodies:
                self._database.set_slot(slot, n, now, body)
                slot += 1
            self._next = _Position(slot, together, since if tail else now)
            return
        kept = [e for e in together if not any(first <= e.n <= last for first, last in skip)]
        for part in spans(kept, ENTRIES, BYTES):
            oldest, newest = event_times(part)
            squeezed = self._database.squeezer.squeeze(part)
            self._database.add_block(Block(part[-1].n, now, oldest, newest, squeezed))
        if not self._learnt and len(kept) >= _SAMPLES:
            self._learn(kept[-_SAMPLES:])
        self._next = _Position(0, [], 0)

    def _learn(self, samples: Sequence[Entry]) -> None:
        number = self._database.newest_dictionary(emptied=True) + 1
        if number <= _MOST_DICTIONARIES:
            self._database.add_dictionary(number, samples[-1].n + 1, self._database.squeezer.sample(samples))
            self._learning = number

    def settle(self) -> None:
        """The transaction was committed."""
        if self._next is not None:
            self._at, self._next = self._next, None
        if self._learning:
            self._database.squeezer.using, self._learnt, self._learning = self._learning, True, 0

    def forget(self) -> None:
        """It was not."""
        self._next, self._learning = None, 0


def _slots(squeezer: Squeezer, batch: Sequence[Entry]) -> Optional[List[Tuple[int, bytes]]]:
    """The batch in parts that fit a slot each, with the newest number of each; None where that would be too many."""
    if len(batch) > 24:  # more never fit
        return None
    for parts in range(1, _SLOTS_A_BATCH + 1):
        size = -(-len(batch) // parts)
        found = []
        for part in spans(batch, size, BYTES):
            body = squeezer.squeeze(part)
            if len(body) > SLOT_ROOM:
                break
            found.append((part[-1].n, body))
        else:
            return found if len(found) <= _SLOTS_A_BATCH else None
    return None


def event_times(entries: Sequence[Entry]) -> Tuple[int, int]:
    """Seconds since 1970 of the oldest and the newest event, by their own time; any time, where they tell none."""
    told = [match.group(1) for match in (_TIME.search(e.payload) for e in entries) if match is not None]
    if len(told) < len(entries):
        return 0, 1 << 40
    return _seconds(min(told)), _seconds(max(told))


def _seconds(told: bytes) -> int:
    try:
        return calendar.timegm(time.strptime(told.decode(), "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return 0
