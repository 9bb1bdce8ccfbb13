"""Outputs and options that do not fit, and outputs that are not numbers."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edge.errors import Incompatible
from edge.inference.decoders import families, make_decoder

LEVELS = [{"map": [2, 2], "min_sizes": [40]}]


def zeros(*shapes: Tuple[int, ...]) -> List[np.ndarray]:
    return [np.zeros(shape, dtype=np.float32) for shape in shapes]


#: For each family: options, labels, input size, shapes that it takes.
FITTING: Dict[str, Tuple[Dict[str, Any], int, Tuple[int, int], List[Tuple[int, ...]]]] = {
    "fastestdet": ({}, 3, (64, 64), [(1, 8, 4, 4)]),
    "rfb": ({}, 1, (64, 64), [(1, 9, 2), (1, 9, 4)]),
    "yolox": ({}, 3, (64, 32), [(1, 42, 8)]),
    "yolov5": ({}, 3, (64, 64), [(1, 9, 8)]),
    "yolov7": ({}, 3, (64, 64), [(1, 9, 8)]),
    "yolov8": ({}, 3, (64, 64), [(1, 7, 9)]),
    "yolov11": ({}, 3, (64, 64), [(1, 9, 7)]),
    "boxes_scores": ({}, 3, (64, 64), [(1, 9, 4), (1, 9, 3)]),
    "classify": ({}, 4, (64, 64), [(1, 4)]),
    "ssd": ({"priors": LEVELS}, 2, (64, 64), [(1, 4, 4), (1, 4, 3)]),
}


def test_every_family_is_here() -> None:
    assert sorted(FITTING) == families()


@pytest.mark.parametrize("name", sorted(FITTING))
def test_shapes(name: str) -> None:
    more, labels, size, shapes = FITTING[name]
    decode = make_decoder({"decoder": name, **more}, labels, size)
    (found,) = decode(zeros(*shapes), 0.5)
    assert found.shape == (0, 6) and found.dtype == np.float32
    assert len(decode(zeros(*[(4, *s[1:]) for s in shapes]), 0.5)) == 4  # a batch

    wrong = [[], zeros((1, 3)), zeros((1, 2, 3)), zeros((1, 8, 5, 4, 2)), zeros((1, 6), (1, 6)), zeros((1, 11, 11, 4))]
    for outputs in wrong:
        with pytest.raises(Incompatible, match=name + " wants .* labels.*the network gives"):
            decode(outputs, 0.5)
    with pytest.raises(Incompatible, match=str(labels + 1) + " labels"):
        make_decoder({"decoder": name, **more}, labels + 1, size)(zeros(*shapes), 0.5)


@pytest.mark.parametrize("name", sorted(FITTING))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_nothing_but_numbers_comes_out(name: str, data: st.DataObject) -> None:
    more, labels, size, shapes = FITTING[name]
    floats = st.floats(width=32) | st.sampled_from([float("nan"), float("inf"), -float("inf"), 2.0**126, 0.5, 2.0])
    outputs = [data.draw(hnp.arrays(np.float32, shape, elements=floats)) for shape in shapes]
    for threshold in (0.0, 0.3):
        (found,) = make_decoder({"decoder": name, **more}, labels, size)(outputs, threshold)
        assert np.isfinite(found).all()
        assert ((found[:, 4] >= threshold) & (found[:, 4] <= 1.0)).all()
        assert ((found[:, 5] >= 0) & (found[:, 5] < labels)).all()
        assert (found[:, 2:4] > found[:, :2]).all()


def test_half_precision_outputs() -> None:
    table = np.array([[[320, 320, 100, 50, 0.9, 0.1]]], dtype=np.float16)
    (found,) = make_decoder({"decoder": "yolov8"}, 2, (640, 640))([table], 0.5)
    np.testing.assert_allclose(found, [[270 / 640, 295 / 640, 370 / 640, 345 / 640, 0.9, 0]], atol=1e-3)


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ({"decoder": "detr"}, "decoder 'detr' is not one of boxes_scores, classify"),
        ({}, "decoder"),
        ({"decoder": "yolov8", "strides": [8]}, "no option strides"),
        ({"decoder": "yolox", "activation": "softmax"}, "activation"),
        ({"decoder": "boxes_scores", "box_format": "xxyy"}, "box_format"),
        ({"decoder": "boxes_scores", "background": True}, "background"),
        ({"decoder": "classify", "activation": "relu"}, "activation"),
        ({"decoder": "classify", "nms_iou": 0.5}, "no option nms_iou"),
        ({"decoder": "ssd"}, "priors"),
        ({"decoder": "ssd", "priors": LEVELS, "variances": [1, 2, 3]}, "variances"),
        ({"decoder": "ssd", "priors": LEVELS, "activation": "relu"}, "activation"),
        ({"decoder": "ssd", "priors": LEVELS, "background": "yes"}, "background"),
        ({"decoder": "ssd", "priors": "/nowhere/priors.npy"}, "/nowhere/priors.npy"),
        ({"decoder": "ssd", "priors": [{"min_sizes": [3]}]}, "step or map"),
        ({"decoder": "ssd", "priors": [{"step": 8}]}, "min_sizes"),
        ({"decoder": "ssd", "priors": [{"step": 8, "min_sizes": [3], "max_sizes": [4, 5]}]}, "max_sizes"),
    ],
)
def test_options_that_cannot_be(output: Dict[str, Any], word: str) -> None:
    with pytest.raises(Incompatible, match=word):
        make_decoder(output, 2, (64, 64))


def test_priors_from_a_file(tmp_path: Any) -> None:
    priors = np.random.default_rng(1).random((5, 4)).astype(np.float32)
    np.save(tmp_path / "priors.npy", priors)
    spec = {"decoder": "ssd", "priors": str(tmp_path / "priors.npy")}
    scores = np.zeros((1, 5, 2), dtype=np.float32)
    scores[0, 2, 1] = 0.9
    (found,) = make_decoder(spec, 1, (64, 64))({"loc": np.zeros((1, 5, 4), np.float32), "conf": scores}, 0.5)
    cx, cy, w, h = priors[2]
    np.testing.assert_allclose(found, [[cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, 0.9, 0]], atol=1e-6)
    np.save(tmp_path / "flat.npy", priors.ravel())
    with pytest.raises(Incompatible, match=r"flat\.npy"):
        make_decoder({"decoder": "ssd", "priors": str(tmp_path / "flat.npy")}, 1, (64, 64))


def test_boxes_and_scores_that_shapes_do_not_tell() -> None:
    same = {"a": np.zeros((1, 9, 4), np.float32), "b": np.zeros((1, 9, 4), np.float32)}
    with pytest.raises(Incompatible, match=r"name them in output\.boxes"):
        make_decoder({"decoder": "boxes_scores"}, 4, (64, 64))(same, 0.5)
    make_decoder({"decoder": "boxes_scores", "boxes": "b", "scores": "a"}, 4, (64, 64))(same, 0.5)
    with pytest.raises(Incompatible, match="scores as output 'c'"):
        make_decoder({"decoder": "boxes_scores", "boxes": "b", "scores": "c"}, 4, (64, 64))(same, 0.5)
    two = {"a": np.zeros((2, 9, 4), np.float32), "b": np.zeros((1, 9, 3), np.float32)}
    with pytest.raises(Incompatible):
        make_decoder({"decoder": "boxes_scores"}, 3, (64, 64))(two, 0.5)
