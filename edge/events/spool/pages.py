"""Reads what waits from the file, a block at a time, for the thread that sends it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import List, Optional

from edge.events.spool.database import Database
from edge.events.spool.entry import Entry


class Pages:
    """A connection of its own, so that reading never waits for a commit. Any thread, one at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._database: Optional[Database] = None
        self._page: List[Entry] = []  # the block that was read last
        self._version = 0
        self._last = 0  # ends that block

    def next(self, after: int, old: int) -> List[Entry]:
        """The entries beyond ``after`` of the next block that has some; none: there is none. Those up to ``old`` were
        there before this start. Raises sqlite3.Error, OSError, Damaged."""
        with self._lock:
            if self._database is None:
                self._database = Database(self._file, read_only=True)
            version = self._database.version()  # somebody may have taken entries out
            if not self._page or not self._page[0].n - 1 <= after < self._last or version != self._version:
                self._page = []
                while not self._page:
                    blocks = self._database.blocks(after, 1)
                    if not blocks:
                        return []
                    self._version, self._last = version, blocks[0].n
                    self._page = self._database.squeezer.entries(blocks[0].body, blocks[0].n, blocks[0].n <= old)
                    after = after if self._page else self._last
            return [e for e in self._page if e.n > after]

    def close(self) -> None:
        """It is opened anew when it is needed."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database, self._page, self._last = None, [], 0
