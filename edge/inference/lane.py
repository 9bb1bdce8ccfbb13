"""A lane: one network on one device, fed with pictures of all cameras that use it.

Two threads share it, each with a slot of its own: while one runs the network, the other prepares the next batch or
reads the boxes of the last. A batch takes what waits, up to the network's own bound, and never waits for more.

A single picture that meets an idle lane on the processor is served by the thread that brought it: handing it over
would cost two wake-ups and gain nothing.
"""

import threading
import time
import traceback
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

import numpy as np

from ..errors import EngineError, Incompatible
from ..wire.clock import monotonic_ns
from ..wire.messages import ResultHeader, Times, pack_result
from .backends import Backend, open_backend
from .decoders import Decoder, make_decoder
from .job import Job
from .fit import Fit
from .preprocess import Preprocessor

_THREADS = 2


class _Desk:
    """What one thread needs to serve a batch by itself. Raises Incompatible when network and model.yaml differ."""

    def __init__(self, model: Dict[str, Any], backend: Backend, decoder: Decoder) -> None:
        self.backend, self.decoder = backend, decoder
        self.slot = backend.slot()
        self.preparer = Preprocessor(model["input"], backend.size, backend.dtype)
        if self.preparer.item_shape != backend.input_shape[1:]:
            raise Incompatible(
                "{}: its input is {}, model.yaml makes it {}".format(
                    model["onnx"], backend.input_shape[1:], self.preparer.item_shape
                )
            )


class Lane:
    """``send`` takes the RESULT messages; ``changed`` is called with the lane when it is ready or has failed.

    ``floors``: by camera, the score below which its boxes are of no use to anyone.
    """

    def __init__(
        self,
        number: int,
        model: Dict[str, Any],
        options: Dict[str, Any],
        send: Callable[[bytes], None],
        changed: Callable[["Lane"], None],
    ) -> None:
        self.number = number
        self.model = model
        self.state = "loading"
        self.reason = ""
        self.floors = {}  # type: Dict[int, float]
        self.pictures = 0
        self.busy_ns = 0
        self.backend = None  # type: Optional[Backend]
        self._options = options
        self._send = send
        self._changed = changed
        self._queue = deque()  # type: Deque[Job]
        self._condition = threading.Condition()
        self._closing = False
        self._working = 0
        self._own = None  # type: Optional[_Desk]
        self._threads = [threading.Thread(target=self._open, name="lane " + model["name"], daemon=True)]
        self._threads[0].start()

    @property
    def waiting(self) -> int:
        """Pictures that no thread has taken yet."""
        return len(self._queue)

    @property
    def room(self) -> int:
        """How many may wait: what the next two batches take."""
        return _THREADS * self.backend.batch if self.state == "ready" and self.backend is not None else 0

    def submit(self, job: Job, alone: bool = False) -> None:
        """``alone``: nothing else waits for the calling thread, so it may serve the job itself."""
        with self._condition:
            if self._closing or self.state != "ready":
                job.done_with_pixels()
                return
            if not alone or self._own is None or self._queue or self._working:
                self._queue.append(job)
                self._condition.notify()
                return
            self._working += 1
        self._attempt([job], self._own)

    def close(self, timeout: float) -> None:
        """Stop the threads, within ``timeout`` seconds."""
        with self._condition:
            self._closing = True
            dropped = list(self._queue)
            self._queue.clear()
            self._condition.notify_all()
        for job in dropped:
            job.done_with_pixels()
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if self.backend is not None and not any(t.is_alive() for t in self._threads):
            self.backend.close()

    def _open(self) -> None:
        try:
            backend = open_backend(self._options.get("backend", "onnxruntime"), self.model, self._options)
            decoder = make_decoder(self.model["output"], len(self.model["labels"]), backend.size)
            desks = [_Desk(self.model, backend, decoder) for _ in range(_THREADS + backend.on_host)]
            # One run before the first picture: what does not fit is said now, and the first picture is not late.
            backend.enqueue(desks[0].slot, 1)
            decoder(backend.wait(desks[0].slot), 0.5)
        except EngineError as error:
            self._fail(str(error))
            return
        except Exception as error:
            self._fail("{}: {}".format(type(error).__name__, error))
            raise
        self.backend = backend
        with self._condition:
            if self._closing:
                return
            self.state = "ready"
            if backend.on_host:
                self._own = desks.pop()
            for desk in desks:
                thread = threading.Thread(target=self._work, args=(desk,), daemon=True)
                thread.start()
                self._threads.append(thread)
        self._changed(self)

    def _fail(self, reason: str) -> None:
        with self._condition:
            self.state, self.reason = "failed", reason
            dropped = list(self._queue)
            self._queue.clear()
            self._condition.notify_all()
        for job in dropped:
            job.done_with_pixels()
        self._changed(self)

    def _work(self, desk: "_Desk") -> None:
        while True:
            with self._condition:
                while not self._queue and not self._closing and self.state == "ready":
                    self._condition.wait()
                if not self._queue:
                    return
                batch = [self._queue.popleft() for _ in range(min(desk.backend.batch, len(self._queue)))]
                self._working += 1
            self._attempt(batch, desk)

    def _attempt(self, batch: List[Job], desk: "_Desk") -> None:
        """Serve the batch; a network that fails takes its lane with it, which says so."""
        try:
            self._serve(batch, desk)
        except EngineError as error:
            self._fail(str(error))
        except Exception as error:
            # A bug, or a network that returns nonsense: the trace goes to the log.
            traceback.print_exc()
            self._fail("{}: {}".format(type(error).__name__, error))
        finally:
            with self._condition:
                self._working -= 1

    def _serve(self, batch: List[Job], desk: "_Desk") -> None:
        backend, slot = desk.backend, desk.slot
        started = monotonic_ns()
        fits = []  # type: List[Fit]
        try:
            for index, job in enumerate(batch):
                fits.append(desk.preparer.write(job.picture, slot.input[index]))
        finally:
            for job in batch:
                job.done_with_pixels()
        prepared = monotonic_ns()
        backend.enqueue(slot, len(batch))
        outputs = backend.wait(slot)
        inferred = monotonic_ns()
        floor = min(self.floors.get(job.camera, 0.0) for job in batch)
        rows = desk.decoder(outputs, floor)
        for job, fit, found in zip(batch, fits, rows):
            found = found[found[:, 4] >= self.floors.get(job.camera, 0.0)]
            found[:, :4] = fit.to_picture(found[:, :4])
            header = job.header
            times = Times(header.captured, header.decoded, header.sent, started, prepared, inferred, monotonic_ns())
            result = ResultHeader(job.camera, self.number, header.sequence, times, header.width, header.height)
            self._send(pack_result(result, np.ascontiguousarray(found, np.float32).tobytes()))
        self.pictures += len(batch)
        self.busy_ns += inferred - prepared
