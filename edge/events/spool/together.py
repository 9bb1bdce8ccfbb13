"""Entries that belong together: all of a picture's are in one commit."""

from __future__ import annotations

import threading
from typing import Callable


class Together:
    """A context; there is one for each picture, so it is one object and not made anew.

    ``under_way``: how many are. ``awaited``: whoever commits sets it to be notified of the end. ``put``: something was
    put within, and ``ready`` is called at the end. ``lock`` guards them.
    """

    def __init__(self, lock: threading.Condition, ready: Callable[[], None]) -> None:
        self._lock, self._ready = lock, ready
        self.under_way = 0
        self.awaited = self.put = False

    def __enter__(self) -> None:
        with self._lock:
            self.under_way += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.under_way -= 1
            if self.under_way:
                return
            put, self.put = self.put, False
            if self.awaited:
                self._lock.notify()
        if put:
            self._ready()
