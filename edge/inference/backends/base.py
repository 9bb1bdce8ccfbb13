"""The interface between a lane and what runs its network."""

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ..fit import Fit
from ..picture import Picture
from ..preprocess import Preprocessor


class Slot:
    """One batch's place: ``input`` is the tensor that pictures are written into, (batch, ...) as the network has it.

    A lane has two, so that one is filled while the other runs.
    """

    def __init__(self, shape: Tuple[int, ...], dtype: Any) -> None:
        self.input = np.zeros(shape, dtype)
        self.count = 0
        #: How long the device was busy with the last run.
        self.busy_ns = 0


class Preparer:
    """Writes pictures into a slot: this one with the processor. One instance a thread."""

    def __init__(self, input: Mapping[str, Any], size: Tuple[int, int], dtype: Any) -> None:
        self._preprocessor = Preprocessor(input, size, dtype)

    @property
    def item_shape(self) -> Tuple[int, ...]:
        """The shape that ``input`` (model.yaml's section) makes of one picture in the tensor."""
        return self._preprocessor.item_shape

    def write(self, pictures: Sequence[Picture], slot: Any) -> List[Fit]:
        """The slot's first ``len(pictures)`` places are these; the pictures have been read when it returns."""
        return [self._preprocessor.write(picture, slot.input[i]) for i, picture in enumerate(pictures)]


class Query:
    """One run of a batch, measured: of :meth:`Backend.queries`."""

    def start(self) -> float:
        """Start it; the milliseconds that it took the processor to hand the network's run over."""
        raise NotImplementedError

    def finish(self) -> Tuple[float, float, float]:
        """Wait for it: the milliseconds of copying the input, of computing and of copying the outputs."""
        raise NotImplementedError


class Backend:
    """A loaded network. One run at a time: the next slot may be enqueued while a thread waits for the one before."""

    name = ""
    #: The network runs on the processor of whoever waits for it.
    on_host = False
    #: What whoever looks after this machine should know, in words; "" for nothing.
    note = ""
    #: The network's input (width, height), its tensor's shape with the largest batch first, and its type.
    size = (0, 0)
    input_shape: Tuple[int, ...] = ()
    dtype: "np.dtype[Any]" = np.dtype("float32")
    outputs: Tuple[str, ...] = ()

    @property
    def batch(self) -> int:
        """The most pictures in one run."""
        return self.input_shape[0]

    def slot(self) -> Slot:
        """A new place for a batch."""
        return Slot(self.input_shape, self.dtype)

    def preparer(self, input: Mapping[str, Any]) -> Any:
        """A :class:`Preparer`, or what does the same elsewhere, for this backend's slots. Raises Incompatible."""
        return Preparer(input, self.size, self.dtype)

    def enqueue(self, slot: Any, count: int) -> None:
        """Start the run of the slot's first ``count`` pictures; its input must not be touched until :meth:`wait`."""
        raise NotImplementedError

    def wait(self, slot: Any) -> Dict[str, np.ndarray]:
        """The outputs of that run by name, ``count`` rows each, valid until the slot is used again.

        Raises EngineError.
        """
        raise NotImplementedError

    def queries(self, count: int) -> List[Query]:
        """As many runs that can be under way at a time, for a benchmark."""
        raise NotImplementedError

    def layers(self, runs: int) -> List[Tuple[str, float]]:
        """Each layer's name and the milliseconds it takes, the mean of so many runs, in the order in which they run."""
        raise NotImplementedError

    def close(self) -> None:
        """Give everything back. No slot is in use any more."""
