"""The interface between a lane and what runs its network."""

from typing import Any, Dict, Tuple

import numpy as np


class Slot:
    """One batch's place: ``input`` is the tensor that pictures are written into, (batch, ...) as the network has it.

    A lane has two, so that one is filled while the other runs.
    """

    def __init__(self, shape: Tuple[int, ...], dtype: Any) -> None:
        self.input = np.zeros(shape, dtype)
        self.count = 0
        #: How long the device was busy with the last run.
        self.busy_ns = 0


class Backend:
    """A loaded network. One run at a time: the next slot may be enqueued while a thread waits for the one before."""

    name = ""
    #: The network runs on the processor of whoever waits for it.
    on_host = False
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

    def enqueue(self, slot: Slot, count: int) -> None:
        """Start the run of the slot's first ``count`` pictures; its input must not be touched until :meth:`wait`."""
        raise NotImplementedError

    def wait(self, slot: Slot) -> Dict[str, np.ndarray]:
        """The outputs of that run by name, ``count`` rows each. Raises EngineError."""
        raise NotImplementedError

    def close(self) -> None:
        """Give everything back. No slot is in use any more."""
