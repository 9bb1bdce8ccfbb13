"""What the spool's thread does: commits, holds the bounds, and gets over trouble with the disk."""

from __future__ import annotations

import sqlite3
import threading
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from edge.events.spool import upkeep
from edge.events.spool.bounds import Bounds
from edge.events.spool.database import Foreign
from edge.events.spool.delivered import Ranges
from edge.events.spool.entry import Trouble
from edge.events.spool.keeper import Keeper, Opened, Pairs
from edge.events.spool.news import News
from edge.events.spool.opening import is_damage
from edge.events.spool.pages import Pages
from edge.events.spool.pending import Pending
from edge.events.spool.recent import Recent
from edge.events.spool.record import Damaged

TROUBLES = (sqlite3.Error, OSError, Damaged, Foreign)
# What was delivered is written with a commit when that was last done so long ago; and without one a little later.
STATE_EVERY, STATE_ALONE = 0.7, 1.0
JUDGE_EVERY = 1.0  # the bounds are looked at
_SKIPPED = 100_000
RETRY = (1.0, 2.0, 5.0, 10.0)


class Rounds:
    """``lock`` guards ``pending``, ``recent``, ``done`` and the attributes; the file is this thread's alone."""

    def __init__(
        self, keeper: Keeper, pages: Pages, pending: Pending, recent: Recent, done: Ranges, lock: threading.Condition,
        bounds: Bounds, monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        self.pending, self._recent, self._done = pending, recent, done
        self._keeper, self._pages, self._lock = keeper, pages, lock
        self._bounds, self._monotonic = bounds, monotonic
        self._news = News(monotonic)
        self.losses = self._news.losses
        self.discarded: Dict[int, str] = {}
        self._gone: List[Tuple[int, int]] = []
        self.committed = self.old = 0  # the newest committed number; and at the start
        self.guessed = 0  # numbers up to here may be in a file that could not be read yet
        self.memory, self.reason = False, ""
        self.changed = False  # something was delivered that the file does not know
        self.commit_at = self._state_at = self._judge_at = self._history_at = float("-inf")
        self._retry_at, self._retries = 0.0, 0
        self._damage: Optional[Exception] = None

    def open(self) -> None:
        """Before the thread runs. Raises EdgeError."""
        try:
            self._keeper.lock()
        except OSError as e:
            self._trouble(e)
        left = self.pending.open()
        try:
            opened = self._keeper.open()
        except TROUBLES as e:
            self._trouble(e)
            opened = self._keeper.peek()
        self._take_over(opened)
        self.pending.next = self.committed + 1
        if opened.guessed:
            # Which of these are in the file is not known: they come once more, under numbers of their own.
            with self._lock:
                for entry in left:
                    self.pending.put(entry.kind, entry.camera, entry.type, entry.payload)
        else:
            left = [e for e in left if e.n > self.committed]
            if left:
                self._skip(self.committed + 1, left[0].n - 1)
                self.pending.take_over(left)
        self.old = self.pending.next - 1
        if opened.replaced:  # it may have held numbers that could not be read: they are not used again
            self._skip(self.old + 1, self.old + _SKIPPED)
            self.pending.next += _SKIPPED
        if not self.memory:
            self.work(False)

    def close(self) -> None:
        self._pages.close()
        self._keeper.close()
        self.pending.close()

    # With the lock

    def change(self, bounds: Bounds) -> None:
        self._bounds, self._judge_at, self._history_at = bounds, float("-inf"), float("-inf")

    @property
    def broken(self) -> bool:
        """Whether the file is going to be replaced."""
        return self._damage is not None

    def suspect(self, error: Exception) -> bool:
        """Reading failed in another thread; whether the file is going to be replaced because of it."""
        if is_damage(error) and self._damage is None:
            self._damage = error
        return self.broken

    def give_up(self, ranges: Sequence[Tuple[int, int]], reason: str) -> None:
        count = sum(self._done.add(first, last) for first, last in ranges)
        for first, last in ranges:  # one after the other, for as long as the disk is away
            if self._gone and self._gone[-1][1] == first - 1:
                first = self._gone.pop()[0]
            self._gone.append((first, last))
        self.changed = True
        self.losses.add(count, reason)

    def _skip(self, first: int, last: int) -> None:
        """Numbers that no entry has."""
        if self._done.add(first, last):
            self._gone.append((first, last))
            self.changed = True

    def due(self, now: float) -> float:
        """Seconds until there is something to do but commits."""
        due = self._news.due
        if self.memory:
            return min(due, self._retry_at - now)
        if self._damage is not None:
            return 0.0
        if self.changed or self._keeper.clock.stepped:
            due = min(due, self._state_at + STATE_ALONE - now)
        return min(due, self._history_at + self._history_every - now)

    # Without it

    def news(self) -> List[Trouble]:
        """What is to be told."""
        with self._lock:
            return self._news.take()

    def work(self, stopping: bool) -> bool:
        """Whatever is due; whether anything was committed."""
        now = self._monotonic()
        if self.memory and now < self._retry_at and not stopping:
            return False
        try:
            self._mend()
            committed = self._commit(now, stopping)
            self._hold_bounds(now)
        except TROUBLES as e:
            if is_damage(e) and self._damage is None and not self.memory:
                self._damage = e  # the next round replaces the file
            else:
                self._trouble(e)
            return False
        if self.memory:
            self.memory, self.reason, self._retries = False, "", 0
            self._news.add("recovered", "")
        return committed

    def _mend(self) -> None:
        """Open the file if it is not, and replace it if it is broken."""
        damage = self._damage
        if damage is not None:
            self._pages.close()
            with self._lock:
                known, last = Ranges(self._done.pairs()), self.committed
            self._take_over(self._keeper.replace(str(damage), known, last))
            with self._lock:
                self._damage = None
                self._lock.notify_all()
        elif not self._keeper.ready:
            with self._lock:
                known, last = Ranges(self._done.pairs()), self.committed
            self._take_over(self._keeper.open(known, last))
        elif self.memory:
            self._keeper.make_room()

    def _take_over(self, opened: Opened) -> None:
        with self._lock:
            for pair in opened.done.pairs():
                self._done.add(*pair)
            held = self.pending.held
            following = held[0].n if held else self.pending.next
            if not opened.guessed and following > opened.last + 1:
                self._skip(opened.last + 1, following - 1)
            self.guessed = opened.last if opened.guessed else 0
            self.committed = max(self.committed, opened.last)
            self._recent.clear()
            self._recent.add(opened.tail)
        if opened.replaced:
            self._news.add("corrupt", opened.replaced)
            with self._lock:
                self.losses.add(opened.missing, "the file in which they waited was corrupt")

    def _commit(self, now: float, stopping: bool) -> bool:
        with self._lock:
            batch = self.pending.take()
            said = self.changed or self._keeper.clock.stepped
            late = now - self._state_at >= (STATE_EVERY if batch else STATE_ALONE)
            write_state = said and (stopping or late or bool(self._gone))
            last = batch[-1].n if batch else self.committed
            done = self._done.pairs() if write_state else None
            discarded, gone = dict(self.discarded), list(self._gone)
            if write_state:
                self.changed = False
        if not batch and not write_state:
            return False
        try:
            taken = self._keeper.commit(batch, done, last, discarded=discarded, gone=gone)
        except BaseException:
            with self._lock:
                self.pending.give_back()
                self.changed = self.changed or write_state
            raise
        with self._lock:
            self.pending.settle()
            self.committed = last
            self._recent.add(batch, self._keeper.tail_first)
            self._settled(discarded, gone, taken)
            self.commit_at = self._monotonic()
            self._state_at = self.commit_at if write_state else self._state_at
        return bool(batch)

    def _settled(self, discarded: Dict[int, str], gone: Pairs, taken: Pairs) -> None:
        for n in discarded:
            self.discarded.pop(n, None)
        known = set(gone)
        self._gone = [pair for pair in self._gone if pair not in known]
        for pair in taken:
            self._done.add(*pair)
            self.changed = True

    @property
    def _history_every(self) -> float:
        return max(10.0, min(upkeep.EVERY, self._bounds.history / 10))

    def _hold_bounds(self, now: float) -> None:
        if now - self._judge_at < JUDGE_EVERY:
            return
        self._judge_at, look = now, now - self._history_at >= self._history_every
        with self._lock:
            done, bounds = Ranges(self._done.pairs()), self._bounds
        verdict = upkeep.judge(self._keeper.database, done, self.committed, bounds, self._keeper.clock(), look)
        if verdict.lost:
            with self._lock:
                self.give_up(self._done.missing(verdict.lost), verdict.reason)
        fold = look and self._keeper.tail_age() > min(3600.0, bounds.max_age / 4, max(60.0, bounds.history / 4))
        if verdict.lost or verdict.deleted or fold:
            with self._lock:
                pairs, gone = self._done.pairs(), list(self._gone)
            taken = self._keeper.commit([], pairs, self.committed, gone=gone, deleted=verdict.deleted, block=fold)
            with self._lock:
                self._settled({}, gone, taken)
        if look:
            self._keeper.shrink(bounds.max_size)
            self._history_at = now

    def _trouble(self, error: Exception) -> None:
        self.reason = str(error)
        self._retry_at = self._monotonic() + RETRY[min(self._retries, len(RETRY) - 1)]
        self._retries += 1
        if not self.memory:
            self.memory = True
            self._news.add("memory", self.reason)
