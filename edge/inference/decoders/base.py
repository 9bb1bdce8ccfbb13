"""What all decoders share: options, the outputs by name, candidates first, then NMS."""

from typing import Any, ClassVar, Dict, List, Mapping, NamedTuple, NoReturn, Sequence, Tuple, Union

import numpy as np

from edge.errors import Incompatible
from edge.inference.decoders.nms import suppress

Outputs = Union[Dict[str, np.ndarray], Sequence[np.ndarray]]


class Candidates(NamedTuple):
    """What reached the threshold in one picture, before NMS."""

    boxes: np.ndarray  # (N, 4) x1 y1 x2 y2 in fractions of the network's input
    scores: np.ndarray  # (N,)
    classes: np.ndarray  # (N,)


class Floors:
    """The scores below which a picture's boxes are of no use: of each class (C,), and the least of them."""

    def __init__(self, by_class: Sequence[float]) -> None:
        self.by_class = np.array(by_class, dtype=np.float32)
        self.least = float(self.by_class.min())


class Decoder:
    """From the outputs of one run to boxes. A subclass says how in ``arrange`` and ``candidates``.

    ``defaults`` names the options that a family has beside those here; anything else is refused.
    """

    defaults: ClassVar[Dict[str, Any]] = {}
    shared_defaults: ClassVar[Dict[str, Any]] = {"nms_iou": 0.45, "top_k": 400, "max_detections": 100}

    def __init__(self, output: Mapping[str, Any], labels: int, input_size: Tuple[int, int]) -> None:
        self.name = str(output.get("decoder"))
        self.labels = labels
        self.size = (int(input_size[0]), int(input_size[1]))
        options = dict(self.shared_defaults, **self.defaults)
        given = {key: value for key, value in output.items() if key != "decoder"}
        unknown = sorted(set(given) - set(options))
        if unknown:
            raise Incompatible("decoder {} has no option {}".format(self.name, ", ".join(unknown)))
        options.update(given)
        self.options = options
        self._pixels = np.array(self.size * 2, dtype=np.float32)

    def __call__(self, outputs: Outputs, thresholds: Union[float, Sequence[Floors]]) -> List[np.ndarray]:
        """One float32 (N, 6) for each picture of the batch: x1 y1 x2 y2 (fractions of the input), score, class.

        ``outputs`` by name, or in the graph's order. ``thresholds``: the least score, or for each picture that of
        each class: what nobody wants is not even compared. Best score first; nothing is NaN or infinite.
        Raises Incompatible when the outputs do not have the shapes that this family has.
        """
        if not isinstance(outputs, dict):
            outputs = {str(i): tensor for i, tensor in enumerate(outputs)}
        iou = float(self.options["nms_iou"])
        top_k, most = int(self.options["top_k"]), int(self.options["max_detections"])
        # NaN and overflow from a broken network are expected here: such candidates are dropped, not warned of.
        with np.errstate(all="ignore"):
            tensors = self.arrange(outputs)
            if len({len(t) for t in tensors}) != 1:
                self.refuse(outputs, "outputs of one batch")
            rows = []
            for index, item in enumerate(zip(*tensors)):
                if isinstance(thresholds, (int, float)):
                    found = self.candidates(float(thresholds), *item)
                else:
                    floors = thresholds[index]
                    found = self.candidates(floors.least, *item)
                    wanted = found.scores >= floors.by_class[found.classes]
                    found = Candidates(found.boxes[wanted], found.scores[wanted], found.classes[wanted])
                rows.append(suppress(found.boxes, found.scores, found.classes, iou, top_k, most))
            return rows

    def arrange(self, outputs: Mapping[str, np.ndarray]) -> Tuple[np.ndarray, ...]:
        """Check the shapes and give the tensors in this family's own order, the batch first."""
        raise NotImplementedError

    def candidates(self, threshold: float, *tensors: np.ndarray) -> Candidates:
        """The candidates of one picture."""
        raise NotImplementedError

    def refuse(self, outputs: Mapping[str, np.ndarray], wants: str) -> NoReturn:
        """Raise Incompatible: what the network gave, and what this decoder wants."""
        found = ", ".join("{} {}".format(name, "x".join(map(str, t.shape))) for name, t in outputs.items())
        raise Incompatible("decoder {} wants {}; the network gives {}".format(self.name, wants, found or "nothing"))

    def single(self, outputs: Mapping[str, np.ndarray], wants: str) -> np.ndarray:
        """The network's only output."""
        if len(outputs) != 1:
            self.refuse(outputs, wants)
        return next(iter(outputs.values()))

    def centred(self, boxes: np.ndarray) -> np.ndarray:
        """(N, 4) cx cy w h in pixels of the input -> x1 y1 x2 y2 in fractions."""
        return corners(boxes.astype(np.float32) / self._pixels)


def corners(boxes: np.ndarray) -> np.ndarray:
    """(N, 4) cx cy w h -> x1 y1 x2 y2, in the same unit."""
    half = boxes[:, 2:] * 0.5
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def best_class(scores: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """(N, C) -> each row's best class (N,) and its score (N,)."""
    classes = scores.argmax(axis=1)
    return classes, scores[np.arange(len(scores)), classes]


def sigmoid(values: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), elementwise; exact at both ends since exp overflows to infinity."""
    probabilities: np.ndarray = 1.0 / (1.0 + np.exp(-values))
    return probabilities


def logit(probability: float) -> float:
    """The inverse of ``sigmoid``; infinite at 0 and 1."""
    return float(np.log(np.float64(probability)) - np.log1p(-np.float64(probability)))
