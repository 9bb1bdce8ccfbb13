"""Classifiers: no boxes, a score for each label. Of the whole picture, which is a crop where it is a second look.

Logits or probabilities, as PyTorch's and ONNX's model zoos export them (github.com/onnx/models, vision/classification);
nets of attributes that are independent of each other have a sigmoid for each.
"""

from typing import Any, ClassVar, Dict, List, Mapping, Sequence, Tuple, Union

import numpy as np

from edge.errors import Incompatible
from edge.inference.decoders.activations import ACTIVATIONS, activate
from edge.inference.decoders.base import Decoder, Floors, Outputs
from edge.inference.decoders.nms import EMPTY
from edge.inference.decoders.registry import register


@register("classify")
class Classify(Decoder):
    """One output (batch, C) or (batch, C, 1, 1); ``scores`` names it where the network has others as well.

    ``activation`` is what the scores still need: softmax (the labels exclude each other), sigmoid (each is true or
    not), none (they are probabilities). One row a picture at most: all of the picture, and the best of those labels
    that reach their threshold.
    """

    shared_defaults: ClassVar[Dict[str, Any]] = {}
    defaults: ClassVar[Dict[str, Any]] = {"scores": None, "activation": "softmax"}

    def __init__(self, output: Mapping[str, Any], labels: int, input_size: Tuple[int, int]) -> None:
        super().__init__(output, labels, input_size)
        if self.options["activation"] not in ACTIVATIONS:
            raise Incompatible(
                "classify activation: {!r} is not one of {}".format(self.options["activation"], ", ".join(ACTIVATIONS))
            )

    def __call__(self, outputs: Outputs, thresholds: Union[float, Sequence[Floors]]) -> List[np.ndarray]:
        """As Decoder's."""
        if not isinstance(outputs, dict):
            outputs = {str(i): tensor for i, tensor in enumerate(outputs)}
        (table,) = self.arrange(outputs)
        with np.errstate(all="ignore"):  # NaN from a broken network, which reaches no threshold
            scores = activate(table.astype(np.float32), self.options["activation"])
            rows = []
            for index, line in enumerate(scores):
                least = thresholds if isinstance(thresholds, (int, float)) else thresholds[index].by_class
                reached = np.where(np.isfinite(line) & (line >= least), line, np.float32(-1.0))
                rows.append(_row(reached))
        return rows

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        wants = "one output (batch, {}) for {} labels".format(self.labels, self.labels)
        name = self.options["scores"]
        if name is None:
            table = self.single(outputs, wants + "; name it in output.scores")
        elif name in outputs:
            table = outputs[name]
        else:
            self.refuse(outputs, "scores as output {!r}".format(name))
        if table.shape[1:] not in ((self.labels,), (self.labels, 1, 1)):
            self.refuse(outputs, wants)
        return (table.reshape(len(table), self.labels),)


def _row(scores: np.ndarray) -> np.ndarray:
    best = int(scores.argmax())
    if scores[best] < 0.0:
        return EMPTY.copy()
    return np.array([[0.0, 0.0, 1.0, 1.0, min(1.0, float(scores[best])), best]], dtype=np.float32)
