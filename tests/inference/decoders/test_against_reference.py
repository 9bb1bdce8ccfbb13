"""Every family on synthetic outputs: the same rows as the loop-written reference."""

from __future__ import annotations

from itertools import combinations
from typing import Callable, List, Tuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edge.inference.decoders import make_decoder
from edge.inference.decoders.priors import make_priors
from tests.inference.decoders import reference
from tests.inference.decoders.reference import Row

IOU = 0.5
quick = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**31)
thresholds = st.sampled_from([0.0, 0.2, 0.4, 0.7, 0.95])


def expected(rows: Callable[[float], List[Row]], threshold: float) -> List[Row]:
    """The reference's answer; a case that a rounding could turn is left aside."""
    sure = rows(threshold + 1e-4)
    assume(len(sure) == len(rows(threshold - 1e-4)))
    assume(all(abs(reference.iou(a, b) - IOU) > 1e-4 for a, b in combinations(sure, 2)))
    assume(len({round(r[4], 5) for r in sure}) == len(sure))  # ties have a test of their own
    return reference.greedy_nms(sure, IOU)


def options(**more: object) -> dict[str, object]:
    return {"nms_iou": IOU, "top_k": 10000, "max_detections": 10000, **more}


@quick
@given(seed=seeds, labels=st.integers(1, 5), grid=st.tuples(st.integers(1, 6), st.integers(1, 6)), threshold=thresholds)
def test_fastestdet(seed: int, labels: int, grid: Tuple[int, int], threshold: float) -> None:
    rng = np.random.default_rng(seed)
    head = rng.random((2, 5 + labels, *grid)).astype(np.float32)
    head[:, 1:5] = rng.normal(size=(2, 4, *grid))
    decode = make_decoder(options(decoder="fastestdet"), labels, (64, 64))
    for picture, found in zip(head, decode([head], threshold)):
        reference.same(found, expected(lambda t, p=picture: reference.fastestdet(p, t), threshold))  # type: ignore[misc]


