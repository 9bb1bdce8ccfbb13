"""What FastestDet sees in a clip: its own small decoder, so that the tracker is tested on real boxes."""

from __future__ import annotations

from pathlib import Path
from typing import List

import numpy as np
from numpy.typing import NDArray

GRID, SIZE = 22, 352


def boxes_of(clip: Path, model: Path, floor: float, nms_iou: float = 0.45) -> List[NDArray[np.float32]]:
    """(N, 6) x1 y1 x2 y2 score class for each picture of ``clip``. Needs OpenCV and ONNX Runtime."""
    import cv2
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    capture = cv2.VideoCapture(str(clip))
    found: List[NDArray[np.float32]] = []
    while True:
        good, picture = capture.read()
        if not good:
            return found
        tensor = cv2.resize(picture, (SIZE, SIZE)).astype(np.float32).transpose(2, 0, 1)[None] / 255
        (output,) = session.run(None, {session.get_inputs()[0].name: tensor})
        found.append(_decoded(output[0], floor, nms_iou))


def _decoded(output: NDArray[np.float32], floor: float, nms_iou: float) -> NDArray[np.float32]:
    """Formulas: example/onnx-runtime of dog-qiuqiu/FastestDet."""
    row, column = np.mgrid[0:GRID, 0:GRID]
    score = output[0] ** 0.6 * output[5:].max(axis=0) ** 0.4
    cx, cy = (column + np.tanh(output[1])) / GRID, (row + np.tanh(output[2])) / GRID
    w, h = 1 / (1 + np.exp(-output[3])), 1 / (1 + np.exp(-output[4]))
    table = np.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, output[5:].argmax(axis=0)], axis=-1)
    rows = table[score > floor]
    kept = [_nms(rows[rows[:, 5] == label], nms_iou) for label in np.unique(rows[:, 5])]
    return np.concatenate(kept).astype(np.float32) if kept else np.zeros((0, 6), np.float32)


def _nms(rows: NDArray[np.float32], iou: float) -> NDArray[np.float32]:
    rows = rows[np.argsort(-rows[:, 4], kind="stable")]
    areas = (rows[:, 2] - rows[:, 0]) * (rows[:, 3] - rows[:, 1])
    open_, kept = np.arange(len(rows)), []
    while len(open_):
        best, open_ = open_[0], open_[1:]
        kept.append(best)
        extent = np.minimum(rows[best, 2:4], rows[open_, 2:4]) - np.maximum(rows[best, :2], rows[open_, :2])
        common = np.maximum(extent, 0).prod(axis=1)
        open_ = open_[common / (areas[best] + areas[open_] - common) <= iou]
    return rows[kept]
