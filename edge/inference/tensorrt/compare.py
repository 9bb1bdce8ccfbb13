"""A DLA engine's outputs held against those of a GPU engine of the same network: some networks come out wrong there."""

import os
import tempfile
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from ...errors import BuildFailed, EngineError
from ..backends import Backend, open_backend
from .pictures import Pictures


class Difference:
    """Of each output, how far the values lie apart, as a share of the range that the reference's values span."""

    def __init__(self) -> None:
        self.pictures = 0
        self._low: Dict[str, float] = {}
        self._high: Dict[str, float] = {}
        self._most: Dict[str, float] = {}
        self._sum: Dict[str, float] = {}
        self._count: Dict[str, int] = {}

    def add(self, found: Dict[str, np.ndarray], reference: Dict[str, np.ndarray]) -> None:
        """A batch of both. Raises BuildFailed for values that are no numbers, and outputs that do not match."""
        for name, right in reference.items():
            if name not in found or found[name].shape != right.shape:
                raise BuildFailed("the two engines do not have the same output {}".format(name))
            a, b = found[name].astype(np.float64), right.astype(np.float64)
            if not np.isfinite(a).all():
                raise BuildFailed("the DLA's output {} holds values that are no numbers; use device: gpu".format(name))
            apart = np.abs(a - b)
            self._low[name] = min(self._low.get(name, np.inf), float(b.min()))
            self._high[name] = max(self._high.get(name, -np.inf), float(b.max()))
            self._most[name] = max(self._most.get(name, 0.0), float(apart.max()))
            self._sum[name] = self._sum.get(name, 0.0) + float(apart.sum())
            self._count[name] = self._count.get(name, 0) + apart.size
        self.pictures += len(next(iter(reference.values())))

    def worst(self) -> str:
        """The output that differs most."""
        return max(self._most, key=lambda name: self._most[name] / self._range(name))

    def figures(self) -> Dict[str, Any]:
        """As they are told."""
        most = [self._most[name] / self._range(name) for name in self._most]
        mean = [self._sum[name] / self._count[name] / self._range(name) for name in self._most]
        return {"max_error": round(max(most), 6), "mean_error": round(max(mean), 6), "pictures": self.pictures}

    def _range(self, name: str) -> float:
        return max(self._high[name] - self._low[name], 1e-6)


class Lanes:
    """The two engines as lanes run them, while it is entered. ``plan``: the DLA's, a file; ``reference``: the GPU's,
    bytes, which get a file without a name: it cannot be left behind."""

    def __init__(self, model: Dict[str, Any], options: Dict[str, Any], plan: str, core: int, reference: Any) -> None:
        self._model, self._options = model, options
        self._plans = (plan, "dla:{}".format(core)), reference
        self._open: List[Any] = []

    def __enter__(self) -> Tuple[Backend, Backend]:
        (plan, core), reference = self._plans
        try:
            file = tempfile.TemporaryFile(dir=os.path.dirname(os.path.abspath(plan)))
            self._open.append(file)
            file.write(memoryview(reference))
            file.flush()
            on_dla = self._lane(plan, core)
            return on_dla, self._lane("/proc/self/fd/{}".format(file.fileno()), "gpu")
        except OSError as error:
            self.__exit__()
            raise EngineError("{}: nothing can be written beside it ({})".format(plan, error.strerror)) from error
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_error: Any) -> None:
        while self._open:
            self._open.pop().close()

    def _lane(self, plan: str, device: str) -> Backend:
        lane = open_backend("tensorrt", self._model, dict(self._options, plan=plan, device=device))
        self._open.append(lane)
        return lane


def compare(found: Backend, reference: Backend, pictures: Pictures, step: Callable[[float], None]) -> Difference:
    """Of two engines of the same network, on all the pictures; ``step`` is told how far it is."""
    difference = Difference()
    size = found.batch
    slots = found.slot(), reference.slot()
    total = pictures.number_of_batches(size)
    for i, array in enumerate(pictures.batches(size)):
        for backend, slot in zip((found, reference), slots):
            slot.input[:size] = array
            backend.enqueue(slot, size)
        difference.add(found.wait(slots[0]), reference.wait(slots[1]))
        step((i + 1) / total)
    return difference


def judge(difference: Difference, bound: float) -> Dict[str, Any]:
    """The figures. Raises BuildFailed when the largest difference is beyond ``bound``."""
    figures: Dict[str, Any] = difference.figures()
    if figures["max_error"] > bound:
        words: List[str] = [
            "the DLA's output {} differs from the GPU's by up to {:.3g} of its range".format(
                difference.worst(), figures["max_error"]
            ),
            "(mean {:.3g}) on {} pictures".format(figures["mean_error"], figures["pictures"]),
            "and {:.3g} is the bound; use device: gpu, or another precision".format(bound),
        ]
        raise BuildFailed(" ".join(words))
    return figures
