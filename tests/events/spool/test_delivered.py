"""Ranges of numbers, held against a plain set."""

from __future__ import annotations

from typing import List, Tuple

from hypothesis import given
from hypothesis import strategies as st

from edge.events.spool.delivered import Ranges

_ranges = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)).map(lambda p: (p[0], p[0] + p[1])), max_size=20)


@given(_ranges, st.integers(0, 70), st.integers(0, 70))
def test_like_a_set(ranges: List[Tuple[int, int]], last: int, count: int) -> None:
    ours, plain = Ranges(), set()
    for first, end in ranges:
        new = set(range(first, end + 1)) - plain
        assert ours.add(first, end) == len(new)
        plain |= new
    assert [n for n in range(0, 80) if n in ours] == sorted(plain)
    missing = [n for n in range(1, last + 1) if n not in plain]
    assert ours.count(last) == last - len(missing)
    assert [n for a, b in ours.missing(last) for n in range(a, b + 1)] == missing
    assert ours.watermark == next(n - 1 for n in range(1, 100) if n not in plain)
    assert ours.newest == max(plain, default=0)
    if count:
        assert ours.oldest_missing(count, last) == (missing[count - 1] if count <= len(missing) else last)
    assert Ranges(ours.pairs()).pairs() == ours.pairs()
    for (_, end), (first, _) in zip(ours.pairs(), ours.pairs()[1:]):
        assert first > end + 1, "neighbours are one range"


def test_nothing_is_in_an_empty_one() -> None:
    assert Ranges().add(5, 4) == 0
    assert (Ranges().watermark, Ranges().newest, Ranges().count(9)) == (0, 0, 0)
