"""The one clock that every process shares: CLOCK_MONOTONIC, in nanoseconds.

GStreamer's system clock reads the same counter, so a picture's time stamp compares with the daemon's. Python 3.6 has
no ``time.monotonic_ns``.
"""

import time


def monotonic_ns() -> int:
    """Nanoseconds of CLOCK_MONOTONIC (never steps, shared by all processes of this machine)."""
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e9)
