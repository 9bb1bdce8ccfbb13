"""A spool that keeps its entries in memory and commits them at once, for tests of what takes them out of it."""

from __future__ import annotations

import bisect
import json
import threading
from typing import Callable, Dict, Iterable, List, Optional

from edge.events.spool.entry import Entry


class MemorySpool:
    def __init__(self) -> None:
        self.on_ready: Callable[[], None] = lambda: None
        self.last = 0
        self.discarded: Dict[int, str] = {}
        self.deliveries: List[int] = []
        self.fetched = 0  # the most entries that were asked for at once
        self._entries: Dict[int, Entry] = {}
        self._order: List[int] = []
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        return len(self._entries)

    @property
    def reached(self) -> int:
        return self.last

    def put(self, kind: str, camera: str, type: str, payload: bytes, old: bool = False) -> int:
        with self._lock:
            n = self.last + 1
            self._entries[n] = Entry(n, kind, camera, type, payload, old)
            self._order.append(n)
            self.last = n
        self.on_ready()
        return n

    def event(self, text: object, camera: str = "gate", type: str = "zone.enter") -> int:
        """An event that looks like one of ours and carries ``text`` as its ``id``."""
        said = {"schema": 1, "id": str(text), "type": type, "replayed": False, "camera": camera}
        return self.put("event", camera, type, json.dumps(said, separators=(",", ":")).encode())

    def picture(self, event: str, file: str, camera: str = "gate") -> int:
        said = {"event": event, "camera": camera, "file": file, "time": "2025-03-01T08:00:01.234Z"}
        return self.put("picture", camera, "", json.dumps(said).encode())

    def fetch(self, after: int, limit: int) -> List[Entry]:
        found: List[Entry] = []
        with self._lock:
            self.fetched = max(self.fetched, limit)
            for n in self._order[bisect.bisect_right(self._order, after) :]:
                entry: Optional[Entry] = self._entries.get(n)
                if entry is not None:
                    found.append(entry)
                    if len(found) == limit:
                        break
        return found

    def delivered(self, ns: Iterable[int]) -> None:
        with self._lock:
            for n in ns:
                self.deliveries.append(n)
                self._entries.pop(n, None)

    def discard(self, n: int, reason: str) -> None:
        with self._lock:
            self.discarded[n] = reason
            self._entries.pop(n, None)
