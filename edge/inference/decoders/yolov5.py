"""YOLOv5 and YOLOv7 as their exporters write them: decoded boxes with objectness.

Source: github.com/ultralytics/yolov5, models/yolo.py (Detect) and utils/general.py (non_max_suppression);
github.com/WongKinYiu/yolov7, export.py without --end2end, with --grid.
"""

from typing import Mapping, Tuple

import numpy as np

from edge.inference.decoders.base import Candidates, Decoder, best_class
from edge.inference.decoders.registry import register


@register("yolov5", "yolov7")
class YoloV5(Decoder):
    """One output (batch, A, 5 + C): cx, cy, w, h in pixels of the input, objectness, C class scores."""

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        wants = "one output (batch, A, {}) for {} labels".format(5 + self.labels, self.labels)
        table = self.single(outputs, wants)
        if table.ndim != 3 or table.shape[2] != 5 + self.labels:
            self.refuse(outputs, wants)
        return (table,)

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        (table,) = tensors
        rows = table[np.flatnonzero(table[:, 4] >= threshold)]  # a class score is at most 1
        classes, scores = best_class(rows[:, 5:])
        scores = scores * rows[:, 4]
        above = np.flatnonzero(scores >= threshold)
        return Candidates(self.centred(rows[above, :4]), scores[above], classes[above])
