"""Which of a camera's pictures matter: those with motion, those soon after it, and one now and then. Pure.

Times are nanoseconds of a clock that never steps, and are given. What a picture shows is told by :meth:`Gate.look`;
what its stream lets guess, before anything is decoded, by :meth:`Gate.activity`.
"""

from typing import Any, Dict, List, NamedTuple, Optional

_SECOND = 1000000000
#: So long after motion every picture matters, whatever is asked for; and so long after the first of all.
LEAST_HOLD_NS = _SECOND
#: No more than this between two pictures that matter while something is tracked.
TRACKED_NS = _SECOND


class Wish(NamedTuple):
    """What the daemon's order says of motion. ``masks``: polygons, in fractions of the picture, where it is none."""

    sensitivity: float
    heartbeat_ns: int
    hold_ns: int
    masks: List[List[List[float]]]


def wish(order: Optional[Dict[str, Any]]) -> Optional[Wish]:
    """``analyse`` of an order; None: every picture matters."""
    if order is None:
        return None
    return Wish(
        float(order["sensitivity"]), int(order["heartbeat"] * _SECOND), int(order["hold"] * _SECOND),
        [[[float(x), float(y)] for x, y in polygon] for polygon in order["masks"]],
    )  # fmt: skip


class Gate:
    """``quiet``: nothing has happened for longer than ``hold``; never so where every picture matters.

    :meth:`activity` may be called from any thread, all else from one alone.
    """

    def __init__(self, wished: Optional[Wish] = None) -> None:
        self.wish = wished
        #: Something is tracked now: pictures that matter are never far apart.
        self.tracked = False
        self.quiet = False
        #: Pictures that were looked at, that had motion, and that did not matter.
        self.looked = self.moved = self.passed = 0
        self._until: Optional[int] = None  # so long every picture matters
        self._active = 0  # until when by what :meth:`activity` was told
        self._last = 0  # when a picture mattered last

    def set(self, wished: Optional[Wish]) -> None:
        """From now on so; None: every picture matters."""
        if wished is None or self.wish is None:
            self.begin()  # motion is not looked for, or was not
        self.wish = wished

    def begin(self) -> None:
        """Somebody new takes the pictures: the first of them matter, as after the start."""
        self._until = None
        self.quiet = False

    def look(self, share: Optional[float], now: int) -> bool:
        """Whether this picture matters. ``share``: how much of it moved; None: that could not be measured."""
        self.looked += 1
        if self.wish is None:
            return True
        if self._until is None:
            self._until = now + LEAST_HOLD_NS
        if share:
            self.moved += 1
            self._until = max(self._until, now + self._hold_ns)
        self.tick(now)
        if share is None or not self.quiet or now - self._last >= self._apart_ns:
            self._last = now
            return True
        self.passed += 1
        return False

    def activity(self, now: int) -> None:
        """The stream lets guess that something happens: as motion does, this makes pictures matter for a while."""
        if self.wish is not None:
            self._active = max(self._active, now + self._hold_ns)
            self.quiet = False

    def tick(self, now: int) -> None:
        """Time has passed, with or without a picture: whether it is quiet by now."""
        # Before the first picture nothing is known.
        if self.wish is not None and self._until is not None:
            self.quiet = now >= max(self._until, self._active)

    @property
    def _hold_ns(self) -> int:
        return LEAST_HOLD_NS if self.wish is None else max(self.wish.hold_ns, LEAST_HOLD_NS)

    @property
    def _apart_ns(self) -> int:
        apart = 0 if self.wish is None else self.wish.heartbeat_ns
        return min(apart, TRACKED_NS) if self.tracked else apart
