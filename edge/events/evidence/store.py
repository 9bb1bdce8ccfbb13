"""The folder with a device's snapshots and clips: what is written to it, read from it, and goes when there is too much.

Where its disk is full or cannot be written, a picture is not kept, and the daemon goes on. Some of the disk is left
free in any case, since events wait there for the broker.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Set, Tuple

from edge import log
from edge.events.evidence import disk, reading
from edge.events.evidence.age import AgeClock
from edge.events.evidence.draft import Draft
from edge.events.evidence.folders import Refused, enter, opened, opened_root
from edge.events.evidence.index import Index
from edge.events.evidence.places import Place, StoreError, place
from edge.events.evidence.removal import Removal
from edge.events.evidence.walk import Walked, walk

_logger = logging.getLogger("edge.evidence")
_FULL = (errno.ENOSPC, errno.EDQUOT)
#: Files that are removed in one go at most: whoever waits for the thread waits no longer than that takes.
MOST_AT_ONCE = 500
_MOST_REFUSALS = 100


class Store:
    """``read``, ``has`` and ``status`` are for any thread, the rest for one, which it may keep waiting for the disk.

    ``state``: ``ok``; ``short``: the disk is full, and the oldest makes room for the newest; ``full``: there is nothing
    left to remove; ``failed``: it cannot be written.
    """

    def __init__(self, folder: Path, max_size: int, max_age: float, clock: Optional[AgeClock] = None) -> None:
        self.folder = folder
        self.state, self.reason = "ok", ""
        self._max_size, self._max_age = max_size, max_age
        self._clock = AgeClock() if clock is None else clock
        self._refused: Set[str] = set()
        self._oldest: Optional[str] = None
        self._begin()

    def _begin(self) -> None:
        self._index = Index()
        self._removal = Removal(self._index, self._refuse)
        #: What is written while the walk goes on, so that it is not counted twice.
        self._own: Set[str] = set()
        self._walked: Optional[Walked] = None
        self._walk_failed = self._counted = False
        self._identity: Optional[Tuple[int, int]] = None

    def start(self) -> None:
        """See what there is, in a thread of its own: nothing is removed before that is known."""
        self._walk_failed = False
        threading.Thread(target=self._walk, args=(self._own,), name="edge-evidence-walk", daemon=True).start()

    def change(self, max_size: int, max_age: float) -> None:
        """Other bounds, from the next time on that it is tidied."""
        self._max_size, self._max_age = max_size, max_age

    def status(self) -> Dict[str, Any]:
        """``oldest`` is a day."""
        return {
            "folder": str(self.folder), "files": self._index.files, "bytes": self._index.bytes, "oldest": self._oldest,
            "state": self.state, "reason": self.reason,
        }  # fmt: skip

    def create(self, relative: str) -> Draft:
        """An empty file that becomes the one at ``relative`` by :meth:`commit`. Raises StoreError in words."""
        where = place(relative)
        try:
            with self._root(make=True) as top:
                self._make_room(top)
                try:
                    draft = self._draft(top, where)
                except OSError as error:
                    if error.errno not in _FULL or not self._remove_some(top):
                        raise
                    draft = self._draft(top, where)
        except (OSError, Refused) as error:
            raise self._trouble(error, f"{where.camera}/{where.day}") from error
        if not self._counted:
            self._own.add(where.name)
        return draft

    def commit(self, draft: Draft) -> int:
        """Give a draft that was written its name; its size. Raises StoreError in words; the draft is gone then."""
        try:
            size = os.fstat(draft.fd).st_size
            if size > self._max_size:
                draft.drop()
                raise StoreError(f"it has {size} bytes, more than evidence.max_size")
            draft.commit()
        except IsADirectoryError as error:
            raise StoreError(f"a folder lies at {draft.place}") from error
        except OSError as error:
            raise self._trouble(error) from error
        where = draft.place
        self._index.written(where.camera, where.day, size)
        if self.state in ("full", "failed"):
            self._say("ok", "")
        if self._counted and not self._fits():
            with contextlib.suppress(OSError, Refused), self._root() as top:
                self._removal.until(top, self._fits, MOST_AT_ONCE)
        return size

    def copy(self, relative: str, to: str) -> int:
        """The same file once more, under another event's name; its size. Raises StoreError in words."""
        data = self.read(relative)
        if data is None:
            raise StoreError(f"{relative} is gone already")
        draft = self.create(to)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(draft.fd, view) :]
        except OSError as error:
            draft.drop()
            raise self._trouble(error) from error
        return self.commit(draft)

    def read(self, relative: str) -> Optional[bytes]:
        """The whole file; None where it is not there, is not ours, or is no place of evidence at all."""
        return reading.read(self.folder, relative, self._refuse)

    def has(self, relative: str) -> bool:
        return reading.has(self.folder, relative)

    def _draft(self, top: int, where: Place) -> Draft:
        with opened(top, where.camera, make=True) as camera:
            folder = enter(camera, where.day, make=True)
        try:
            return Draft(folder, where)
        except BaseException:
            os.close(folder)
            raise

    # ---- bounds --------------------------------------------------------------------------------------------------

    def tidy(self) -> bool:
        """Remove what is too much or too old, some of it at a time; whether there is more to do."""
        if self._walk_failed:
            self.start()
        try:
            with self._root() as top:
                if not self._counted:
                    return False
                removed = self._removal.older(top, self._clock.now() - self._max_age, MOST_AT_ONCE)
                removed += self._removal.until(top, self._fits, MOST_AT_ONCE)
                self._removal.empty_folders(top)
                self._oldest = self._index.oldest_day()
                if self.state == "short" and disk.free(top) >= 2 * disk.reserve(top):
                    self._say("ok", "")
        except FileNotFoundError:
            return False
        except (OSError, Refused) as error:
            self._trouble(error)
            return False
        return removed >= MOST_AT_ONCE

    def make_room(self) -> bool:
        """Somebody who wrote was told that the disk is full: remove some of the oldest; whether there was any."""
        try:
            with self._root() as top:
                return self._remove_some(top)
        except (OSError, Refused) as error:
            self._trouble(error)
            return False

    def _make_room(self, top: int) -> None:
        """Raises OSError where there is none."""
        reserve = disk.reserve(top)
        if disk.free(top) >= reserve:
            return
        if self._counted:
            self._removal.until(top, lambda: disk.free(top) >= reserve, MOST_AT_ONCE)
        if disk.free(top) < reserve:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._short()

    def _remove_some(self, top: int) -> bool:
        """The disk is full, or the quota used up, whatever it says of its free space."""
        left = min(self._index.bytes * 19 // 20, self._index.bytes - disk.reserve(top) // 2)
        gone = self._counted and self._removal.until(top, lambda: self._index.bytes <= max(0, left), MOST_AT_ONCE)
        if gone:
            self._short()
        return bool(gone)

    def _short(self) -> None:
        self._say("short", f"{self.folder}: the disk is full, the oldest makes room")

    def _fits(self) -> bool:
        return self._index.bytes <= self._max_size

    @contextlib.contextmanager
    def _root(self, make: bool = False) -> Iterator[int]:
        """The open folder. One that is another than it was, as after a mount, is counted anew."""
        with opened_root(self.folder, make) as top:
            found = os.fstat(top)
            identity = found.st_dev, found.st_ino
            walked, self._walked = self._walked, None
            others = (self._identity, None if walked is None else walked.identity)
            if any(other not in (None, identity) for other in others):
                self._begin()
                self.start()
            elif walked is not None:
                self._index.take_over(walked.found)
                self._clock.begin(walked.newest)
                self._oldest = self._index.oldest_day()
                self._counted = True
                self._own.clear()
            self._identity = identity
            yield top

    def _walk(self, own: Set[str]) -> None:
        try:
            walked = walk(self.folder, own, self._refuse)
        except (OSError, Refused) as error:
            self._trouble(error)
            self._walk_failed = True
            return
        if own is self._own:
            self._walked = walked

    def _trouble(self, error: Exception, where: str = ".") -> StoreError:
        if isinstance(error, OSError):
            words = f"{self.folder}: {error.strerror or error}"
            self._say("full" if error.errno in _FULL else "failed", words)
            return StoreError(words)
        self._refuse(where, str(error))
        return StoreError(str(error))

    def _refuse(self, where: str, words: str) -> None:
        """Said once of each: it would be met again and again."""
        if where not in self._refused and len(self._refused) < _MOST_REFUSALS:
            self._refused.add(where)
            log.event(_logger, "left alone in the evidence's folder", logging.WARNING, path=where, reason=words)

    def _say(self, state: str, reason: str) -> None:
        if state != self.state:
            level = logging.INFO if state == "ok" else logging.WARNING
            log.event(_logger, f"evidence {state}", level, reason=reason or None)
        self.state, self.reason = state, reason
