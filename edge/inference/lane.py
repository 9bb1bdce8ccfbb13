"""A lane: one network on one device, fed with pictures of all cameras that use it.

Its thread does nothing but wait for the network. Preparing pictures and reading boxes is the loop's work, in two slots:
while one runs, the next is prepared, so that the device finds it when it is done. A batch takes what waits, up to the
network's own bound, and never waits for more. (With a thread that did it all for each slot, three of them fought for
the interpreter, and the network stood still a third of the time.)

A single picture that meets an idle lane on the processor is run by the loop itself: handing it over and back would cost
two wake-ups and gain nothing.
"""

import queue
import threading
import traceback
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Union

import numpy as np

from ..errors import EngineError, Incompatible
from ..wire.clock import monotonic_ns
from ..wire.messages import ResultHeader, Times, pack_result
from .backends import Backend, Slot, open_backend
from .decoders import Decoder, Floors, make_decoder
from .fit import Fit
from .job import Job
from .preprocess import Preprocessor

_SLOTS = 2
# An answer to a credit takes its time: as many pictures may wait as keep the network busy meanwhile.
_BATCHES_WAITING = 4


class _Batch:
    """Pictures in a slot, and what became of them."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.jobs: List[Job] = []
        self.fits: List[Fit] = []
        self.started = 0
        self.prepared = 0
        self.inferred = 0
        self.outputs: Union[Dict[str, np.ndarray], Exception] = {}


class Lane:
    """Every method is the loop's. ``send`` takes the RESULT messages; ``wake`` is called in the lane's thread when
    :meth:`collect` has something to do.

    ``floors`` by camera: what scores below them is of no use to anyone.
    """

    def __init__(
        self,
        number: int,
        model: Dict[str, Any],
        options: Dict[str, Any],
        send: Callable[[bytes], None],
        wake: Callable[[], None],
    ) -> None:
        self.number = number
        self.model = model
        #: ``loading``, ``ready`` or ``failed``.
        self.state = "loading"
        self.reason = ""
        self._told = self.state
        self.floors: Dict[int, Floors] = {}
        self.pictures = 0
        self.busy_ns = 0
        self.backend: Optional[Backend] = None
        self._options = options
        self._send, self._wake = send, wake
        self._any = Floors([0.0] * len(model["labels"]))
        self._decoder: Optional[Decoder] = None
        self._preparer: Optional[Preprocessor] = None
        self._queue: Deque[Job] = deque()
        self._free: List[_Batch] = []
        #: Prepared batches for the thread, None to end it; and what it has done: a batch, or how it fared at opening.
        self._handed: queue.Queue[Optional[_Batch]] = queue.Queue()
        self._done: Deque[Union[_Batch, Exception, None]] = deque()
        self._thread = threading.Thread(target=self._serve, name="lane " + model["name"], daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Pictures that are not in a slot yet."""
        return len(self._queue)

    @property
    def has_news(self) -> bool:
        """Whether :meth:`collect` has something to do."""
        return bool(self._done) or self.state != self._told

    @property
    def room(self) -> int:
        """How many may wait."""
        return _BATCHES_WAITING * self.backend.batch if self.state == "ready" and self.backend is not None else 0

    def submit(self, job: Job, alone: bool) -> None:
        """``alone``: nothing else waits for the loop, so the job may keep it."""
        if self.state != "ready":
            job.done_with_pixels()
            return
        self._queue.append(job)
        assert self.backend is not None
        if alone and self.backend.on_host and len(self._free) == _SLOTS:
            batch = self._prepare()
            if batch is not None:
                self._run(batch)
                self._finish(batch)
            return
        self._fill()

    def collect(self) -> bool:
        """Take what the thread has done; whether the lane's state has changed since the last time."""
        while self._done:
            done = self._done.popleft()
            if isinstance(done, _Batch):
                self._finish(done)
            elif done is not None:
                self._fail(done)
            elif self.state == "loading":
                self.state = "ready"
        self._fill()
        before, self._told = self._told, self.state
        return self.state != before

    def retire(self) -> None:
        """Take no more; the thread frees the network when it is done with what it has, and ends."""
        self._drop()
        self._handed.put(None)

    def close(self, timeout: float) -> None:
        """End it, within ``timeout`` seconds."""
        self.retire()
        self._thread.join(timeout)

    # ---- the loop's work ---------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Prepare what waits while a slot is free."""
        while self._queue and self._free:
            batch = self._prepare()
            if batch is not None:
                self._handed.put(batch)

    def _prepare(self) -> Optional[_Batch]:
        """The next batch, its pictures in the slot; None when that failed, and the lane with it."""
        assert self.backend is not None and self._preparer is not None
        batch = self._free.pop()
        batch.started = monotonic_ns()
        batch.jobs = [self._queue.popleft() for _ in range(min(self.backend.batch, len(self._queue)))]
        try:
            batch.fits = [self._preparer.write(job.picture, batch.slot.input[i]) for i, job in enumerate(batch.jobs)]
            self.backend.enqueue(batch.slot, len(batch.jobs))
        except Exception as error:
            self._fail(error)
            return None
        finally:
            for job in batch.jobs:
                job.done_with_pixels()
        batch.prepared = monotonic_ns()
        return batch

    def _finish(self, batch: _Batch) -> None:
        """Boxes out of the outputs, a RESULT for each picture, and the slot is free again."""
        # A free slot must not keep the memory of a camera that is gone.
        jobs, batch.jobs, fits, batch.fits = batch.jobs, [], batch.fits, []
        self._free.append(batch)
        if isinstance(batch.outputs, Exception):
            self._fail(batch.outputs)
            return
        assert self._decoder is not None
        try:
            rows = self._decoder(batch.outputs, [self.floors.get(job.camera, self._any) for job in jobs])
        except Exception as error:
            self._fail(error)
            return
        for job, fit, found in zip(jobs, fits, rows):
            found[:, :4] = fit.to_picture(found[:, :4])
            header = job.header
            times = Times(
                header.captured, header.decoded, header.sent, batch.started, batch.prepared, batch.inferred,
                monotonic_ns(),
            )  # fmt: skip
            result = ResultHeader(job.camera, self.number, header.sequence, times, header.width, header.height)
            self._send(pack_result(result, found.tobytes()))
        self.pictures += len(jobs)
        self.busy_ns += batch.slot.busy_ns

    def _fail(self, error: Exception) -> None:
        self.state = "failed"
        if isinstance(error, EngineError):
            self.reason = str(error)
        else:
            # A bug, or a network that returns nonsense: the trace goes to the log.
            self.reason = "{}: {}".format(type(error).__name__, error)
            traceback.print_exception(type(error), error, error.__traceback__)
        if self.model["onnx"] not in self.reason:
            self.reason = "{}: {}".format(self.model["onnx"], self.reason)
        self._drop()

    def _drop(self) -> None:
        while self._queue:
            self._queue.popleft().done_with_pixels()

    # ---- the lane's thread -------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            self._open()
        except Exception as error:
            self._done.append(error)
            self._wake()
            return
        self._done.append(None)
        self._wake()
        while True:
            batch = self._handed.get()
            if batch is None:
                assert self.backend is not None
                self.backend.close()
                return
            self._run(batch)
            self._done.append(batch)
            self._wake()

    def _run(self, batch: _Batch) -> None:
        assert self.backend is not None
        try:
            batch.outputs = self.backend.wait(batch.slot)
        except Exception as error:
            batch.outputs = error
        batch.inferred = monotonic_ns()

    def _open(self) -> None:
        backend = open_backend(self._options.get("backend", "onnxruntime"), self.model, self._options)
        decoder = make_decoder(self.model["output"], len(self.model["labels"]), backend.size)
        preparer = Preprocessor(self.model["input"], backend.size, backend.dtype)
        if preparer.item_shape != backend.input_shape[1:]:
            raise Incompatible(
                "{}: its input is {}, model.yaml makes it {}".format(
                    self.model["onnx"], backend.input_shape[1:], preparer.item_shape
                )
            )
        batches = [_Batch(backend.slot()) for _ in range(_SLOTS)]
        # One run before the first picture: what does not fit is said now, and the first picture is not late.
        backend.enqueue(batches[0].slot, 1)
        decoder(backend.wait(batches[0].slot), 0.5)
        self.backend, self._decoder, self._preparer, self._free = backend, decoder, preparer, batches
