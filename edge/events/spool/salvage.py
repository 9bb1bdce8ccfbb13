"""A file that cannot be read is moved aside, and what still can be is taken over into a new one."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from edge.events.spool.database import PAGE, SLOT_HEAD, SLOTS, Block, Database
from edge.events.spool.delivered import Ranges
from edge.events.spool.dictionary import DICTIONARY
from edge.events.spool.opening import connect
from edge.events.spool.record import Damaged, spans
from edge.events.spool.squeeze import BASE, Squeezer
from edge.events.spool.writer import BYTES, ENTRIES, event_times

_PARTS = ("", "-wal", "-shm")
#: This many files are kept of each sort, the newest.
_KEPT = 2
_STEP = 64  # where the file is broken, a block is looked for at every so many numbers


class Salvaged(NamedTuple):
    aside: Path  # where the file is now
    state: Dict[str, Any]  # what it told of itself, as far as that could be read
    taken: Ranges  # the numbers that were taken over


def move_aside(file: Path, word: str) -> Path:
    """Rename the file and what belongs to it. Raises OSError."""
    aside = file.with_name(f"{file.name}.{word}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    while aside.exists():
        aside = aside.with_name(aside.name + "x")
    for part in reversed(_PARTS):  # the file itself last: until then another try finds all of it
        try:
            os.rename(f"{file}{part}", f"{aside}{part}")
        except FileNotFoundError:
            pass
    if word == "corrupt":  # a foreign one is somebody's, and is never removed
        older = sorted(p for p in file.parent.glob(f"{file.name}.{word}-*") if not p.name.endswith(_PARTS[1:]))
        for old in older[:-_KEPT]:
            for part in _PARTS:
                Path(f"{old}{part}").unlink(missing_ok=True)
    return aside


def move_back(aside: Path, file: Path) -> None:
    for part in _PARTS:
        Path(f"{file}{part}").unlink(missing_ok=True)
    for part in reversed(_PARTS):
        try:
            os.rename(f"{aside}{part}", f"{file}{part}")
        except FileNotFoundError:
            pass


def salvage(aside: Path, new: Database) -> Salvaged:
    """What waits in ``aside``, as blocks in ``new``. Raises sqlite3.Error where ``new`` cannot be written."""
    old = _opened(aside)
    if old is None:
        return Salvaged(aside, {}, Ranges())
    try:
        state, done = _state(old)
        squeezer, taken = _squeezer(old), Ranges()
        with new:
            for n, body in itertools.chain(_blocks(old, done.watermark), _slots(old)):
                try:
                    entries = [e for e in squeezer.entries(body, n) if e.n not in done and e.n not in taken]
                except Damaged:
                    continue
                for part in spans(entries, ENTRIES, BYTES):
                    squeezed = new.squeezer.squeeze(part)
                    new.add_block(Block(part[-1].n, 0, *event_times(part), squeezed))
                    taken.add(part[0].n, part[-1].n)  # what was in slots may be in blocks as well
        return Salvaged(aside, state, taken)
    finally:
        old.close()


def _opened(aside: Path) -> Optional[sqlite3.Connection]:
    """The file, as far as SQLite opens it: with the first page of another one if its own is unreadable. The tables are
    always made in the same order, so that page is the same in all files."""
    for mend in (False, True):
        link = None
        try:
            if mend:
                _mend(aside)
            link = connect(aside)
            link.execute("SELECT count(*) FROM state").fetchone()
            return link
        except (sqlite3.Error, OSError, Damaged):
            if link is not None:
                link.close()
    return None


def _mend(aside: Path) -> None:
    model = aside.with_name(aside.name + "-model")
    try:
        Database(model).close()
        page = bytearray(model.read_bytes()[:PAGE])
        pages = os.path.getsize(aside) // PAGE
        page[28:32] = pages.to_bytes(4, "big")
        page[32:40] = bytes(8)  # no list of free pages: nothing is going to be written
        shutil.copyfile(aside, f"{aside}-mended")
        with open(f"{aside}-mended", "r+b") as f:
            f.write(page)
        os.replace(f"{aside}-mended", aside)
    finally:
        for part in _PARTS:
            Path(f"{model}{part}").unlink(missing_ok=True)


def _state(old: sqlite3.Connection) -> Tuple[Dict[str, Any], Ranges]:
    state: Dict[str, Any] = {}
    done = Ranges()
    try:
        found = json.loads(old.execute("SELECT body FROM state").fetchone()[0])
        state = found if isinstance(found, dict) else {}
        done = Ranges(state.get("done", []))
        for first, last in old.execute("SELECT first, last FROM gone"):
            done.add(first, last)
    except (sqlite3.Error, Damaged, TypeError, ValueError):
        pass
    return state, done


def _squeezer(old: sqlite3.Connection) -> Squeezer:
    def find(number: int) -> bytes:
        try:
            return bytes(old.execute("SELECT body FROM dictionaries WHERE id = ?", (number,)).fetchone()[0])
        except (sqlite3.Error, Damaged, TypeError) as e:
            if number == BASE:
                return DICTIONARY
            raise Damaged("a dictionary is missing") from e

    return Squeezer(find)


def _blocks(old: sqlite3.Connection, after: int) -> Iterator[Tuple[int, bytes]]:
    """From the front up to where it breaks; by steps over what lies between; and what can be read from the back."""
    ends: List[int] = []
    front = after
    for n, body in _rows(old, "SELECT n, body FROM blocks WHERE n > ? ORDER BY n", (after,), ends):
        front = n
        yield n, body
    if not ends:
        return
    ends.clear()
    back = [n for n, _ in _rows(old, "SELECT n, x'' FROM blocks WHERE n > ? ORDER BY n DESC", (front,), ends)]
    end = back[-1] if back else front
    for at in range(front, end, _STEP) if ends else ():
        query = "SELECT n, body FROM blocks WHERE n > ? AND n < ? ORDER BY n LIMIT 1"
        for n, body in _rows(old, query, (max(at, front), end), ends):
            front = n
            yield n, body
    for n in reversed(back):
        yield from _rows(old, "SELECT n, body FROM blocks WHERE n = ?", (n,), ends)


def _slots(old: sqlite3.Connection) -> Iterator[Tuple[int, bytes]]:
    found = []
    for k in range(SLOTS):
        for _, body in _rows(old, "SELECT k, body FROM slots WHERE k = ?", (k,), []):
            if len(body) > SLOT_HEAD.size:
                found.append((SLOT_HEAD.unpack_from(body)[0], body[SLOT_HEAD.size :]))
    yield from sorted(found)


def _rows(old: sqlite3.Connection, query: str, given: Tuple[int, ...], ends: List[int]) -> Iterator[Tuple[int, bytes]]:
    """The rows that can be read; ``ends`` gets an entry where that stopped early."""
    try:
        for n, body in old.execute(query, given):
            if isinstance(n, int) and isinstance(body, bytes):
                yield n, body
    except (sqlite3.Error, Damaged):
        ends.append(1)
