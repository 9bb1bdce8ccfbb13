"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random
from typing import Optional

FIRST, LONGEST = 1.0, 30.0  # seconds
STEADY = 10.0  # a connection that held this long starts the ladder anew


class Backoff:
    """Doubles from 1 to 30 s. Each delay is drawn from the upper half of its step: devices that lose their broker at
    the same moment do not come back at the same moment, on the first step and on the last neither.
    """

    def __init__(self, rng: Optional[random.Random] = None) -> None:
        self._random = random.Random() if rng is None else rng
        self._step = 2 * FIRST

    def delay(self, held: float = 0.0, slow: bool = False) -> float:
        """Seconds to wait. ``held``: how long the last attempt held; ``slow``: go to the last step at once."""
        if held >= STEADY:
            self.reset()
        if slow:
            self._step = LONGEST
        step, self._step = self._step, min(LONGEST, 2 * self._step)
        return self._random.uniform(max(FIRST, step / 2), step)

    def reset(self) -> None:
        self._step = 2 * FIRST
