from __future__ import annotations

import numpy as np
import pytest

from edge.analytics.detections import Detections
from edge.analytics.settings import DEFAULTS
from edge.analytics.start_rules import UNWANTED, StartRules, floor_scores
from edge.analytics.usable import fractions, usable
from tests.analytics.scenes import LABELS, Camera, Row, Wanted, picture

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("shape", [(3,), (3, 5), (2, 3, 6)])
def test_rows_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(N, 6\)"):
        Detections.from_rows(np.zeros(shape, np.float32), 1.0, 1, 10, 10)


def test_a_picture_without_a_size_or_a_time() -> None:
    with pytest.raises(ValueError, match="0x10"):
        picture(1.0, [], width=0, height=10)
    with pytest.raises(ValueError, match="nan"):
        picture(NAN, [])


def kept(rows: list[Row], camera: Camera | None = None) -> list[list[float]]:
    boxes = usable(picture(1.0, rows, 2000, 1000), StartRules(LABELS, camera or Camera()), DEFAULTS)
    return [[*(round(side, 3) for side in fractions(*box.measured, 2.0)), box.label] for box in boxes]


@pytest.mark.parametrize(
    "row",
    [
        (NAN, 0.1, 0.2, 0.2, 0.9, 0),
        (0.1, 0.1, 0.2, INF, 0.9, 0),
        (0.1, 0.1, 0.2, 0.2, NAN, 0),
        (0.1, 0.1, 0.1, 0.2, 0.9, 0),
        (0.2, 0.1, 0.1, 0.2, 0.9, 0),
        (1.2, 0.1, 1.4, 0.2, 0.9, 0),
        (0.1, 0.1, 0.2, 0.2, 0.9, 2),
        (0.1, 0.1, 0.2, 0.2, 0.9, -1),
        (0.1, 0.1, 0.2, 0.2, 0.1, 0),
    ],
    ids=["nan", "infinite", "nan score", "no area", "inside out", "outside", "no such class", "negative class", "low"],
)
def test_what_is_no_box_is_left_out(row: Row) -> None:
    good: Row = (0.1, 0.1, 0.3, 0.4, 0.6, 1)
    assert kept([row, good]) == [[0.1, 0.1, 0.3, 0.4, 1]]


def test_boxes_are_cut_to_the_picture_and_sorted() -> None:
    assert kept([(0.5, 0.5, 0.7, 0.7, 0.5, 0), (-0.2, 0.9, 0.3, 1.2, 0.9, 0)]) == [
        [0.0, 0.9, 0.3, 1.0, 0],
        [0.5, 0.5, 0.7, 0.7, 0],
    ]


def test_only_wanted_labels() -> None:
    rows: list[Row] = [(0.1, 0.1, 0.2, 0.2, 0.9, 0), (0.1, 0.1, 0.2, 0.2, 0.9, 1)]
    assert [box[-1] for box in kept(rows, Camera(objects={"car": Wanted()}))] == [1]


def test_what_may_start() -> None:
    camera = Camera(objects={"person": Wanted(0.6, 0.01, 0.25), "car": Wanted()})
    rules = StartRules(LABELS, camera, min_score=0.3)
    boxes = [(0, 0.6, 0.01), (0, 0.59, 0.1), (0, 0.9, 0.009), (0, 0.9, 0.26), (1, 0.3, 0.9)]
    assert [rules.may_start(*box) for box in boxes] == [True, False, False, False, True]


def test_floors_by_class() -> None:
    both = {"person": Wanted(0.4), "car": Wanted()}
    assert floor_scores(LABELS, Camera(), 0.5) == pytest.approx([0.2, 0.2])
    assert floor_scores(LABELS, Camera(objects=both), 0.5) == pytest.approx([0.16, 0.2])
    assert floor_scores(LABELS, Camera(objects={"car": Wanted(0.9)}), 0.5) == pytest.approx([UNWANTED, 0.36])
    assert floor_scores(LABELS, Camera(), 0.0) == [0.05, 0.05]