def yolox_levels(seed: int, labels: int, logits: bool) -> List[Tuple[int, np.ndarray]]:
    rng = np.random.default_rng(seed)
    levels = []
    for stride in (8, 16, 32):
        level = rng.normal(size=(5 + labels, 64 // stride, 96 // stride)).astype(np.float32)
        level[4:] = rng.normal(size=level[4:].shape) * 3 if logits else rng.random(level[4:].shape)
        levels.append((stride, level))
    return levels


@quick
@given(seed=seeds, labels=st.integers(1, 4), threshold=thresholds, logits=st.booleans(), maps=st.booleans())
def test_yolox(seed: int, labels: int, threshold: float, logits: bool, maps: bool) -> None:
    levels = yolox_levels(seed, labels, logits)
    want = expected(lambda t: reference.yolox(levels, (96, 64), t, logits), threshold)
    tensors = [level[None] for _, level in levels]
    if not maps:
        tensors = [np.concatenate([t.reshape(1, 5 + labels, -1) for t in tensors], axis=2).transpose(0, 2, 1)]
    decode = make_decoder(options(decoder="yolox", activation="sigmoid" if logits else "none"), labels, (96, 64))
    reference.same(decode(tensors, threshold)[0], want, atol=1e-4)


def table(seed: int, rows: int, labels: int, objectness: bool) -> np.ndarray:
    """(1, rows, 4 or 5 + labels): boxes in pixels of a 320x256 input, then scores."""
    rng = np.random.default_rng(seed)
    boxes = np.concatenate([rng.random((rows, 2)) * [320, 256], rng.random((rows, 2)) * 90 + 2], axis=1)
    scores = rng.random((rows, labels + objectness))
    return np.concatenate([boxes, scores], axis=1)[None].astype(np.float32)


@quick
@given(seed=seeds, labels=st.integers(1, 4), threshold=thresholds, name=st.sampled_from(["yolov5", "yolov7"]))
def test_yolov5(seed: int, labels: int, threshold: float, name: str) -> None:
    tensor = table(seed, 60, labels, objectness=True)
    want = expected(lambda t: reference.yolov5(tensor[0], (320, 256), t), threshold)
    reference.same(make_decoder(options(decoder=name), labels, (320, 256))([tensor], threshold)[0], want)


@quick
@given(
    seed=seeds,
    labels=st.integers(1, 4),
    threshold=thresholds,
    name=st.sampled_from(["yolov8", "yolov11"]),
    transposed=st.booleans(),
)
def test_yolov8(seed: int, labels: int, threshold: float, name: str, transposed: bool) -> None:
    tensor = table(seed, 60, labels, objectness=False)
    want = expected(lambda t: reference.yolov8(tensor[0], (320, 256), t), threshold)
    given_as = tensor if transposed else np.ascontiguousarray(tensor.transpose(0, 2, 1))
    reference.same(make_decoder(options(decoder=name), labels, (320, 256))([given_as], threshold)[0], want)


@quick
@given(
    seed=seeds,
    labels=st.integers(1, 4),
    threshold=thresholds,
    box_format=st.sampled_from(["xyxy", "yxyx", "xywh", "cxcywh"]),
    normalised=st.booleans(),
    background=st.sampled_from(["none", "first", "last"]),
    as_classes=st.booleans(),
)
def test_boxes_scores(
    seed: int, labels: int, threshold: float, box_format: str, normalised: bool, background: str, as_classes: bool
) -> None:
    rng = np.random.default_rng(seed)
    start, size = rng.random((50, 2)), rng.random((50, 2)) * 0.3 + 0.01
    first, second = {"xywh": (start, size), "cxcywh": (start, size)}.get(box_format, (start, start + size))
    boxes = np.concatenate([first, second], axis=1).astype(np.float32)
    scores = rng.random((50, labels)).astype(np.float32)
    want = expected(lambda t: reference.boxes_scores(boxes, scores, box_format, t), threshold)

    pixels = np.array([256, 320] * 2 if box_format == "yxyx" else [320, 256] * 2, dtype=np.float32)
    outputs = {"where": (boxes if normalised else boxes * pixels)[None]}
    names = {"boxes": "where"}
    if as_classes:
        outputs["which"] = (scores.argmax(axis=1) + (background == "first")).astype(np.float32)[None]
        outputs["sure"] = scores.max(axis=1)[None]
        names.update(classes="which", scores="sure")
    else:
        nothing = rng.random((50, 1)).astype(np.float32)
        columns = {"none": [scores], "first": [nothing, scores], "last": [scores, nothing]}[background]
        outputs["sure"] = np.concatenate(columns, axis=1)[None]
        names.update(scores="sure")
    spec = options(decoder="boxes_scores", box_format=box_format, normalised=normalised, background=background, **names)
    reference.same(make_decoder(spec, labels, (320, 256))(outputs, threshold)[0], want)


LEVELS = [
    {"step": 16, "min_sizes": [20], "max_sizes": [30], "aspect_ratios": [2]},
    {"map": [2, 2], "min_sizes": [40, 50], "aspect_ratios": [2, 3]},
]


@quick
@given(seed=seeds, labels=st.integers(1, 3), threshold=thresholds, flat=st.booleans(), activation=st.booleans())
def test_ssd(seed: int, labels: int, threshold: float, flat: bool, activation: bool) -> None:
    rng = np.random.default_rng(seed)
    priors = make_priors(LEVELS, (64, 48))
    assert priors.shape == (4 * 3 * 4 + 2 * 2 * 10, 4)
    offsets = rng.normal(size=(1, len(priors), 4)).astype(np.float32)
    raw = (rng.normal(size=(1, len(priors), labels + 1)) * 2).astype(np.float32)
    scores = np.exp(raw) / np.exp(raw).sum(axis=2, keepdims=True)
    want = expected(lambda t: reference.ssd(offsets[0], scores[0], priors, [0.1, 0.2], t), threshold)
    tensors = {"loc": offsets, "conf": raw if activation else scores}
    if flat:
        tensors = {name: t.reshape(1, -1) for name, t in tensors.items()}
    spec = options(
        decoder="ssd", priors=LEVELS, activation="softmax" if activation else "none", boxes="loc", scores="conf"
    )
    reference.same(make_decoder(spec, labels, (64, 48))(tensors, threshold)[0], want)


def test_ssd_priors_by_hand() -> None:
    """One cell of SSD300's first level: 30, sqrt(30 * 60), and the two of ratio 2."""
    made = make_priors(
        [{"map": [38, 38], "step": 8, "min_sizes": [30], "max_sizes": [60], "aspect_ratios": [2]}], (300, 300)
    )
    assert made.shape == (38 * 38 * 4, 4)
    root, middle = 2**0.5, (30 * 60) ** 0.5
    sizes = [(30, 30), (middle, middle), (30 * root, 30 / root), (30 / root, 30 * root)]
    second_cell = [(12 / 300, 4 / 300, w / 300, h / 300) for w, h in sizes]
    np.testing.assert_allclose(made[4:8], second_cell, atol=1e-6)


@given(
    centre=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
    size=st.tuples(st.floats(0.02, 0.9), st.floats(0.02, 0.9)),
    label=st.integers(0, 2),
)
@quick
def test_what_is_encoded_comes_back(centre: Tuple[float, float], size: Tuple[float, float], label: int) -> None:
    """A box written in each family's own code is read back by its decoder."""
    width, height, labels = 128, 96, 3
    (cx, cy), (w, h) = centre, size
    scores = np.full(labels, 0.01)
    scores[label] = 0.9
    box = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
    pixels = [cx * width, cy * height, w * width, h * height]

    level = np.zeros((1, 5 + labels, height // 16, width // 16), dtype=np.float32)
    column, row = int(cx * width / 16), int(cy * height / 16)
    level[0, :, row, column] = [
        pixels[0] / 16 - column, pixels[1] / 16 - row, np.log(pixels[2] / 16), np.log(pixels[3] / 16), 1.0, *scores,
    ]  # fmt: skip
    cell = np.zeros((1, 5 + labels, 6, 8), dtype=np.float32)
    column, row = int(cx * 8), int(cy * 6)
    cell[0, :, row, column] = [
        0.9, np.arctanh(cx * 8 - column - 1e-9), np.arctanh(cy * 6 - row - 1e-9), np.log(w / (1 - w)),
        np.log(h / (1 - h)), *scores,
    ]  # fmt: skip
    priors = make_priors(LEVELS, (width, height))
    nearest = int(np.abs(priors[:, :2] - [cx, cy]).sum(axis=1).argmin())
    px, py, pw, ph = priors[nearest]
    offsets = np.zeros((1, len(priors), 4), dtype=np.float32)
    offsets[0, nearest] = [(cx - px) / pw / 0.1, (cy - py) / ph / 0.1, np.log(w / pw) / 0.2, np.log(h / ph) / 0.2]
    confidences = np.zeros((1, len(priors), labels + 1), dtype=np.float32)
    confidences[0, nearest, 1:] = scores
    outputs = {
        "fastestdet": ({}, {"o": cell}),
        "yolox": ({}, {"o": level}),
        "yolov5": ({}, {"o": np.array([[[*pixels, 1.0, *scores]]], dtype=np.float32)}),
        "yolov8": ({}, {"o": np.array([[[*pixels, *scores]]], dtype=np.float32)}),
        "boxes_scores": ({}, {"b": np.array([[box]], np.float32), "s": scores[None, None].astype(np.float32)}),
        "ssd": ({"priors": LEVELS, "boxes": "l", "scores": "c"}, {"l": offsets, "c": confidences}),
    }
    for name, (more, tensors) in outputs.items():
        (found,) = make_decoder({"decoder": name, **more}, labels, (width, height))(tensors, 0.5)
        assert found.shape == (1, 6), name
        assert found[0, 5] == label, name
        np.testing.assert_allclose(found[0, :4], box, atol=2e-4, err_msg=name)
        assert found[0, 4] == pytest.approx(0.9, abs=1e-3), name
