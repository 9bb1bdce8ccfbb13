"""Whether something happens in a scene, by the sizes of its predicted pictures alone. Pure.

A predicted picture holds what differs from the ones before: in a still scene noise and little else. Who enters has to
be coded anew, picture after picture, for as long as it moves. Each kind of picture (P, B, by layer) is held against
what its kind has been like lately: against the median, in units of how far the larger ones are from it. That follows
encoders that hold a rate, rain, and the evening; what is large once (a lamp, the virtual key pictures of some cameras)
is not enough.
"""

from bisect import bisect_left, insort
from collections import deque
from math import exp, log
from typing import Deque, Dict, List

#: Pictures of a kind that are remembered, and how many must have come before one is judged.
_WINDOW, _LEAST = 60, 8
#: From the median to here is a kind's deviation, as from the middle of a normal distribution.
_UPPER = 0.84
#: It is so much at least (of natural logarithms), whatever sizes did lately; so much where pictures are whole.
_FLOOR, _FLOOR_WHOLE = 0.08, 0.003
#: A deviation is so many thousandths of a key picture at least, at sensitivity 0, 0.5 and 1: 4, 0.5 and 0.06. What a
#: thousandth of the picture takes that moves is of that order; where nothing moves sizes double for nothing.
_MUCH, _LITTLE = 4e-3, 0.0625e-3
#: A cumulative sum (Page 1954): each picture adds by how many deviations it is too large, of which so many do not count
#: (2, 1 and 0.5) and no more than the most; something happens when that comes to enough (16, 5.7 and 2).
_LARGE, _SMALL = 2.0, 0.5
_HIGH, _LOW = 16.0, 2.0
_MOST, _LEAST_ADDED = 4.0, -2.0
#: A false alarm makes so much more be needed, up to so much; with each key picture it becomes less again.
_BLUNTER, _BLUNT, _SHARPER = 1.7, 5.0, 0.98
_KEYS = 5


class _Kind:
    """The pictures of one kind: logarithms of their sizes."""

    def __init__(self) -> None:
        self._values: Deque[float] = deque()
        self._sorted: List[float] = []

    def add(self, value: float) -> None:
        self._values.append(value)
        insort(self._sorted, value)
        if len(self._values) > _WINDOW:
            del self._sorted[bisect_left(self._sorted, self._values.popleft())]

    @property
    def known(self) -> bool:
        return len(self._sorted) >= _LEAST

    @property
    def median(self) -> float:
        return self._sorted[len(self._sorted) // 2]

    @property
    def spread(self) -> float:
        """From the median to the larger ones."""
        return self._sorted[int(len(self._sorted) * _UPPER)] - self.median


class Sizes:
    """``sensitivity``: 0 to 1. ``whole``: each picture is coded by itself (JPEG): who enters may as well make it
    smaller. Sizes are in bytes.
    """

    def __init__(self, sensitivity: float = 0.5, whole: bool = False) -> None:
        self.set(sensitivity)
        self._whole, self._floor = whole, _FLOOR_WHOLE if whole else _FLOOR
        self._kinds: Dict[int, _Kind] = {}
        self._keys: Deque[int] = deque(maxlen=_KEYS)
        self._sum = 0.0
        self._blunt = 1.0  # how many times as much is enough

    def set(self, sensitivity: float) -> None:
        self._much: float = _MUCH * (_LITTLE / _MUCH) ** sensitivity
        self._fall: float = _LARGE * (_SMALL / _LARGE) ** sensitivity
        self._enough: float = _HIGH * (_LOW / _HIGH) ** sensitivity

    @property
    def known(self) -> bool:
        """Whether enough pictures have come to judge others by."""
        return bool(self._keys) and any(kind.known for kind in self._kinds.values())

    def key(self, size: int) -> None:
        """A key picture has come. (It says nothing by its size: who is small in the picture is small in that.)"""
        self._keys.append(size)
        self._blunt = max(1.0, self._blunt * _SHARPER)

    def alarmed(self, rightly: bool) -> None:
        """That something had happened was right, or nothing was seen of it: then it takes more the next times."""
        self._blunt = 1.0 if rightly else min(_BLUNT, self._blunt * _BLUNTER)

    def look(self, kind: int, place: int, size: int, learn: bool = True) -> bool:
        """A predicted picture has come, that many after the key picture: whether something happens. ``learn``: False
        while something is known to happen, which is not to become what is usual.
        """
        value, kind = log(max(1, size)), kind << 5 | min(31, place.bit_length())
        seen = self._kinds.get(kind)
        if seen is None:
            seen = self._kinds[kind] = _Kind()
        if seen.known and self._keys:
            self._judge(value, size, seen)
        if learn or not seen.known:
            seen.add(value)
        return self._sum >= self._enough * self._blunt

    def _judge(self, value: float, size: int, seen: _Kind) -> None:
        median = seen.median
        more, far = size - exp(median), value - median
        if self._whole:
            more, far = abs(more), abs(far)
        usual = sorted(self._keys)[len(self._keys) // 2]
        large = min(far / max(self._floor, seen.spread), more / (self._much * usual), _MOST)
        self._sum = min(2 * self._enough * self._blunt, max(0.0, self._sum + max(large, _LEAST_ADDED) - self._fall))
