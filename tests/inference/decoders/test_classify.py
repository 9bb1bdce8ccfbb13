"""Classifiers: the label that is surest, or none."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import pytest

from edge.errors import Incompatible
from edge.inference.decoders import Floors, make_decoder

LOGITS = np.array([[2.0, -1.0, 0.5], [0.1, 0.2, 0.15]], np.float32)
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
SIGMOID = 1 / (1 + np.exp(-LOGITS))


def rows(table: np.ndarray, thresholds: Any, **options: Any) -> List[Optional[Tuple[int, float]]]:
    """Class and score of each picture."""
    found = make_decoder({"decoder": "classify", **options}, 3, (32, 32))([table], thresholds)
    for row in found:
        assert row.dtype == np.float32 and row.shape in ((0, 6), (1, 6))
        assert not len(row) or row[0, :4].tolist() == [0.0, 0.0, 1.0, 1.0]
    return [(int(row[0, 5]), float(row[0, 4])) if len(row) else None for row in found]


@pytest.mark.parametrize(
    ("options", "scores"),
    [({}, SOFTMAX), ({"activation": "sigmoid"}, SIGMOID), ({"activation": "none"}, LOGITS.clip(0, 1))],
)
def test_the_best_label_and_its_probability(options: Dict[str, Any], scores: np.ndarray) -> None:
    table = LOGITS if options.get("activation") != "none" else scores
    for shaped in (table, table[:, :, None, None], table.astype(np.float16)):
        for found, expected in zip(rows(shaped, 0.0, **options), scores):
            assert found is not None and found[0] == int(expected.argmax())
            assert found[1] == pytest.approx(float(expected.max()), abs=2e-3)


def test_nothing_where_no_label_reaches_its_mark() -> None:
    assert [found is not None for found in rows(LOGITS, 0.5)] == [True, False]


def test_of_independent_attributes_the_best_of_those_that_reach_their_marks() -> None:
    floors = [Floors([0.95, 0.2, 0.6]), Floors([0.9, 0.9, 0.9])]
    found = rows(LOGITS, floors, activation="sigmoid")
    assert found[0] == (2, pytest.approx(float(SIGMOID[0, 2]))) and found[1] is None


def test_an_output_by_its_name() -> None:
    outputs = {"age": np.zeros((1, 1), np.float32), "colour": LOGITS[:1]}
    (row,) = make_decoder({"decoder": "classify", "scores": "colour"}, 3, (32, 32))(outputs, 0.0)
    assert int(row[0, 5]) == 0
    with pytest.raises(Incompatible, match=r"name it in output\.scores"):
        make_decoder({"decoder": "classify"}, 3, (32, 32))(outputs, 0.0)
    with pytest.raises(Incompatible, match="scores as output 'color'"):
        make_decoder({"decoder": "classify", "scores": "color"}, 3, (32, 32))(outputs, 0.0)


def test_nonsense_is_no_label() -> None:
    table = np.array([[np.nan, np.inf, np.nan]], np.float32)
    for activation in ("none", "sigmoid", "softmax"):
        for found in rows(table, 0.1, activation=activation):
            assert found is None or (found[0] == 1 and found[1] <= 1.0)
