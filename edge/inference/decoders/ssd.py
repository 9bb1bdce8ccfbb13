"""SSD: offsets from prior boxes, and class scores with a background class.

Box coding as in the paper (Liu et al. 2016, arXiv:1512.02325, section 2.2) with the variances of its Caffe code:
centre = prior centre + t * variance * prior size, size = prior size * exp(t * variance).
"""

from typing import Any, ClassVar, Dict, List, Mapping, Optional, Tuple

import numpy as np

from edge.errors import Incompatible
from edge.inference.decoders.activations import ACTIVATIONS, activate
from edge.inference.decoders.base import Candidates, Decoder, corners
from edge.inference.decoders.boxes_scores import without_background
from edge.inference.decoders.priors import make_priors, read_priors
from edge.inference.decoders.registry import register


@register("ssd")
class Ssd(Decoder):
    """Offsets (batch, P, 4) and scores (batch, P, C + 1), also flat as (batch, P * 4) and (batch, P * (C + 1)).

    ``priors`` is a .npy file of (P, 4) cx cy w h in fractions of the input, or a list of levels (see priors.py).
    ``boxes`` and ``scores`` name the outputs where their shapes do not tell. ``variances`` are two (centre, size) or
    four. ``background`` is "first", "last" or "none". ``activation`` is what the scores still need: none, sigmoid or
    softmax. A prior may speak for several classes, as in the paper.
    """

    defaults: ClassVar[Dict[str, Any]] = {
        "priors": None,
        "variances": [0.1, 0.2],
        "background": "first",
        "activation": "none",
        "boxes": None,
        "scores": None,
    }

    def __init__(self, output: Mapping[str, Any], labels: int, input_size: Tuple[int, int]) -> None:
        super().__init__(output, labels, input_size)
        if self.options["background"] not in ("none", "first", "last"):
            raise Incompatible(
                "ssd background: {!r} is not one of none, first, last".format(self.options["background"])
            )
        if self.options["activation"] not in ACTIVATIONS:
            raise Incompatible(
                "ssd activation: {!r} is not one of {}".format(self.options["activation"], ", ".join(ACTIVATIONS))
            )
        priors = self.options["priors"]
        if not priors:
            raise Incompatible("ssd needs priors: a .npy file or a list of levels")
        self._priors = read_priors(priors) if isinstance(priors, str) else make_priors(priors, self.size)
        variances = [float(v) for v in self.options["variances"]]
        if len(variances) not in (2, 4):
            raise Incompatible("ssd variances: {} numbers instead of 2 or 4".format(len(variances)))
        self._variances = np.array(np.repeat(variances, 4 // len(variances)), dtype=np.float32)

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        depth = self.labels + (self.options["background"] != "none")
        count = len(self._priors)
        boxes = self._pick("boxes", outputs, count, 4)
        scores = self._pick("scores", {k: t for k, t in outputs.items() if t is not boxes}, count, depth)
        if boxes is None or scores is None:
            self.refuse(
                outputs,
                "offsets (batch, {}, 4) and scores (batch, {}, {}) for {} priors and {} labels; name them in "
                "output.boxes, output.scores where shapes do not tell".format(count, count, depth, count, self.labels),
            )
        return boxes.reshape(len(boxes), count, 4), scores.reshape(len(scores), count, depth)

    def _pick(self, key: str, outputs: Mapping[str, np.ndarray], count: int, depth: int) -> Optional[np.ndarray]:
        """The output with that name or, without one, the only one with that shape."""
        name = self.options[key]
        fit: List[np.ndarray] = [
            tensor
            for found, tensor in outputs.items()
            if name in (None, found) and tensor.shape[1:] in ((count, depth), (count * depth,))
        ]
        return fit[0] if len(fit) == 1 else None

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        offsets, scores = tensors
        scores = without_background(activate(scores, self.options["activation"]), self.options["background"])
        index, classes = np.nonzero(scores >= threshold)
        scaled = offsets[index].astype(np.float32) * self._variances
        priors = self._priors[index]
        boxes = np.empty_like(priors)
        boxes[:, :2] = priors[:, :2] + scaled[:, :2] * priors[:, 2:]
        boxes[:, 2:] = priors[:, 2:] * np.exp(scaled[:, 2:])
        return Candidates(corners(boxes), scores[index, classes], classes)
