"""How long to wait before the next try."""

import random
from typing import Optional


class Backoff:
    """Doubles from ``first`` to ``most`` seconds, each with up to a quarter of jitter: tries do not fall together.

    ``good`` says after how many seconds of success the ladder starts anew.
    """

    def __init__(
        self, first: float = 1.0, most: float = 30.0, good: float = 10.0, rng: Optional[random.Random] = None
    ) -> None:
        self._first, self._most, self._good = first, most, good
        self._next = first
        self._random = rng if rng is not None else random.Random()

    def delay(self, worked: float = 0.0, slow: bool = False) -> float:
        """Seconds to wait. ``worked``: how long the last try worked; ``slow``: go to the longest wait at once."""
        if worked >= self._good:
            self._next = self._first
        if slow:
            self._next = self._most
        base, self._next = self._next, min(self._most, self._next * 2)
        return base * (1.0 + 0.25 * self._random.random())

    def reset(self) -> None:
        """Begin the ladder anew: what was tried so far is not what comes."""
        self._next = self._first
