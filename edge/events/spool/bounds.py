"""How much may wait, and how losses are told."""

from __future__ import annotations

import time
from typing import Callable, NamedTuple

from edge.config.evidence import SpoolConfig
from edge.events.spool.entry import Trouble

TELL_EVERY = 60.0


class Bounds(NamedTuple):
    """Beyond them the oldest go, delivered ones first. Sizes in bytes, times in seconds."""

    max_events: int = 100_000
    max_size: int = 256_000_000
    max_age: float = 7 * 86400.0
    history: float = 86400.0

    @classmethod
    def of(cls, config: SpoolConfig) -> Bounds:
        return cls(config.max_events, config.max_size, config.max_age, config.history)


class Losses:
    """Sums up what was given up, and tells it once a minute at most."""

    def __init__(self, tell: Callable[[Trouble], None], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._monotonic = tell, monotonic
        self._count, self._reason = 0, ""
        self._told = float("-inf")

    def add(self, count: int, reason: str) -> None:
        if count > 0:
            self._count += count
            self._reason = reason

    @property
    def due(self) -> float:
        """Seconds until there is something to tell; infinite if there is nothing."""
        return max(0.0, self._told + TELL_EVERY - self._monotonic()) if self._count else float("inf")

    def tell(self) -> None:
        """Whatever is due."""
        if self.due > 0:
            return
        trouble = Trouble("lost", self._count, self._reason)
        self._count, self._told = 0, self._monotonic()
        self._tell(trouble)
