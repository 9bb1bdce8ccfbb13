"""The decoders again, written one candidate at a time with plain floats, to hold the fast ones against."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np

Row = Tuple[float, float, float, float, float, int]  # x1 y1 x2 y2 score class


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


def iou(a: Row, b: Row) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def greedy_nms(rows: Sequence[Row], limit: float) -> List[Row]:
    """Best first, ties in the order given; a box falls to a kept one of its class that overlaps it by more."""
    kept: List[Row] = []
    for row in sorted(rows, key=lambda r: -r[4]):
        if all(other[5] != row[5] or iou(other, row) <= limit for other in kept):
            kept.append(row)
    return kept


def centred(cx: float, cy: float, w: float, h: float, score: float, label: int) -> Row:
    return (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, label)


def top(scores: Sequence[float]) -> Tuple[int, float]:
    best = max(range(len(scores)), key=lambda i: (scores[i], -i))
    return best, scores[best]


def fastestdet(head: np.ndarray, threshold: float) -> List[Row]:
    _, height, width = head.shape
    rows: List[Row] = []
    for y in range(height):
        for x in range(width):
            cell = [float(v) for v in head[:, y, x]]
            label, best = top(cell[5:])
            score = cell[0] ** 0.6 * best**0.4
            if score >= threshold:
                cx, cy = (x + math.tanh(cell[1])) / width, (y + math.tanh(cell[2])) / height
                rows.append(centred(cx, cy, sigmoid(cell[3]), sigmoid(cell[4]), score, label))
    return rows


def yolox(
    levels: Sequence[Tuple[int, np.ndarray]], size: Tuple[int, int], threshold: float, logits: bool = False
) -> List[Row]:
    """``levels``: (stride, map (5 + C, h, w))."""
    rows: List[Row] = []
    for stride, level in levels:
        for y in range(level.shape[1]):
            for x in range(level.shape[2]):
                cell = [float(v) for v in level[:, y, x]]
                if logits:
                    cell[4:] = [sigmoid(v) for v in cell[4:]]
                label, best = top(cell[5:])
                score = best * cell[4]
                if score >= threshold:
                    cx, cy = (cell[0] + x) * stride / size[0], (cell[1] + y) * stride / size[1]
                    w, h = math.exp(cell[2]) * stride / size[0], math.exp(cell[3]) * stride / size[1]
                    rows.append(centred(cx, cy, w, h, score, label))
    return rows


def yolov5(table: np.ndarray, size: Tuple[int, int], threshold: float) -> List[Row]:
    rows: List[Row] = []
    for line in table:
        label, best = top([float(v) for v in line[5:]])
        score = best * float(line[4])
        if score >= threshold:
            x, y, w, h = (float(v) / s for v, s in zip(line[:4], size * 2))
            rows.append(centred(x, y, w, h, score, label))
    return rows


def yolov8(table: np.ndarray, size: Tuple[int, int], threshold: float) -> List[Row]:
    """``table`` (A, 4 + C)."""
    rows: List[Row] = []
    for line in table:
        label, score = top([float(v) for v in line[4:]])
        if score >= threshold:
            x, y, w, h = (float(v) / s for v, s in zip(line[:4], size * 2))
            rows.append(centred(x, y, w, h, score, label))
    return rows


_TO_CORNERS: Dict[str, Callable[..., Tuple[float, float, float, float]]] = {
    "xyxy": lambda a, b, c, d: (a, b, c, d),
    "yxyx": lambda a, b, c, d: (b, a, d, c),
    "xywh": lambda a, b, c, d: (a, b, a + c, b + d),
    "cxcywh": lambda a, b, c, d: (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
}


def boxes_scores(boxes: np.ndarray, scores: np.ndarray, box_format: str, threshold: float) -> List[Row]:
    """``scores`` (A, C) without a background; ``boxes`` normalised."""
    rows: List[Row] = []
    for box, line in zip(boxes, scores):
        label, score = top([float(v) for v in line])
        if score >= threshold:
            corners = _TO_CORNERS[box_format](*(float(v) for v in box))
            rows.append((*corners, score, label))
    return rows


def ssd(
    offsets: np.ndarray, scores: np.ndarray, priors: np.ndarray, variances: Sequence[float], threshold: float
) -> List[Row]:
    """``scores`` (P, 1 + C) with the background first; each class of a prior by itself."""
    rows: List[Row] = []
    for t, line, prior in zip(offsets, scores, priors):
        for label, score in enumerate(float(v) for v in line[1:]):
            if score >= threshold:
                cx, cy, w, h = (float(v) for v in prior)
                rows.append(
                    centred(
                        cx + float(t[0]) * variances[0] * w,
                        cy + float(t[1]) * variances[0] * h,
                        w * math.exp(float(t[2]) * variances[1]),
                        h * math.exp(float(t[3]) * variances[1]),
                        score,
                        label,
                    )
                )
    return rows


def same(found: np.ndarray, expected: Sequence[Row], atol: float = 1e-5, **named: Any) -> None:
    """Assert that ``found`` has exactly the rows expected, in score order (the order of near ties may differ)."""
    assert found.dtype == np.float32 and found.ndim == 2 and found.shape[1] == 6
    assert len(found) == len(expected), named
    assert np.all(np.diff(found[:, 4]) <= 0)
    left = [tuple(float(v) for v in row) for row in found]
    for row in expected:
        nearest = min(left, key=lambda r: max(abs(a - b) for a, b in zip(r, row)))
        np.testing.assert_allclose(nearest, row, atol=atol)
        left.remove(nearest)
