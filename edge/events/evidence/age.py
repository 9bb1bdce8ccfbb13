"""The time of day by which evidence is too old.

What is too old is removed for good, so a clock is not believed at once. A board without a battery starts in the past
and jumps ahead; a wrong answer from a time server may be years away. A clock that stepped ahead by more than an hour is
believed when it has held for an hour (of the monotonic clock), and until then time goes on from where it was. At the
start it was where the newest file says. A clock that is set back is believed at once: by it less is too old.
"""

from __future__ import annotations

import time
from typing import Callable, Optional, Tuple

STEP_S = 3600.0
HELD_S = 3600.0


class AgeClock:
    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._offset = wall() - monotonic()
        #: What the clock says since it stepped ahead, and since when it does.
        self._claim: Optional[Tuple[float, float]] = None

    def begin(self, newest: Optional[float]) -> None:
        """``newest``: when the newest file was written, if there is one."""
        if newest is not None:
            self._offset = min(self._offset, newest - self._monotonic())

    def now(self) -> float:
        """Seconds since 1970, as far as they are believed."""
        monotonic = self._monotonic()
        offset = self._wall() - monotonic
        if offset - self._offset <= STEP_S:
            self._offset, self._claim = offset, None
        elif self._claim is None or abs(offset - self._claim[0]) > STEP_S:
            self._claim = offset, monotonic
        elif monotonic - self._claim[1] >= HELD_S:
            self._offset, self._claim = offset, None
        return monotonic + self._offset
