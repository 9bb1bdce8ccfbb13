"""Entries that are not committed yet: in the intake, and in memory."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import Callable, Deque, List, Optional

from edge import log
from edge.events.spool.entry import Entry
from edge.events.spool.intake import Intake
from edge.events.spool.record import pack

_logger = logging.getLogger(__name__)

ROWS, BYTES = 10_000, 16_000_000


class Pending:
    """Not thread-safe: the spool's lock is around every call. ``lost`` is told from which number to which entries had
    to go because there were too many."""

    def __init__(self, folder: Path, lost: Callable[[int, int], None]) -> None:
        self._folder, self._lost = folder, lost
        self._intake: Optional[Intake] = None
        self._entries: Deque[Entry] = deque()
        self._batch: List[Entry] = []  # being committed
        self._bytes = 0
        self.next = 1  # the next number

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def held(self) -> List[Entry]:
        """All of them, in order."""
        return [*self._batch, *self._entries]

    def open(self) -> List[Entry]:
        """Open the intake; what an earlier process left in it."""
        try:
            self._intake = Intake(self._folder, BYTES)
            return self._intake.read()
        except OSError as e:
            self._without(e)
            return []

    def take_over(self, entries: List[Entry]) -> None:
        """Entries that are in the intake already."""
        self._entries.extend(entries)
        self._bytes += sum(len(e.payload) for e in entries)
        self.next = entries[-1].n + 1
        self._trim()

    def put(self, kind: str, camera: str, type: str, payload: bytes) -> int:
        """How many are waiting now."""
        n = self.next
        self.next = n + 1
        if self._intake is not None:
            try:
                self._intake.write(n, pack(kind, camera, type, payload))
            except OSError as e:
                self._without(e)
        self._entries.append(Entry(n, kind, camera, type, payload))
        self._bytes += len(payload)
        waiting = len(self._entries)
        if waiting > ROWS or self._bytes > BYTES:
            self._trim()
        return waiting

    def take(self) -> List[Entry]:
        """The batch to commit next: everything."""
        if self._intake is not None:
            self._intake.turn()
        self._batch, self._bytes = list(self._entries), 0
        self._entries.clear()
        return self._batch

    def settle(self) -> None:
        """It is committed."""
        batch, self._batch = self._batch, []
        if batch and self._intake is not None:
            try:
                self._intake.committed(batch[-1].n)
            except OSError as e:
                self._without(e)

    def give_back(self) -> None:
        """It is not, and waits again in front of the others."""
        batch, self._batch = self._batch, []
        self._entries.extendleft(reversed(batch))
        self._bytes += sum(len(e.payload) for e in batch)
        self._trim()

    def close(self) -> None:
        if self._intake is not None:
            self._intake.close()
            self._intake = None

    def _trim(self) -> None:
        first = self._entries[0].n if self._entries else 0
        while len(self._entries) > ROWS or (self._bytes > BYTES and len(self._entries) > 1):
            self._bytes -= len(self._entries.popleft().payload)
        if self._entries and self._entries[0].n > first:
            self._lost(first, self._entries[0].n - 1)

    def _without(self, error: OSError) -> None:
        self.close()
        log.event(
            _logger, "events are not kept in memory until they are on disk: a crash may lose those of 200 ms",
            logging.WARNING, folder=str(self._folder), reason=error.strerror or str(error),
        )  # fmt: skip
