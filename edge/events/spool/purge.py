"""Takes entries out of a file that a daemon may be using: it reads in the table ``gone`` what it is not to send."""

from __future__ import annotations

import sqlite3
from typing import Callable, Iterable, List, Sequence, Tuple

from edge.events.spool.database import Block, Database
from edge.events.spool.entry import Entry
from edge.events.spool.record import spans
from edge.events.spool.writer import BYTES, ENTRIES, event_times

#: Blocks in one transaction: the daemon's commits wait for no longer than that takes.
_CHUNK = 16


def purge(database: Database, wanted: Callable[[Entry, bool], bool]) -> int:
    """Remove what is ``wanted(entry, delivered)``; how many events that were. Raises sqlite3.Error, Damaged."""
    database.link.execute("PRAGMA secure_delete = ON")
    count, at = 0, 0
    while True:
        with database:
            blocks = database.blocks(at, _CHUNK)
            done = database.done()
            for block in blocks:
                entries = database.squeezer.entries(block.body, block.n)
                victims = [e for e in entries if wanted(e, e.n in done)]
                if victims:
                    database.empty_block(block.n)
                    _keep(database, block.clock, entries, victims)
                count += sum(e.kind == "event" for e in victims)
            if not blocks:
                entries, clock = database.tail(database.newest_block())
                victims = [e for e in entries if wanted(e, e.n in done)]
                count += sum(e.kind == "event" for e in victims)
                if count:
                    # What is kept of the slots becomes blocks, so that they and the dictionaries, which are made of
                    # events, can be emptied.
                    _keep(database, clock, entries, victims)
                    database.empty_slots()
                    database.drop_dictionaries()
        if not blocks:
            break
        at = blocks[-1].n
    try:  # nothing of it is left in the WAL then, unless the daemon reads just now
        database.link.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError:
        pass
    return count


def _keep(database: Database, clock: int, entries: Sequence[Entry], victims: Sequence[Entry]) -> None:
    gone = {e.n for e in victims}
    for part in spans([e for e in entries if e.n not in gone], ENTRIES, BYTES):
        database.add_block(Block(part[-1].n, clock, *event_times(part), database.squeezer.squeeze(part)))
    database.add_gone(_ranges(e.n for e in victims))


def _ranges(numbers: Iterable[int]) -> List[Tuple[int, int]]:
    """Of rising numbers."""
    found: List[Tuple[int, int]] = []
    for n in numbers:
        if found and found[-1][1] == n - 1:
            found[-1] = found[-1][0], n
        else:
            found.append((n, n))
    return found
