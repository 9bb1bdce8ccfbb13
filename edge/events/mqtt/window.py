"""How many messages may be on their way at a time."""

from __future__ import annotations

# Small: after a lost connection these may come twice. While a backlog is sent its entries say themselves that they may.
WINDOW, WIDE = 20, 200
# Seconds that messages may queue on the way: beyond CALM the window grows no more, beyond LONG it shrinks. New events
# stand in the same queue.
CALM, LONG = 0.1, 0.25


class Window:
    """For one connection. It widens while a backlog is sent, unless that makes answers come late: a slow line gets no
    faster by it, and new events would wait behind what is on its way.
    """

    def __init__(self) -> None:
        self._wide = WINDOW
        self._least = float("inf")
        self._not_before = 0.0

    def size(self, replaying: bool, most: int) -> int:
        """``most``: what the broker takes at a time."""
        return min(most, self._wide if replaying else WINDOW)

    def answered(self, took: float, now: float) -> None:
        """An answer came after ``took`` seconds; what the fastest took is the way itself."""
        self._least = min(self._least, took)
        queued = took - self._least
        if queued < CALM:
            self._wide = min(WIDE, self._wide + 1)
        elif queued > LONG and now >= self._not_before:
            # Once for all that are on their way now: they were sent under the old one.
            self._wide = max(WINDOW, self._wide // 2)
            self._not_before = now + took
