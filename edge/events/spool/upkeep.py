"""What the bounds ask for: which entries are too many or too old, and which blocks go."""

from __future__ import annotations

from typing import List, NamedTuple, Tuple

from edge.events.spool.bounds import Bounds
from edge.events.spool.database import WAL_LIMIT, Database
from edge.events.spool.delivered import Ranges

#: Delivered entries are looked through this often; what is deleted seldom is deleted with few writes.
EVERY = 600.0
_CHUNK = 32  # when the file is full, room is made for a 32nd of it


class Verdict(NamedTuple):
    """``lost``: up to this number what waits is given up, and why. ``deleted``: blocks up to this number go."""

    lost: int
    reason: str
    deleted: int


def judge(database: Database, done: Ranges, last: int, bounds: Bounds, clock: float, history: bool) -> Verdict:
    """``last``: the newest number. ``history``: it is time to look through the delivered ones. Raises sqlite3.Error."""
    lost, reason = 0, ""
    deleted = _history(database, done.watermark, clock - bounds.history) if history else 0
    waiting = last - done.count(last)
    if waiting > bounds.max_events:
        lost = done.oldest_missing(waiting - bounds.max_events, last)
        reason = f"more than {bounds.max_events} were waiting (spool.max_events)"
    aged = 0
    for n, came in database.clocks(done.watermark):
        if came >= clock - bounds.max_age:
            break
        aged = n
    if aged > lost:
        lost, reason = aged, f"they waited longer than {bounds.max_age:g} s (spool.max_age)"
    full = _too_much(database, bounds.max_size)
    if full > max(lost, done.watermark):
        lost, reason = full, f"the spool is full at {bounds.max_size / 1e6:g} MB (spool.max_size)"
    return Verdict(lost, reason, max(deleted, full, _whole(database, max(lost, 0))))


def _history(database: Database, watermark: int, since: float) -> int:
    """Up to which block everything is delivered, and came before ``since``."""
    found = 0
    for n, came in database.clocks(0):
        if n > watermark or came >= since:
            break
        found = n
    return found


def _whole(database: Database, lost: int) -> int:
    """The newest block that has nothing beyond ``lost``."""
    row = database.link.execute("SELECT max(n) FROM blocks WHERE n <= ?", (lost,)).fetchone()
    return int(row[0] or 0)


def _too_much(database: Database, max_size: int) -> int:
    """Up to which block all must go for the file to be small enough, with some room to spare; 0 if it is."""
    room = max(max_size - WAL_LIMIT, max_size // 2)
    excess = database.used() - room
    if excess <= 0:
        return 0
    excess += room // _CHUNK
    blocks: List[Tuple[int, int]] = []
    for n, size in database.link.execute("SELECT n, length(body) FROM blocks ORDER BY n"):
        blocks.append((n, size))
        excess -= size
        if excess <= 0:
            break
    return blocks[-1][0] if blocks else 0
