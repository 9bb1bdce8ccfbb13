"""The packets of the last two groups, while it is quiet: what moved between two key pictures is found by the second."""

from typing import List, NamedTuple

from ..ring.buffer import Held
from .switch import Switch


class Kept(NamedTuple):
    """A packet. ``captured``: its picture's, when it is decoded; ``key``: it begins a group."""

    buffer: Held
    captured: int
    key: bool
    size: int


class Past:
    def __init__(self) -> None:
        #: Whether packets are kept.
        self.wanted = False
        self._before: List[Kept] = []
        self._now: List[Kept] = []

    def goes(self, switch: Switch, was_quiet: bool) -> None:
        """A packet has come, and was looked at by ``switch``."""
        if not switch.at_key:
            return
        # What was decoded all is not to be decoded again; in the group that a quiet time ends with it may be.
        self.wanted = was_quiet or switch.quiet
        self._before = self._now if was_quiet else []
        self._now = []

    def add(self, kept: Kept) -> None:
        if self.wanted:
            self._now.append(kept)

    @property
    def whole(self) -> bool:
        """Whether there are two groups."""
        return bool(self._before and self._now)

    @property
    def packets(self) -> List[Kept]:
        return self._before + self._now

    def forget(self) -> None:
        """What has come so far is of no more use."""
        self.wanted = False
        self._before, self._now = [], []
