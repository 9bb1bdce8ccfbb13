from __future__ import annotations

from typing import List, Tuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.overlap import widened_iou

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


@given(boxes, boxes, st.floats(0, 0.5))
def test_every_pair(tracks: List[Box], seen: List[Box], margin: float) -> None:
    margins = np.linspace(0, margin, len(tracks))
    found = widened_iou(np.array(tracks), np.array(seen), margins)
    expected = [[plain(a, b, m) for b in seen] for a, m in zip(tracks, margins)]
    assert found == pytest.approx(np.array(expected), abs=1e-9)


def test_a_gap_is_bridged_by_the_margin() -> None:
    a, b = np.array([[0.1, 0.5, 0.1, 0.1]]), np.array([[0.22, 0.5, 0.1, 0.1]])
    assert widened_iou(a, b, np.array([0.0])) == 0.0
    assert widened_iou(a, b, np.array([0.05])) > 0.2
