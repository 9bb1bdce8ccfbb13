"""What the publisher wants of the spool."""

from __future__ import annotations

from typing import Callable, Iterable, List

from typing_extensions import Protocol

from edge.events.spool.entry import Entry


class Source(Protocol):
    """As :class:`edge.events.spool.Spool`. Everything but ``on_ready`` is used in the publisher's thread alone."""

    on_ready: Callable[[], None]

    @property
    def last(self) -> int:
        """The newest entry."""

    @property
    def waiting(self) -> int:
        """How many entries no broker has."""

    @property
    def reached(self) -> int:
        """How far the last fetch() has looked; less than was asked for where the disk gives nothing."""

    def fetch(self, after: int, limit: int) -> List[Entry]: ...

    def delivered(self, ns: Iterable[int]) -> None: ...

    def discard(self, n: int, reason: str) -> None: ...
