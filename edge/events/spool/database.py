"""The spool's file: an SQLite database of small pages, written as little as can be.

    blocks         some hundred entries each, squeezed together; ``n`` is that of the newest. Only ever appended to
    slots          a fixed number of rows, each just within a page, that are overwritten in turn: a commit of a few
                   events changes one page and moves none. When they are full, what they hold becomes a block
    state          one row of JSON: what needs no sending any more, the newest number, the clock
    gone           numbers that somebody took out: too old, too many, purged
    discarded      numbers that could not be sent, and why
    dictionaries   what entries are squeezed with; ``since``: the first number that was

A slot counts while it is newer than the newest block, so that none has to be emptied. For that the newest block always
stays, without a body when its entries are to go.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from edge.events.spool.delivered import Ranges
from edge.events.spool.dictionary import DICTIONARY
from edge.events.spool.entry import Entry
from edge.events.spool.opening import connect
from edge.events.spool.record import Damaged
from edge.events.spool.squeeze import BASE, Squeezer

APPLICATION = 0x65646765  # "edge"
VERSION = 1
PAGE = 512
SLOTS = 64
#: Bytes of a slot: the most that a row of a page of 512 holds without spilling over to another page.
SLOT = 472
CHECKPOINT = 1000  # frames of the WAL
WAL_LIMIT = 1_000_000
SLOT_HEAD = struct.Struct(">QI")  # the newest number in it, the clock
SLOT_ROOM = SLOT - SLOT_HEAD.size

_SCHEMA = (
    "CREATE TABLE dictionaries (id INTEGER PRIMARY KEY, since INTEGER, body BLOB)",
    "CREATE TABLE state (id INTEGER PRIMARY KEY, body TEXT)",
    "CREATE TABLE slots (k INTEGER PRIMARY KEY, body BLOB)",
    "CREATE TABLE gone (first INTEGER PRIMARY KEY, last INTEGER)",
    "CREATE TABLE discarded (n INTEGER PRIMARY KEY, reason TEXT)",
    "CREATE TABLE blocks (n INTEGER PRIMARY KEY, clock INTEGER, since INTEGER, until INTEGER, body BLOB)",
)


class Foreign(Exception):
    """The file is another program's, or a later version's."""


class Block(NamedTuple):
    n: int
    clock: int  # the spool's clock when its newest entry came
    since: int  # seconds since 1970, of the oldest and the newest event in it
    until: int
    body: bytes


def _of(rows: Iterable[Tuple[Any, ...]], *types: type) -> Iterator[Any]:
    """The rows, if they have these types: SQLite keeps any in any column. Raises Damaged."""
    for row in rows:
        if tuple(map(type, row)) != types:
            raise Damaged("a row is not what was written")
        yield row


class Database:
    """For one thread at a time. Everything raises sqlite3.Error, and Damaged where what was read cannot be."""

    def __init__(self, file: Path, read_only: bool = False) -> None:
        """Raises Foreign too. A missing or empty file is made, unless ``read_only``."""
        if not read_only:
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        self.link = connect(file, read_only)
        try:
            if not read_only:
                self._prepare()
            self._check()
            self.squeezer = Squeezer(self._dictionary)
        except BaseException:
            self.link.close()
            raise

    def _prepare(self) -> None:
        run = self.link.execute
        self.link.execute("PRAGMA busy_timeout = 5000")
        if not run("PRAGMA schema_version").fetchone()[0]:
            run(f"PRAGMA page_size = {PAGE}")
            run("PRAGMA auto_vacuum = INCREMENTAL")  # so that a lower bound can make the file smaller
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        run(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        run("PRAGMA cache_size = -512")
        run("PRAGMA secure_delete = OFF")  # Debian's is ON: each page that is freed would be written
        if not run("PRAGMA schema_version").fetchone()[0]:
            self._create()

    def _create(self) -> None:
        with self:
            for statement in _SCHEMA:
                self.link.execute(statement)
            self.add_dictionary(BASE, 0, DICTIONARY)
            self.link.execute("INSERT INTO state VALUES (1, '{}')")
            self.link.executemany("INSERT INTO slots VALUES (?, ?)", ((k, bytes(SLOT)) for k in range(SLOTS)))
            self.link.execute(f"PRAGMA application_id = {APPLICATION}")
            self.link.execute(f"PRAGMA user_version = {VERSION}")

    def _check(self) -> None:
        application = self.link.execute("PRAGMA application_id").fetchone()[0]
        version = self.link.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION:
            raise Foreign("it is another program's")
        if version > VERSION:
            raise Foreign(f"a later version of edge wrote it (format {version}, this one knows {VERSION})")

    def __enter__(self) -> None:
        """A transaction for writing."""
        self.link.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        try:
            if kind is None:
                self.link.execute("COMMIT")
                return
        finally:
            if self.link.in_transaction:
                self.link.execute("ROLLBACK")

    def close(self) -> None:
        self.link.close()

    def _dictionary(self, number: int) -> bytes:
        row = self.link.execute("SELECT body FROM dictionaries WHERE id = ?", (number,)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            raise Damaged("a dictionary is missing")
        return row[0]

    def newest_dictionary(self, emptied: bool = False) -> int:
        """The number of the newest one; with ``emptied`` the highest that there ever was."""
        query = f"SELECT max(id) FROM dictionaries WHERE length(body) > {-1 if emptied else 0}"
        return int(self.link.execute(query).fetchone()[0] or 0)

    def state(self) -> Dict[str, Any]:
        row = self.link.execute("SELECT body FROM state").fetchone()
        try:
            found = json.loads(row[0])
        except (TypeError, ValueError) as e:
            raise Damaged("its state is not what was written") from e
        if not isinstance(found, dict):
            raise Damaged("its state is not what was written")
        return found

    def newest_block(self) -> int:
        return int(self.link.execute("SELECT max(n) FROM blocks").fetchone()[0] or 0)

    def blocks(self, after: int, limit: int) -> List[Block]:
        """Those with entries beyond ``after``, in order."""
        rows = self.link.execute("SELECT * FROM blocks WHERE n > ? ORDER BY n LIMIT ?", (after, limit))
        return [Block(*row) for row in _of(rows, int, int, int, int, bytes)]

    def tail(self, newest_block: int) -> Tuple[List[Entry], int]:
        """The entries in slots, in order, and the clock of the oldest."""
        found: List[Tuple[int, int, bytes]] = []
        for (body,) in self.link.execute("SELECT body FROM slots"):
            if not isinstance(body, bytes) or len(body) < SLOT_HEAD.size:
                raise Damaged("a slot is not what was written")
            n, clock = SLOT_HEAD.unpack_from(body)
            if n > newest_block:
                found.append((n, clock, body[SLOT_HEAD.size :]))
        found.sort()
        entries = [e for n, _, body in found for e in self.squeezer.entries(body, n)]
        return entries, found[0][1] if found else 0

    def gone(self) -> List[Tuple[int, int]]:
        return list(_of(self.link.execute("SELECT first, last FROM gone ORDER BY first"), int, int))

    def discarded(self) -> Dict[int, str]:
        return dict(_of(self.link.execute("SELECT n, reason FROM discarded"), int, str))

    def done(self) -> Ranges:
        """What needs no sending: delivered, discarded, or gone."""
        try:
            done = Ranges(self.state().get("done", []))
        except (TypeError, ValueError) as e:
            raise Damaged("its state is not what was written") from e
        for first, last in self.gone():
            done.add(first, last)
        return done

    def version(self) -> int:
        """Another number than before when another connection wrote."""
        return int(self.link.execute("PRAGMA data_version").fetchone()[0])

    def used(self) -> int:
        """Bytes of the file that are in use, without the WAL."""
        pages = self.link.execute("PRAGMA page_count").fetchone()[0]
        free = self.link.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages - free) * PAGE

    def clocks(self, after: int) -> Iterator[Tuple[int, int]]:
        """Number and clock of the blocks beyond ``after``, without reading what is in them."""
        query = "SELECT n, clock FROM blocks WHERE n > ? AND length(body) > 0 ORDER BY n"
        return _of(self.link.execute(query, (after,)), int, int)

    def set_state(self, state: Dict[str, Any]) -> None:
        self.link.execute("UPDATE state SET body = ?", (json.dumps(state, separators=(",", ":")),))

    def set_slot(self, k: int, n: int, clock: int, squeezed: bytes) -> None:
        body = SLOT_HEAD.pack(n, clock) + squeezed
        self.link.execute("UPDATE slots SET body = ? WHERE k = ?", (body + bytes(SLOT - len(body)), k))

    def empty_block(self, n: int) -> None:
        """Take its entries out; the block goes too, unless it is the newest."""
        self.link.execute("UPDATE blocks SET body = x'' WHERE n = ?", (n,))
        self.link.execute("DELETE FROM blocks WHERE n = ? AND n < ?", (n, self.newest_block()))

    def empty_slots(self) -> None:
        self.link.execute("UPDATE slots SET body = ?", (bytes(SLOT),))

    def add_block(self, block: Block) -> None:
        self.link.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?, ?)", block)

    def add_dictionary(self, number: int, since: int, body: bytes) -> None:
        self.link.execute("INSERT INTO dictionaries VALUES (?, ?, ?)", (number, since, body))

    def drop_dictionaries(self) -> None:
        """Those that no block needs. Nothing must be in slots."""
        heads = self.link.execute("SELECT DISTINCT substr(body, 1, 2) FROM blocks WHERE length(body) > 0")
        needed = {BASE, *(int.from_bytes(head, "little") for (head,) in heads)}
        for (number,) in self.link.execute("SELECT id FROM dictionaries").fetchall():
            if number not in needed:  # the row stays: others may remember what had that number
                self.link.execute("UPDATE dictionaries SET body = ? WHERE id = ?", (b"", number))

    def add_gone(self, ranges: Iterable[Tuple[int, int]]) -> None:
        self.link.executemany("INSERT OR REPLACE INTO gone VALUES (?, ?)", ranges)

    def add_discarded(self, reasons: Dict[int, str]) -> None:
        self.link.executemany("INSERT OR REPLACE INTO discarded VALUES (?, ?)", reasons.items())

    def delete(self, last: int) -> None:
        """The blocks up to that with the number ``last``, and what belongs to entries that are nowhere any more."""
        newest = self.newest_block()
        self.link.execute("DELETE FROM blocks WHERE n <= ? AND n < ?", (last, newest))
        if newest <= last:
            self.empty_block(newest)
        self.link.execute("DELETE FROM discarded WHERE n <= ?", (last,))
        self.link.execute("DELETE FROM gone WHERE last <= ?", (last,))
        self.link.execute(
            "DELETE FROM dictionaries WHERE id > ? AND id < (SELECT max(id) FROM dictionaries WHERE since <= ?)",
            (BASE, last),
        )
