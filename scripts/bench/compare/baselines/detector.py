"""The model ``person`` on ONNX Runtime, by OpenCV and NumPy, as its documentation would have it done."""

from __future__ import annotations

import os
from typing import Any, Tuple

import cv2
import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

_NMS_IOU = 0.45
SIZE = (384, 288)


class Detector:
    """May be used by many threads at a time. One thread a run: so many cameras use the cores best that way."""

    def __init__(self, onnx: str, score: float) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._score = score

    def people(self, picture: Any) -> Tuple[Any, Any]:
        """Boxes (N, 4) in fractions of the picture, which is BGR, and their scores."""
        outputs = self._session.run(None, {self._input: tensor(picture)})
        boxes, scores = zip(*(self._level(output[0]) for output in outputs))
        corners, score = np.concatenate(boxes), np.concatenate(scores)
        if not len(corners):
            return corners, score
        sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        kept = np.array(cv2.dnn.NMSBoxes(sides.tolist(), score.tolist(), self._score, _NMS_IOU)).reshape(-1)
        return corners[kept] / np.array([*SIZE, *SIZE]), score[kept]

    def _level(self, cells: Any) -> Tuple[Any, Any]:
        """YOLOX: the cells of one level (6, h, w) as corners in pixels, and scores."""
        score = cells[4] * cells[5]
        rows, columns = np.nonzero(score >= self._score)
        stride = SIZE[0] / cells.shape[2]
        picked = cells[:4, rows, columns]
        centre = (picked[:2] + np.stack([columns, rows])) * stride
        half = np.exp(picked[2:]) * stride / 2
        return np.concatenate([centre - half, centre + half]).T, score[rows, columns]


def tensor(picture: Any) -> Any:
    small = cv2.resize(picture, SIZE)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None], dtype=np.float32) * np.float32(1 / 255)
