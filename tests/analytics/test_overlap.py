from __future__ import annotations

from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.overlap import Overlaps

Box = Tuple[float, float, float, float]
boxes = st.lists(
    st.tuples(st.floats(0, 2), st.floats(0, 1), st.floats(0.01, 1), st.floats(0.01, 1)), min_size=1, max_size=5
)


def plain(a: Box, b: Box, margin: float) -> float:
    """One pair, as one would write it down."""
    overlap = 1.0
    for axis in (0, 1):
        low = max(a[axis] - a[axis + 2] / 2, b[axis] - b[axis + 2] / 2) - margin
        high = min(a[axis] + a[axis + 2] / 2, b[axis] + b[axis + 2] / 2) + margin
        overlap *= max(high - low, 0.0)
    areas = [(box[2] + 2 * margin) * (box[3] + 2 * margin) for box in (a, b)]
    return overlap / (sum(areas) - overlap)


def found(track: Box, seen: List[Box], margin: float) -> List[float]:
    """As one value for each box, 0 for those that do not overlap."""
    answer = [0.0] * len(seen)
    for i, overlap in Overlaps(seen).of(*track, margin):
        answer[i] = overlap
    return answer


@given(boxes, boxes, st.floats(0, 0.5))
def test_every_pair(tracks: List[Box], seen: List[Box], margin: float) -> None:
    for track in tracks:
        assert found(track, seen, margin) == pytest.approx([plain(track, b, margin) for b in seen], abs=1e-9)


def test_a_gap_is_bridged_by_the_margin() -> None:
    a, b = (0.1, 0.5, 0.1, 0.1), (0.22, 0.5, 0.1, 0.1)
    assert found(a, [b], 0.0) == [0.0]
    assert found(a, [b], 0.05)[0] > 0.2
