"""A lane's thread: it opens the network, waits for its runs, and frees it in the end."""

import queue
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Union

import numpy as np

from ..errors import EngineError
from ..wire.clock import monotonic_ns
from .backends import Backend, open_backend
from .decoders import Decoder, make_decoder
from .fit import Fit
from .job import Job

SLOTS = 2


class Batch:
    """Pictures in a slot, and what became of them."""

    def __init__(self, slot: Any) -> None:
        self.slot = slot
        self.jobs: List[Job] = []
        self.fits: List[Fit] = []
        self.started = 0
        self.prepared = 0
        self.inferred = 0
        self.outputs: Union[Dict[str, np.ndarray], Exception] = {}


class Opened:
    """A network that can be run: with a place for each of two batches, and it has run once."""

    def __init__(self, model: Dict[str, Any], options: Dict[str, Any]) -> None:
        self.backend: Backend = open_backend(options.get("backend", "onnxruntime"), model, options)
        try:
            self._fit(model)
        except BaseException:
            self.backend.close()
            raise

    def _fit(self, model: Dict[str, Any]) -> None:
        backend = self.backend
        self.decoder: Decoder = make_decoder(model["output"], len(model["labels"]), backend.size)
        self.preparer = backend.preparer(model["input"])
        if self.preparer.item_shape != backend.input_shape[1:]:
            raise EngineError(
                "{}: its input is {}, model.yaml makes it {}".format(
                    model["onnx"], backend.input_shape[1:], self.preparer.item_shape
                )
            )
        self.batches = [Batch(backend.slot()) for _ in range(SLOTS)]
        # One run before the first picture: what does not fit is said now, and the first picture is not late.
        backend.enqueue(self.batches[0].slot, 1)
        self.decoder(backend.wait(self.batches[0].slot), 0.5)


class NetworkThread:
    """``news``, which the loop takes: how opening fared, then each batch that has run. ``wake`` after each."""

    def __init__(self, model: Dict[str, Any], options: Dict[str, Any], wake: Callable[[], None]) -> None:
        self.news: Deque[Union[Opened, Exception, Batch]] = deque()
        self._model, self._options, self._wake = model, options, wake
        #: Prepared batches, None to end it.
        self._handed: queue.Queue[Optional[Batch]] = queue.Queue()
        self._thread = threading.Thread(target=self._serve, name="lane " + model["name"], daemon=True)
        self._thread.start()

    def hand(self, batch: Batch) -> None:
        """Wait for a batch that was enqueued."""
        self._handed.put(batch)

    def end(self) -> None:
        """Free the network, outputs and all, when what was handed over has run."""
        self._handed.put(None)

    def join(self, timeout: float) -> None:
        """Wait until it has ended, but no longer than ``timeout`` seconds."""
        self._thread.join(timeout)

    def _serve(self) -> None:
        try:
            opened = Opened(self._model, self._options)
        except Exception as error:
            self._tell(error)
            return
        self._tell(opened)
        while True:
            batch = self._handed.get()
            if batch is None:
                opened.backend.close()
                return
            wait(opened.backend, batch)
            self._tell(batch)

    def _tell(self, news: Union[Opened, Exception, Batch]) -> None:
        self.news.append(news)
        self._wake()


def wait(backend: Backend, batch: Batch) -> None:
    """In whatever thread."""
    try:
        batch.outputs = backend.wait(batch.slot)
    except Exception as error:
        batch.outputs = error
    batch.inferred = monotonic_ns()
