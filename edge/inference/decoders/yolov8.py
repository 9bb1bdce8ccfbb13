"""YOLOv8 and YOLO11 as Ultralytics exports them: decoded boxes without objectness.

Source: docs.ultralytics.com, modes/export; ultralytics/utils/ops.py (non_max_suppression).
"""

from typing import Mapping, Tuple

import numpy as np

from edge.inference.decoders.base import Candidates, Decoder, best_class
from edge.inference.decoders.registry import register


@register("yolov8", "yolov11")
class YoloV8(Decoder):
    """One output (batch, 4 + C, A), or transposed: cx, cy, w, h in pixels of the input, C class scores."""

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        depth = 4 + self.labels
        wants = "one output (batch, {}, A) for {} labels".format(depth, self.labels)
        table = self.single(outputs, wants)
        if table.ndim != 3 or depth not in table.shape[1:]:
            self.refuse(outputs, wants)
        return (table if table.shape[1] == depth else table.transpose(0, 2, 1),)

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        (table,) = tensors
        # The maximum over all anchors is cheap; which class it is matters for the few that reach the threshold.
        index = np.flatnonzero(table[4:].max(axis=0) >= threshold)
        rows = table[:, index].T
        classes, scores = best_class(rows[:, 4:])
        return Candidates(self.centred(rows[:, :4]), scores, classes)
