"""FastestDet: one anchor-free map, 5 + C channels a cell.

The formulas are the reference demo's (github.com/dog-qiuqiu/FastestDet, example/onnx-runtime/runtime.py): score =
objectness^0.6 * class^0.4, the centre is the cell's corner plus tanh, width and height are sigmoids, all of the input.
"""

from typing import Mapping, Tuple

import numpy as np

from edge.inference.decoders.base import Candidates, Decoder, best_class, corners, sigmoid
from edge.inference.decoders.registry import register


@register("fastestdet")
class FastestDet(Decoder):
    """One output (batch, 5 + C, h, w): objectness, tx, ty, tw, th, C class scores (a softmax)."""

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        wants = "one output (batch, {}, h, w) for {} labels".format(5 + self.labels, self.labels)
        head = self.single(outputs, wants)
        if head.ndim != 4 or head.shape[1] != 5 + self.labels:
            self.refuse(outputs, wants)
        return (head,)

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        (head,) = tensors
        channels, height, width = head.shape
        cells = head.reshape(channels, height * width)
        # A class score is at most 1, so a cell below this objectness cannot reach the threshold.
        least = max(threshold, 0.0) ** (1.0 / 0.6) * (1.0 - 1e-6)
        index = np.flatnonzero(cells[0] >= least)
        picked = cells[:, index].T.astype(np.float32)
        classes, scores = best_class(picked[:, 5:])
        scores = picked[:, 0] ** 0.6 * scores**0.4
        above = np.flatnonzero(scores >= threshold)
        index, picked = index[above], picked[above]
        boxes = np.empty((len(index), 4), dtype=np.float32)
        boxes[:, 0] = (index % width + np.tanh(picked[:, 1])) / width
        boxes[:, 1] = (index // width + np.tanh(picked[:, 2])) / height
        boxes[:, 2:] = sigmoid(picked[:, 3:5])
        return Candidates(corners(boxes), scores[above], classes[above])
