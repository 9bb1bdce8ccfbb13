"""Numbers that need no more sending, as ranges: mostly one long range and a few short ones beyond it. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Iterable, List, Sequence, Tuple


class Ranges:
    """A set of whole numbers from 1 on, made for few and long ranges."""

    def __init__(self, ranges: Iterable[Sequence[int]] = ()) -> None:
        self._first: List[int] = []
        self._last: List[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> int:
        """Put ``first`` to ``last`` in; how many of them were not there before."""
        first = max(1, first)
        if last < first:
            return 0
        # All ranges that touch or overlap the new one melt into it.
        low = bisect_left(self._last, first - 1)
        high = bisect_right(self._first, last + 1)
        before = sum(self._last[i] - self._first[i] + 1 for i in range(low, high))
        if low < high:
            first, last = min(first, self._first[low]), max(last, self._last[high - 1])
        self._first[low:high], self._last[low:high] = [first], [last]
        return last - first + 1 - before

    def __contains__(self, n: int) -> bool:
        at = bisect_right(self._first, n) - 1
        return at >= 0 and n <= self._last[at]

    @property
    def watermark(self) -> int:
        """Up to here everything is in."""
        return self._last[0] if self._first and self._first[0] == 1 else 0

    @property
    def newest(self) -> int:
        return self._last[-1] if self._last else 0

    def count(self, last: int) -> int:
        """How many from 1 to ``last`` are in."""
        return sum(min(b, last) - a + 1 for a, b in zip(self._first, self._last) if a <= last)

    def oldest_missing(self, count: int, last: int) -> int:
        """The number up to which ``count`` numbers are not in, but at most ``last``."""
        n = 0
        for first, end in [*zip(self._first, self._last), (last + 1, last + 1)]:
            missing = min(first, last + 1) - 1 - n
            if missing >= count:
                return n + count
            count -= max(0, missing)
            n = end
        return last

    def missing(self, last: int) -> List[Tuple[int, int]]:
        """The ranges up to ``last`` that are not in."""
        found, n = [], 1
        for first, end in [*self.pairs(), (last + 1, last + 1)]:
            if n > last:
                break
            if n < first:
                found.append((n, min(first - 1, last)))
            n = end + 1
        return found

    def pairs(self) -> List[Tuple[int, int]]:
        return list(zip(self._first, self._last))
