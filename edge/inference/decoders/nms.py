"""Non-maximum suppression: greedy, class by class, deterministic."""

import numpy as np

EMPTY = np.zeros((0, 6), dtype=np.float32)


def suppress(
    boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, iou: float, top_k: int, max_detections: int
) -> np.ndarray:
    """The best of overlapping boxes, as float32 (M, 6) rows x1 y1 x2 y2 score class, best score first.

    ``boxes`` (N, 4) corners, ``scores`` and ``classes`` (N,). Candidates that are not finite or have no area are
    dropped. Only the ``top_k`` best are compared, and ``max_detections`` come out. A box falls when a better one of its
    class overlaps it by more than ``iou``. Equal scores rank in the order given.
    """
    if not len(scores):
        return EMPTY.copy()
    rows = np.empty((len(scores), 6), dtype=np.float32)
    rows[:, :4] = boxes
    rows[:, 4] = scores
    rows[:, 5] = classes
    good = np.isfinite(rows).all(axis=1)
    good &= rows[:, 2] > rows[:, 0]
    good &= rows[:, 3] > rows[:, 1]
    order = np.argsort(-rows[:, 4], kind="mergesort")
    rows = rows[order[good[order]][:top_k]]
    np.minimum(rows[:, 4], 1.0, out=rows[:, 4])  # a quantised network's sigmoid may end a step above 1
    if len(rows) < 2:
        return rows[:max_detections]
    over = _overlaps(rows, iou)
    dead = np.zeros(len(rows), dtype=bool)
    for index in np.flatnonzero(over.any(axis=1)):
        if not dead[index]:
            dead |= over[index]
    return rows[~dead][:max_detections]


def _overlaps(rows: np.ndarray, iou: float) -> np.ndarray:
    """(N, N) bool: the row's box is of the same class as the column's, better, and overlaps it by more than ``iou``."""
    x1, y1, x2, y2, _, classes = np.ascontiguousarray(rows.T)
    area = (x2 - x1) * (y2 - y1)
    shared = np.minimum.outer(x2, x2)
    shared -= np.maximum.outer(x1, x1)
    tall = np.minimum.outer(y2, y2)
    tall -= np.maximum.outer(y1, y1)
    np.maximum(shared, 0.0, out=shared)
    np.maximum(tall, 0.0, out=tall)
    shared *= tall
    # shared / union > iou, with union = a + b - shared, without the division
    over: np.ndarray = shared * (1.0 + iou) > np.add.outer(area, area) * iou
    over &= np.equal.outer(classes, classes)
    return np.triu(over, 1)
