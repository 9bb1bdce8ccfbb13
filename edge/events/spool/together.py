"""Entries that belong together: all of a picture's are in one commit."""

from __future__ import annotations

import threading


class Together:
    """A context; there is one for each picture, so it is one object and not made anew.

    ``under_way``: how many are. ``awaited``: whoever commits sets it to be notified of the end. ``lock`` guards both.
    """

    def __init__(self, lock: threading.Condition) -> None:
        self._lock = lock
        self.under_way = 0
        self.awaited = False

    def __enter__(self) -> None:
        with self._lock:
            self.under_way += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.under_way -= 1
            if self.awaited and not self.under_way:
                self._lock.notify()
