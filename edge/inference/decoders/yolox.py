"""YOLOX: an anchor-free grid at each stride, with objectness.

The formulas are the official demo's (github.com/Megvii-BaseDetection/YOLOX, yolox/utils/demo_utils.py): centre =
(t + cell) * stride, size = exp(t) * stride, score = objectness * class.
"""

from typing import Any, ClassVar, Dict, List, Mapping, Tuple

import numpy as np

from edge.errors import Incompatible
from edge.inference.decoders.base import Candidates, Decoder, best_class, logit, sigmoid
from edge.inference.decoders.registry import register


@register("yolox")
class YoloX(Decoder):
    """One output (batch, A, 5 + C), the levels one after another, or one map (batch, 5 + C, h, w) a level.

    A row or cell is tx, ty, tw, th, objectness, C class scores. ``strides`` are those of the first form; the maps'
    own follow from their sizes. ``activation`` "sigmoid" for networks that give objectness and classes as logits.
    """

    defaults: ClassVar[Dict[str, Any]] = {"strides": [8, 16, 32], "activation": "none"}

    def __init__(self, output: Mapping[str, Any], labels: int, input_size: Tuple[int, int]) -> None:
        super().__init__(output, labels, input_size)
        if self.options["activation"] not in ("none", "sigmoid"):
            raise Incompatible("yolox activation {!r} is not none or sigmoid".format(self.options["activation"]))
        self._logits = self.options["activation"] == "sigmoid"
        self._strides = [int(s) for s in self.options["strides"]]
        maps = [(-(-self.size[0] // s), -(-self.size[1] // s)) for s in self._strides]
        # One row for each anchor: column and row of its cell, and the stride.
        self._grid = np.concatenate([_grid(width, height, s) for (width, height), s in zip(maps, self._strides)])

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        depth = 5 + self.labels
        tensors = list(outputs.values())
        if len(tensors) == 1 and tensors[0].ndim == 3 and tensors[0].shape[1:] == (len(self._grid), depth):
            return (tensors[0],)
        if not tensors or any(not self._is_map(t) for t in tensors):
            self.refuse(
                outputs,
                "one output (batch, {}, {}) for strides {}, or one (batch, {}, h, w) a level, for {} labels at "
                "{}x{}".format(len(self._grid), depth, self._strides, depth, self.labels, *self.size),
            )
        return tuple(tensors)

    def _is_map(self, tensor: np.ndarray) -> bool:
        if tensor.ndim != 4 or tensor.shape[1] != 5 + self.labels:
            return False
        height, width = (int(n) for n in tensor.shape[2:])
        return width > 0 and self.size[0] % width == 0 and self.size[0] // width * height == self.size[1]

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        least = logit(threshold) if self._logits else threshold
        picked: List[np.ndarray] = []
        places: List[np.ndarray] = []
        for tensor in tensors:
            if tensor.ndim == 2:
                index = np.flatnonzero(tensor[:, 4] >= least)
                picked.append(tensor[index])
                places.append(self._grid[index])
            else:
                width = tensor.shape[2]
                cells = tensor.reshape(len(tensor), -1)
                index = np.flatnonzero(cells[4] >= least)
                picked.append(cells[:, index].T)
                stride = np.full(len(index), self.size[0] // width)
                places.append(np.stack([index % width, index // width, stride], axis=1))
        rows = np.concatenate(picked).astype(np.float32)
        place = np.concatenate(places).astype(np.float32)
        if self._logits:
            rows[:, 4:] = sigmoid(rows[:, 4:])
        classes, scores = best_class(rows[:, 5:])
        scores = scores * rows[:, 4]
        above = np.flatnonzero(scores >= threshold)
        rows, place = rows[above], place[above]
        stride = place[:, 2:]
        boxes = np.concatenate([(rows[:, :2] + place[:, :2]) * stride, np.exp(rows[:, 2:4]) * stride], axis=1)
        return Candidates(self.centred(boxes), scores[above], classes[above])


def _grid(width: int, height: int, stride: int) -> np.ndarray:
    """(height * width, 3) float32: column, row, stride, row by row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, stride)], axis=1).astype(np.float32)
