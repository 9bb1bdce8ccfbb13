"""NMS: order, ties, classes, limits, and what is not a number."""

from __future__ import annotations

from typing import List

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.inference.decoders.nms import suppress
from tests.inference.decoders import reference

BOX = [0.1, 0.1, 0.3, 0.3]


def run(rows: List[List[float]], iou: float = 0.5, top_k: int = 100, most: int = 100) -> np.ndarray:
    table = np.array(rows, dtype=np.float32).reshape(-1, 6)
    return suppress(table[:, :4], table[:, 4], table[:, 5], iou, top_k, most)


def test_nothing_in_nothing_out() -> None:
    found = run([])
    assert found.shape == (0, 6) and found.dtype == np.float32


def test_the_best_of_a_class_stays_and_other_classes_do_too() -> None:
    found = run([[*BOX, 0.5, 0], [*BOX, 0.9, 0], [*BOX, 0.7, 1]])
    np.testing.assert_allclose(found[:, 4:], [[0.9, 0], [0.7, 1]])


def test_a_fallen_box_lets_its_own_neighbour_stand() -> None:
    chain = [[0.0, 0, 1.0, 1, 0.9, 0], [0.4, 0, 1.4, 1, 0.8, 0], [0.8, 0, 1.8, 1, 0.7, 0]]
    found = run(chain, iou=0.4)  # the first and second overlap by 0.43, so do the second and third
    np.testing.assert_allclose(found[:, 4], [0.9, 0.7])


def test_equal_scores_rank_as_given() -> None:
    shifted = [0.12, 0.1, 0.32, 0.3]
    np.testing.assert_allclose(run([[*BOX, 0.5, 0], [*shifted, 0.5, 0]])[:, :4], [BOX])
    np.testing.assert_allclose(run([[*shifted, 0.5, 0], [*BOX, 0.5, 0]])[:, :4], [shifted])


def test_limits() -> None:
    rows = [[i, 0, i + 0.5, 1, 0.9 - i / 100, 0] for i in range(20)]
    assert len(run(rows)) == 20
    assert len(run(rows, top_k=7)) == 7
    found = run(rows, most=3)
    np.testing.assert_allclose(found[:, 0], [0, 1, 2])


def test_what_is_no_box_is_dropped() -> None:
    nan, inf = float("nan"), float("inf")
    rows = [
        [nan, 0, 1, 1, 0.9, 0],
        [0, 0, inf, 1, 0.9, 0],
        [0, 0, 1, 1, nan, 0],
        [0, 0, 1, 1, inf, 0],
        [0.5, 0, 0.5, 1, 0.9, 0],
        [0.5, 0, 0.2, 1, 0.9, 0],
        [*BOX, 0.5, 0],
    ]
    with np.errstate(all="ignore"):
        found = run(rows)
    np.testing.assert_allclose(found, [[*BOX, 0.5, 0]])


def test_a_score_a_step_above_one_is_one() -> None:
    assert run([[*BOX, 1.004, 0]])[0, 4] == 1.0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), count=st.integers(1, 40), iou=st.sampled_from([0.0, 0.3, 0.45, 0.7, 1.0]))
def test_as_the_reference(seed: int, count: int, iou: float) -> None:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 8, (count, 2))
    rows = np.concatenate([start, start + rng.integers(1, 6, (count, 2))], axis=1) / 16.0  # exact in float32
    scores = rng.integers(0, 64, count) / 64.0  # ties are likely, and exact
    classes = rng.integers(0, 3, count)
    table = [(*map(float, box), float(s), int(c)) for box, s, c in zip(rows, scores, classes)]
    near = iou not in (0.0, 1.0) and any(
        abs(reference.iou(a, b) - iou) < 1e-6
        for a in table
        for b in table  # type: ignore[arg-type]
    )
    if near:
        return
    found = suppress(rows, scores, classes, iou, 1000, 1000)
    np.testing.assert_allclose(found, reference.greedy_nms(table, iou), atol=1e-6)  # type: ignore[arg-type]
