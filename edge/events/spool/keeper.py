"""The spool's file as the spool's thread sees it: opened, written, replaced when it is broken."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from edge.events.spool.clock import AgeClock
from edge.events.spool.database import Database, Foreign
from edge.events.spool.delivered import Ranges
from edge.events.spool.entry import Entry
from edge.events.spool.opening import is_damage, lock
from edge.events.spool.record import Damaged
from edge.events.spool.salvage import move_aside, move_back, salvage
from edge.events.spool.writer import Writer

Pairs = Sequence[Tuple[int, int]]


class Opened:
    """What a file told when it was opened."""

    def __init__(self, done: Ranges, last: int, tail: List[Entry]) -> None:
        self.done, self.last, self.tail = done, last, tail
        self.replaced = ""  # words, if it had to be replaced by another
        self.missing = 0  # entries that waited in that one and could not be read
        self.guessed = False  # ``last`` is only known to be higher than any number in there


class Keeper:
    """For one thread at a time. Raises sqlite3.Error, OSError, and Damaged where the file has to be replaced."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock: Optional[int] = None
        self._database: Optional[Database] = None
        self._writer: Optional[Writer] = None
        self._version = 0
        self._gone: List[Tuple[int, int]] = []
        self.clock = AgeClock({})

    @property
    def ready(self) -> bool:
        return self._writer is not None

    @property
    def database(self) -> Database:
        if self._database is None:
            raise sqlite3.OperationalError("it is not open")
        return self._database

    def lock(self) -> None:
        """Raises EdgeError where another process has the file; OSError."""
        if self._lock is None:
            self._lock = lock(self._file)

    def open(self, known: Optional[Ranges] = None, last: int = 0) -> Opened:
        """``known``: what is delivered, where that is known better than the file may."""
        self.lock()
        try:
            return self._open()
        except Foreign as e:
            return self._replace("foreign", str(e), known, last)
        except (sqlite3.Error, Damaged) as e:
            if not is_damage(e):
                raise
            return self._replace("corrupt", str(e), known, last)

    def peek(self) -> Opened:
        """What can be told of a file that cannot be opened for writing now. Never raises."""
        opened = Opened(Ranges(), 0, [])
        try:
            if _holds_something(self._file):
                # Higher than any number in there, should it be unreadable: numbers are never used twice.
                opened.last, opened.guessed = int(time.time() * 1000), True
                database = Database(self._file, read_only=True)
                try:
                    opened = _told(database, database.tail(database.newest_block())[0])
                finally:
                    database.close()
        except Foreign:  # it is moved aside when it can be: nothing in it is ours
            opened.last, opened.guessed = 0, False
        except (sqlite3.Error, OSError, Damaged):
            pass
        return opened

    def replace(self, reason: str, known: Ranges, last: int) -> Opened:
        """The open file turned out to be broken."""
        return self._replace("corrupt", reason, known, last)

    def _open(self) -> Opened:
        self.close_file()
        self._database = database = Database(self._file)
        self._writer = Writer(database)
        self._version, self._gone = database.version(), database.gone()
        self.clock = AgeClock(database.state())
        return _told(database, self._writer.tail)

    def _replace(self, word: str, reason: str, known: Optional[Ranges], last: int) -> Opened:
        self.close_file()
        aside = move_aside(self._file, word)
        try:
            return self._salvaged(aside, word, reason, known, last)
        except (sqlite3.Error, OSError):
            self.close_file()
            move_back(aside, self._file)  # for another try: what is in it must not be forgotten
            raise

    def _salvaged(self, aside: Path, word: str, reason: str, known: Optional[Ranges], last: int) -> Opened:
        new = Database(self._file)
        try:
            saved = salvage(aside, new) if word == "corrupt" else None
            state = dict(saved.state) if saved is not None else {}
            done = _ranges(state.get("done"))
            for pair in known.pairs() if known is not None else ():
                done.add(*pair)
            newest = max(last, _whole(state.get("last")), new.newest_block(), done.newest)
            lost = 0
            if saved is not None:
                for pair in saved.taken.missing(newest):
                    lost += done.add(*pair)
            with new:
                new.set_state({"done": done.pairs(), "last": newest})
        finally:
            new.close()
        opened = self._open()
        opened.replaced = f"{reason}; the file is now {aside.name}"
        opened.missing = lost
        return opened

    def commit(
        self, batch: Sequence[Entry], done: Optional[Pairs], last: int, *, discarded: Optional[Dict[int, str]] = None,
        gone: Pairs = (), deleted: int = 0, block: bool = False,
    ) -> Pairs:  # fmt: skip
        """One transaction. ``done`` None: the state is not written this time. Returns what others took out of it."""
        database, writer = self.database, self._writer
        if writer is None:
            raise sqlite3.OperationalError("it is not open")
        try:
            with database:
                taken = self._taken()
                database.add_gone(gone)
                if batch or (block and writer.tail):
                    writer.write(batch, self.clock(), [*self._gone, *taken, *gone], block)
                if discarded:
                    database.add_discarded(discarded)
                if deleted:
                    database.delete(deleted)
                if done is not None or deleted or taken:
                    pairs = done if done is not None else database.state().get("done", [])
                    # Not beyond the last one: what is delivered from memory before it is committed may come again.
                    pairs = [(a, min(b, last)) for a, b in pairs if a <= last]
                    database.set_state({"done": pairs, "last": last, **self.clock.keep()})
        except BaseException:
            writer.forget()
            raise
        writer.settle()
        self._version = database.version()
        if taken or gone or deleted:
            self._gone = database.gone()
        return taken

    def _taken(self) -> Pairs:
        """What another process took out since the last time."""
        if self._writer is None or self.database.version() == self._version:
            return []
        self._writer.reload()
        return [pair for pair in self.database.gone() if pair not in self._gone]

    @property
    def tail_first(self) -> int:
        """The oldest number that is in no block; 0 if there is none."""
        return self._writer.tail[0].n if self._writer is not None and self._writer.tail else 0

    def tail_age(self) -> float:
        return 0.0 if self._writer is None else self._writer.tail_age(self.clock())

    def shrink(self, max_size: int) -> None:
        """Give free pages back to the disk, where the file is larger than it may be by now."""
        pages = self.database.link.execute("PRAGMA page_count").fetchone()[0]
        size = self.database.link.execute("PRAGMA page_size").fetchone()[0]
        if pages * size > max_size:
            self.database.link.execute(f"PRAGMA incremental_vacuum({pages - max_size // size})").fetchall()

    def make_room(self) -> None:
        """For a full disk: what the WAL holds goes into the file, so that the WAL's room is used anew."""
        if self._database is not None:
            self._database.link.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close_file(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = self._writer = None

    def close(self) -> None:
        self.close_file()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _holds_something(file: Path) -> bool:
    try:
        return os.stat(file).st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _told(database: Database, tail: List[Entry]) -> Opened:
    done = database.done()
    ends = (database.newest_block(), tail[-1].n if tail else 0, done.newest, _whole(database.state().get("last")))
    return Opened(done, max(ends), tail)


def _ranges(told: object) -> Ranges:
    try:
        return Ranges(told)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return Ranges()


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
