"""Looks into a spool's file, whether a daemon is using it or not: what waits, and what was delivered lately."""

from __future__ import annotations

import calendar
import contextlib
import json
import re
import sqlite3
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from edge.errors import EdgeError
from edge.events.spool.database import Block, Database, Foreign
from edge.events.spool.delivered import Ranges
from edge.events.spool.entry import Entry
from edge.events.spool.purge import purge
from edge.events.spool.record import Damaged

#: Blocks that are read together. Between two such readings the daemon can clear its WAL, however long an export takes.
_CHUNK = 16
_END = 1 << 62
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?")


class Stored(NamedTuple):
    """``discarded``: why it could not be delivered, else empty."""

    n: int
    delivered: bool
    discarded: str
    payload: Dict[str, Any]


class _Part(NamedTuple):
    """Some entries in order, and what was known of them when they were read."""

    entries: List[Entry]
    done: Ranges
    discarded: Dict[int, str]


class History:
    """Raises EdgeError where the file cannot be read; a file that is not there has no events."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def events(
        self, camera: Optional[str] = None, types: Optional[Sequence[str]] = None, since: Optional[float] = None,
        until: Optional[float] = None, limit: Optional[int] = None, newest_first: bool = False,
        waiting_only: bool = False,
    ) -> Iterator[Stored]:  # fmt: skip
        """``types``: patterns as in zone.*; ``since`` and ``until``: seconds since 1970, of the events' own time."""
        found = 0
        for part in self._parts(newest_first, since, until) if limit is None or limit > 0 else ():
            for entry in part.entries:
                if camera is not None and entry.camera != camera:
                    continue
                if types is not None and not any(fnmatchcase(entry.type, pattern) for pattern in types):
                    continue
                if waiting_only and entry.n in part.done:
                    continue
                stored = _stored(entry, part)
                if stored is None or not _within(event_time(stored.payload), since, until):
                    continue
                yield stored
                found += 1
                if found == limit:
                    return

    def find(self, id: str) -> Optional[Stored]:
        """The event with that id, or the one whose id begins so. Raises EdgeError where several do."""
        wanted, found = f'"id":"{id}'.encode(), None
        for part in self._parts(True, None, None):
            for entry in part.entries:
                stored = _stored(entry, part) if wanted in entry.payload else None
                if stored is None or not str(stored.payload.get("id", "")).startswith(id):
                    continue
                if stored.payload["id"] == id:
                    return stored
                if found is not None:
                    raise EdgeError(f"the ids of several events begin with {id}: give more of it")
                found = stored
        return found

    def purge(self, before: Optional[float] = None, waiting: bool = False) -> int:
        """Remove the delivered events, with ``waiting`` the others too; of all times, or those ``before`` (seconds
        since 1970, of the events' own time). How many went. Works while a daemon is running."""

        def wanted(entry: Entry, done: bool) -> bool:
            if not (done or waiting):
                return False
            told = _payload(entry)
            return before is None or told is None or event_time(told) < before

        if not self._file.exists():
            return 0
        with self._opened(read_only=False) as database:
            return purge(database, wanted)

    def _parts(self, newest_first: bool, since: Optional[float], until: Optional[float]) -> Iterator[_Part]:
        """All entries that may be of that time; those that were taken out are left out."""
        if not self._file.exists():
            return
        with self._opened(read_only=True) as database:
            at: Optional[int] = _END if newest_first else 0
            while at is not None:
                with _reading(database):
                    at, blocks, entries = _backward(database, at) if newest_first else _forward(database, at)
                    done, gone, discarded = database.done(), Ranges(database.gone()), database.discarded()
                    for block in blocks:
                        if (since is None or block.until + 1 >= since) and (until is None or block.since <= until):
                            entries += database.squeezer.entries(block.body, block.n)
                entries = [e for e in entries if e.kind == "event" and e.n not in gone]
                yield _Part(sorted(entries, reverse=newest_first), done, discarded)

    @contextlib.contextmanager
    def _opened(self, read_only: bool) -> Iterator[Database]:
        try:
            database = Database(self._file, read_only)
        except (sqlite3.Error, OSError, Damaged, Foreign) as e:
            raise EdgeError(f"{self._file} cannot be opened: {e}") from e
        try:
            yield database
        except (sqlite3.Error, Damaged) as e:
            raise EdgeError(f"{self._file} cannot be read: {e}") from e
        finally:
            database.close()


@contextlib.contextmanager
def _reading(database: Database) -> Iterator[None]:
    database.link.execute("BEGIN")
    try:
        yield
    finally:
        database.link.execute("COMMIT")


_Step = Tuple[Optional[int], List[Block], List[Entry]]


def _forward(database: Database, after: int) -> _Step:
    """Where to go on (None: that was all), and what comes next: blocks, or the entries that are in none."""
    blocks = database.blocks(after, _CHUNK)
    if blocks:
        return blocks[-1].n, blocks, []
    tail, _ = database.tail(database.newest_block())
    return None, [], [e for e in tail if e.n > after]


def _backward(database: Database, before: int) -> _Step:
    if before == _END:
        newest = database.newest_block()
        return newest + 1, [], database.tail(newest)[0]
    rows = database.link.execute("SELECT * FROM blocks WHERE n < ? ORDER BY n DESC LIMIT ?", (before, _CHUNK))
    blocks = [Block(*row) for row in rows]
    return (blocks[-1].n if blocks else None), blocks, []


def _payload(entry: Entry) -> Optional[Dict[str, Any]]:
    try:
        told = json.loads(entry.payload)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _stored(entry: Entry, part: _Part) -> Optional[Stored]:
    payload = _payload(entry)
    if payload is None:
        return None
    reason = part.discarded.get(entry.n, "")
    return Stored(entry.n, entry.n in part.done and not reason, reason, payload)


def event_time(payload: Dict[str, Any]) -> float:
    """Seconds since 1970; 0 where it tells none."""
    told = _TIME.match(str(payload.get("time", "")))
    try:
        return calendar.timegm(time.strptime(told[1], "%Y-%m-%dT%H:%M:%S")) + float(told[2] or 0) if told else 0.0
    except ValueError:
        return 0.0


def _within(told: float, since: Optional[float], until: Optional[float]) -> bool:
    return (since is None or told >= since) and (until is None or told <= until)
