"""What the spool tells of its troubles."""

from __future__ import annotations

import logging
from typing import Callable, List

from edge import log
from edge.events.spool.bounds import Losses
from edge.events.spool.entry import Trouble

_logger = logging.getLogger(__name__)

_WORDS = {
    "memory": "events are kept in memory alone: the disk cannot be used",
    "recovered": "events are kept on disk again",
    "corrupt": "the file in which events wait was replaced",
}


class News:
    """Collected under the spool's lock, and told without it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._news: List[Trouble] = []
        self.losses = Losses(self._news.append, monotonic)

    @property
    def due(self) -> float:
        """Seconds until there is some."""
        return 0.0 if self._news else self.losses.due

    def add(self, kind: str, reason: str) -> None:
        level = logging.INFO if kind == "recovered" else logging.WARNING
        log.event(_logger, _WORDS[kind], level, reason=reason or None)
        self._news.append(Trouble(kind, 0, reason))

    def take(self) -> List[Trouble]:
        self.losses.tell()
        news, self._news[:] = list(self._news), []
        return news
