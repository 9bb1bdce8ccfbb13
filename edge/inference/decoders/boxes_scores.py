"""Boxes and scores as outputs of their own, the boxes decoded already."""

from typing import Any, ClassVar, Dict, List, Mapping, Optional, Tuple

import numpy as np

from edge.errors import Incompatible
from edge.inference.decoders.activations import ACTIVATIONS, activate
from edge.inference.decoders.base import Candidates, Decoder, best_class, corners
from edge.inference.decoders.registry import register

_FORMATS = ("xyxy", "yxyx", "xywh", "cxcywh")
_BACKGROUNDS = ("none", "first", "last")


@register("boxes_scores")
class BoxesScores(Decoder):
    """Boxes (batch, A, 4), and scores (batch, A, C) or scores (batch, A) with classes (batch, A).

    ``boxes``, ``scores``, ``classes`` name the outputs; without them, boxes are the output whose last axis is 4 and
    scores the other one. ``box_format`` is xyxy, yxyx, xywh (corner and size) or cxcywh; ``normalised`` says fractions
    of the input, else its pixels. ``background`` "first" or "last": the scores have a class more than the labels, which
    is none of them (with ``classes``, "first" means that they count from 1). ``activation`` is what the scores still
    need: none, sigmoid or softmax.
    """

    defaults: ClassVar[Dict[str, Any]] = {
        "boxes": None,
        "scores": None,
        "classes": None,
        "box_format": "xyxy",
        "normalised": True,
        "background": "none",
        "activation": "none",
    }

    def __init__(self, output: Mapping[str, Any], labels: int, input_size: Tuple[int, int]) -> None:
        super().__init__(output, labels, input_size)
        for key, allowed in (("box_format", _FORMATS), ("background", _BACKGROUNDS), ("activation", ACTIVATIONS)):
            if self.options[key] not in allowed:
                raise Incompatible(
                    "{} {}: {!r} is not one of {}".format(self.name, key, self.options[key], ", ".join(allowed))
                )

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        depth = self.labels + (self.options["background"] != "none")
        wants = "boxes (batch, A, 4) and scores (batch, A, {}) for {} labels, or scores and classes (batch, A)".format(
            depth, self.labels
        )
        named = {key: self._named(key, outputs, wants) for key in ("boxes", "scores", "classes")}
        rest = [t for t in outputs.values() if not any(t is n for n in named.values())]
        boxes = named["boxes"] if named["boxes"] is not None else _only(rest, 3, 4)
        scores = named["scores"]
        if scores is None:
            scores = _only([t for t in rest if t is not boxes], 2 if named["classes"] is not None else 3, None)
        if boxes is None or scores is None or boxes.ndim != 3 or boxes.shape[2] != 4:
            self.refuse(outputs, wants + "; name them in output.boxes, output.scores, output.classes")
        shape = boxes.shape[:2] if named["classes"] is not None else boxes.shape[:2] + (depth,)
        tensors = [boxes, scores] + ([] if named["classes"] is None else [named["classes"]])
        if any(t.shape != shape for t in tensors[1:]):
            self.refuse(outputs, wants)
        return tuple(tensors)

    def _named(self, key: str, outputs: Mapping[str, np.ndarray], wants: str) -> Optional[np.ndarray]:
        name = self.options[key]
        if name is None:
            return None
        if str(name) not in outputs:
            self.refuse(outputs, "{} as output {!r}".format(key, name))
        return outputs[str(name)]

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        scores = activate(tensors[1], self.options["activation"])
        background = self.options["background"]
        if len(tensors) == 3:
            classes = tensors[2] - (1 if background == "first" else 0)
            index = np.flatnonzero((scores >= threshold) & (classes >= 0) & (classes < self.labels))
            return Candidates(self._corners(tensors[0][index]), scores[index], classes[index])
        scores = without_background(scores, background)
        index = np.flatnonzero((scores[:, 0] if self.labels == 1 else scores.max(axis=1)) >= threshold)
        best, top = best_class(scores[index])
        return Candidates(self._corners(tensors[0][index]), top, best)

    def _corners(self, boxes: np.ndarray) -> np.ndarray:
        boxes = boxes.astype(np.float32)
        kind = self.options["box_format"]
        if kind == "yxyx":
            boxes = boxes[:, [1, 0, 3, 2]]
        elif kind == "xywh":
            boxes[:, 2:] += boxes[:, :2]
        elif kind == "cxcywh":
            boxes = corners(boxes)
        return boxes if self.options["normalised"] else boxes / self._pixels


def without_background(scores: np.ndarray, background: str) -> np.ndarray:
    """(A, C or C + 1) -> (A, C): the scores of the labels alone."""
    if background == "none":
        return scores
    return scores[:, 1:] if background == "first" else scores[:, :-1]


def _only(tensors: List[np.ndarray], axes: int, last: Optional[int]) -> Optional[np.ndarray]:
    """The one tensor with so many axes (and a last axis of that length); None where there is none or a choice."""
    fit = [t for t in tensors if t.ndim == axes and (last is None or t.shape[-1] == last)]
    return fit[0] if len(fit) == 1 else None
