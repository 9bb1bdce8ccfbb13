"""Events that wait to be delivered: put by any thread, committed by the spool's own, fetched by the one that sends.

An entry is in the intake (a file in memory) when put() returns, which outlives this process, and on the disk within
200 ms. It is given out at once: whoever has been told of it by then has not lost it, should the power fail before its
commit. While the disk is in trouble, entries are kept in memory, and given out from there.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Callable, Iterable, List, Optional, Tuple

from edge.events.spool.bounds import Bounds
from edge.events.spool.delivered import Ranges
from edge.events.spool.entry import Entry, Trouble
from edge.events.spool.keeper import Keeper
from edge.events.spool.pages import Pages
from edge.events.spool.pending import Pending
from edge.events.spool.recent import Recent
from edge.events.spool.rounds import TROUBLES, Rounds
from edge.events.spool.together import Together

_logger = logging.getLogger(__name__)

WINDOW = 0.2  # an entry waits this long for its commit, at most
BATCH = 20  # or until so many wait
IDLE = 10.0
MENDING = 10.0  # who fetches waits this long for a broken file to be replaced
_LIFE = 120.0  # a commit that takes longer is one that hangs


class Spool:
    """``on_trouble`` and ``on_commit`` are called in the spool's thread, ``on_ready`` by whoever puts: there is
    something to fetch."""

    def __init__(
        self, file: Path, intake: Path, bounds: Bounds, on_trouble: Callable[[Trouble], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.on_commit: Callable[[], None] = lambda: None
        self.on_ready: Callable[[], None] = lambda: None
        self._on_trouble, self._monotonic = on_trouble, monotonic
        self._lock = threading.Condition(threading.Lock())
        self._done, self._recent = Ranges(), Recent()
        self._pages = Pages(file)
        self._early: List[Tuple[str, str, str, bytes]] = []  # put before the start
        self._rounds = Rounds(
            Keeper(file), self._pages, Pending(intake, self._too_many), self._recent, self._done, self._lock, bounds,
            monotonic,
        )  # fmt: skip
        self._pending = self._rounds.pending
        self._started = self._stopping = False
        self._ended = self._abandoned = False  # whether the thread did, and whether stop() did not wait for that
        self.reached = 0  # of the publisher's thread: how far the last fetch() has looked
        self._together = Together(self._lock, lambda: self.on_ready())
        self._first_at = self._beat = 0.0
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    # Any thread

    def put(self, kind: str, camera: str, type: str, payload: bytes) -> None:
        """Returns at once and never raises."""
        with self._lock:
            if not self._started:
                self._early.append((kind, camera, type, payload))
                return
            waiting = self._pending.put(kind, camera, type, payload)
            if waiting == 1:
                self._first_at = self._monotonic()
            if waiting == 1 or waiting == BATCH:
                self._lock.notify()
            self._together.put = within = self._together.under_way > 0
        if not within:
            self.on_ready()

    def together(self) -> Together:
        """What is put within is committed at once, unless that takes longer than a commit may wait; and it is ready
        when all of it is."""
        return self._together

    @property
    def state(self) -> str:
        return "memory" if self._rounds.memory else "ok"

    @property
    def reason(self) -> str:
        """Why it is not "ok"."""
        return self._rounds.reason

    @property
    def last(self) -> int:
        """The newest number that fetch() may give."""
        return self._pending.next - 1

    @property
    def committed(self) -> int:
        """The newest number that is on the disk."""
        return self._rounds.committed

    @property
    def waiting(self) -> int:
        """Entries that are not delivered, also those that wait for their commit."""
        with self._lock:
            last = self._pending.next - 1
            blind = self._rounds.guessed
            return last - max(blind, 0) - (self._done.count(last) - self._done.count(blind)) + len(self._early)

    def alive(self, now: float) -> bool:
        """Whether the thread does its work; ``now`` is monotonic. A slow disk is no reason to say no."""
        if not self._started or self._stopping:
            return True
        return self._thread.is_alive() and now - self._beat < _LIFE

    # The one that sends

    def fetch(self, after: int, limit: int) -> List[Entry]:
        """What is not delivered, beyond ``after``, in order."""
        found: List[Entry] = []
        self.reached = after
        while len(found) < limit:
            with self._lock:
                after = max(after, self._done.watermark)
                held = self._pending.held
                first = self._recent.first or (held[0].n if held else self._rounds.committed + 1)
                if after + 1 >= first:
                    rest = [*self._recent.beyond(after), *(e for e in held if e.n > after)]
                    found += [e for e in rest if e.n not in self._done]
                    self.reached = max(after, rest[-1].n if rest else self._rounds.committed)
                    break
            read = self._page(after)
            if read is None:  # what lies behind it must not overtake it
                break
            page = [e for e in read if e.n < first]
            with self._lock:
                found += [e for e in page if e.n not in self._done]
            self.reached = after = page[-1].n if page else first - 1
        return found[:limit]

    def delivered(self, ns: Iterable[int]) -> None:
        with self._lock:
            for n in ns:
                self._done.add(n, n)
            self._notice()

    def discard(self, n: int, reason: str) -> None:
        """It cannot be delivered: counted as lost, kept in the history with the reason."""
        with self._lock:
            if self._done.add(n, n):
                self._rounds.discarded[n] = reason
                self._rounds.losses.add(1, reason)
            self._notice()

    def _notice(self) -> None:
        if not self._rounds.changed:
            self._rounds.changed = True
            self._lock.notify()

    def _page(self, after: int) -> Optional[List[Entry]]:
        """From the file; where that is broken, from the one that it is replaced with. None: it cannot be read now."""
        for _ in range(2):
            try:
                return self._pages.next(after, self._rounds.old)
            except TROUBLES as e:
                self._pages.close()
                with self._lock:
                    if not self._rounds.suspect(e):
                        break
                    self._lock.notify_all()
                    self._lock.wait_for(lambda: not self._rounds.broken, MENDING)
        return None

    # Start and end

    def start(self) -> None:
        """Raises EdgeError where another process has the file."""
        self._rounds.open()
        with self._lock:
            self._started = True
            early, self._early = self._early, []
        for entry in early:
            self.put(*entry)
        self._beat = self._monotonic()
        self._thread.start()

    def stop(self, deadline_s: float) -> None:
        """Commit everything; what that fails for stays in the intake."""
        with self._lock:
            self._stopping = True
            self._lock.notify()
        if self._started:
            self._thread.join(deadline_s)
        with self._lock:
            self._abandoned = self._started and not self._ended
        if not self._abandoned:
            self._rounds.close()

    def change(self, bounds: Bounds) -> None:
        with self._lock:
            self._rounds.change(bounds)
            self._lock.notify()

    # The spool's thread

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._stopping:
                    self._beat = self._monotonic()
                    delay = self._delay()
                    if delay <= 0:
                        break
                    self._lock.wait(min(delay, IDLE))
                stopping = self._stopping
            try:
                committed = self._rounds.work(stopping)
                if committed:
                    self.on_commit()
                for trouble in self._rounds.news():
                    self._on_trouble(trouble)
            except Exception:
                _logger.exception("a round of the spool failed")
                with self._lock:
                    self._lock.wait(0 if stopping else 1.0)
            if stopping:
                with self._lock:
                    late, self._ended = self._abandoned, True
                if late:  # a slow disk: who ended the daemon is gone, and the file is to be had again
                    self._rounds.close()
                return

    def _delay(self) -> float:
        """Seconds until there is something to do. With the lock."""
        now = self._monotonic()
        delay = self._rounds.due(now)
        waits = len(self._pending) > 0 and not self._rounds.memory
        self._together.awaited = held = waits and self._together.under_way > 0
        if waits:
            full = len(self._pending) >= BATCH
            # What comes after a while of silence goes at once; else as much as may be goes together.
            silent = self._first_at - self._rounds.commit_at >= WINDOW
            at_once = (full or silent) and not held
            delay = min(delay, 0.0 if at_once else self._first_at + WINDOW - now)
        return delay

    def _too_many(self, first: int, last: int) -> None:
        self._rounds.give_up([(first, last)], "too many were waiting in memory")
