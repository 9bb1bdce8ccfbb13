"""The newest committed entries, in memory: who sends them at once reads nothing back from the disk."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import List, Sequence

from edge.events.spool.entry import Entry

ROWS, BYTES = 1000, 2_000_000


class Recent:
    """In order; everything that was committed after the oldest one of these is here. Not thread-safe."""

    def __init__(self) -> None:
        self._entries: List[Entry] = []
        self._numbers: List[int] = []
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def first(self) -> int:
        """Number of the oldest one; 0 if there is none."""
        return self._numbers[0] if self._numbers else 0

    def add(self, entries: Sequence[Entry], keep: int = 0) -> None:
        """Older ones go, but none from the number ``keep`` on (0: all may)."""
        self._entries += entries
        self._numbers += (e.n for e in entries)
        self._bytes += sum(len(e.payload) for e in entries)
        # Trimmed by halves: taking single ones from the front of a list would move all others each time.
        while len(self._entries) > ROWS or self._bytes > BYTES:
            half = (len(self._entries) + 1) // 2
            if keep:
                half = min(half, bisect_left(self._numbers, keep))
            if not half:
                return
            self._bytes -= sum(len(e.payload) for e in self._entries[:half])
            del self._entries[:half], self._numbers[:half]

    def beyond(self, after: int) -> List[Entry]:
        """Those with numbers above ``after``."""
        return self._entries[bisect_right(self._numbers, after) :]

    def clear(self) -> None:
        self._entries, self._numbers, self._bytes = [], [], 0
