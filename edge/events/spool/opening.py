"""How a spool's file is taken and opened, and what an error at it means."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import time
from pathlib import Path
from typing import Any

from edge.errors import EdgeError
from edge.events.spool.record import Damaged


def is_damage(error: Exception) -> bool:
    """Whether the file itself is broken, rather than the disk or the moment."""
    # sqlite3 has subclasses for all else: a full disk, a busy or read-only file are OperationalErrors.
    return isinstance(error, Damaged) or type(error) is sqlite3.DatabaseError or bool(_OTHER_TABLES.search(str(error)))


# OperationalErrors of statements that are right for the tables as they were made.
_OTHER_TABLES = re.compile("no such (table|column)|has no column|has [0-9]+ columns but|may not be (modified|dropped)")
# A daemon that was here before may still be at its last commit, on a slow disk.
_PATIENCE = 3.0


def lock(file: Path) -> int:
    """Take the file for this process; the descriptor holds it. Raises EdgeError, or OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW
    name = file.with_name(file.name + ".lock")
    try:
        fd = os.open(name, flags, 0o600)
    except OSError:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW)  # a read-only disk; flock() wants no more
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return fd
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(fd)
                raise EdgeError(f"{file} is in use by another process: one daemon for each device") from None
        time.sleep(0.1)


class _Connection(sqlite3.Connection):
    """Broken text in a file is damage, and no reason for Python to raise what nobody expects of a database."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.text_factory = _text

    def execute(self, *args: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*args)
        except UnicodeDecodeError as e:  # of SQLite's own words, which quote what it found
            raise Damaged("its tables are not what was made") from e


def _text(found: bytes) -> str:
    return found.decode(errors="replace")


def connect(file: Path, read_only: bool = False) -> sqlite3.Connection:
    """A bare connection that commits by itself. Raises sqlite3.Error, and Damaged as its ``execute`` does."""
    uri = f"{file.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    link = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0, factory=_Connection
    )
    if read_only:
        try:
            link.execute("PRAGMA schema_version").fetchone()
        except sqlite3.OperationalError:
            # On a read-only disk SQLite cannot make the WAL's index. Without a WAL there is nothing to miss.
            link.close()
            if os.path.exists(f"{file}-wal"):
                raise
            link = sqlite3.connect(
                f"{uri}&immutable=1", uri=True, isolation_level=None, check_same_thread=False, factory=_Connection
            )
    return link
