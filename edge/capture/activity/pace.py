"""Packets that come before their time (a file's) wait for it: the decoder, which may get nothing for long, cannot hold
the pace. So they come as a camera would send them.
"""

from time import monotonic, sleep

#: Not longer than so, in such steps.
_AHEAD_S, _STEP_S = 1.0, 0.05


class Pace:
    def __init__(self) -> None:
        self._closed = False

    def wait(self, due: int) -> None:
        """``due``: in nanoseconds of the monotonic clock."""
        end = monotonic() + _AHEAD_S
        while not self._closed:
            left = min(due / 1e9, end) - monotonic()
            if left <= 0:
                return
            sleep(min(left, _STEP_S))

    def close(self) -> None:
        """Nothing waits any more."""
        self._closed = True
