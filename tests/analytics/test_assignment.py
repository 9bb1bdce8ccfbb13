"""The assignment against trying every possibility."""

from __future__ import annotations

import itertools
from typing import Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.assignment import assign, hungarian

Pairs = Dict[Tuple[int, int], float]

pairs = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 5)), st.integers(1, 100).map(lambda n: n / 100), max_size=20
)
matrices = st.tuples(st.integers(1, 6), st.integers(0, 3)).flatmap(
    lambda shape: st.lists(
        st.lists(st.floats(-1, 1, width=32), min_size=sum(shape), max_size=sum(shape)),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def solve(listed: Pairs) -> List[Tuple[int, int]]:
    return assign([r for r, _ in listed], [c for _, c in listed], list(listed.values()))


def best_of_all(listed: Pairs) -> float:
    rows = sorted({r for r, _ in listed})
    columns = [*sorted({c for _, c in listed}), *([-1] * len(rows))]  # -1: this row gets none
    choices = itertools.permutations(columns, len(rows))
    return max(sum(listed.get((r, c), 0.0) for r, c in zip(rows, choice)) for choice in choices)


def test_nothing() -> None:
    assert assign([], [], []) == []


def test_single_pairs_and_a_knot() -> None:
    listed = {(0, 7): 0.5, (1, 1): 0.9, (1, 2): 0.8, (2, 1): 0.85, (3, 9): 0.1}
    assert sorted(solve(listed)) == [(0, 7), (1, 2), (2, 1), (3, 9)]


def test_the_sum_counts_not_the_number_of_pairs() -> None:
    assert solve({(0, 0): 0.2, (0, 1): 0.9, (1, 1): 0.3}) == [(0, 1)]


@given(pairs)
def test_no_assignment_gains_more(listed: Pairs) -> None:
    rows = {r for r, _ in listed}
    if len(rows) > 4:
        listed = {key: gain for key, gain in listed.items() if key[0] < 4}
    chosen = solve(listed)
    assert len({r for r, _ in chosen}) == len({c for _, c in chosen}) == len(chosen)
    assert sum(listed[pair] for pair in chosen) == pytest.approx(best_of_all(listed) if listed else 0.0)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter_to_the_gain(listed: Pairs, random: object) -> None:
    shuffled = list(listed.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = solve(dict(shuffled))
    assert sum(listed[p] for p in again) == pytest.approx(sum(listed[p] for p in solve(listed)))
    assert solve(listed) == solve(listed)


def cheapest(cost: List[List[float]]) -> float:
    """By dynamic programming over the sets of columns that the rows so far have taken."""
    reached = {0: 0.0}
    for line in cost:
        following: Dict[int, float] = {}
        for taken, so_far in reached.items():
            for column, price in enumerate(line):
                if not taken >> column & 1:
                    after = taken | 1 << column
                    following[after] = min(following.get(after, float("inf")), so_far + price)
        reached = following
    return min(reached.values())


@given(matrices)
def test_hungarian_finds_the_cheapest(cost: List[List[float]]) -> None:
    columns = hungarian(cost)
    assert len(set(columns)) == len(columns)
    assert sum(line[c] for line, c in zip(cost, columns)) == pytest.approx(cheapest(cost), abs=1e-6)
