"""From the monotonic time of a picture's capture to the time of day."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Callable

# Two readings are never taken at the same instant, so the offset trembles by microseconds. A smaller change than this
# is not a clock that was set, and keeping the offset gives all events of a picture the same time.
_STEP = 0.02


class WallClock:
    """Called with monotonic seconds, answers seconds since 1970.

    The offset follows the system's clock when that is set: a board without a battery starts in the past, and learns the
    time minutes later from the network.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def __call__(self, monotonic: float) -> float:
        offset = self._wall() - self._monotonic()
        if abs(offset - self._offset) > _STEP:
            self._offset = offset
        return monotonic + self._offset

    def now(self) -> float:
        """The present moment, in monotonic seconds."""
        return self._monotonic()


def rfc3339(seconds: float) -> str:
    """Seconds since 1970 as UTC with milliseconds: 2024-05-04T12:30:00.250Z."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{_to_the_second(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=8)
def _to_the_second(seconds: int) -> str:
    year, month, day, hour, minute, second = time.gmtime(seconds)[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"
