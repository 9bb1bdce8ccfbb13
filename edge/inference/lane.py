"""A lane: one network on one device, fed with pictures of all cameras that use it.

Its thread does nothing but wait for the network. Preparing pictures and reading boxes is the loop's work, in two slots:
while one runs, the next is prepared, so that the device finds it when it is done. A batch takes what waits, up to the
network's own bound, and never waits for more. (With a thread that did it all for each slot, three of them fought for
the interpreter, and the network stood still a third of the time.)

A single picture that meets an idle lane on the processor is run by the loop itself: handing it over and back would cost
two wake-ups and gain nothing.
"""

import traceback
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from ..errors import EngineError
from ..wire.clock import monotonic_ns
from ..wire.messages import ResultHeader, Times, pack_result
from .backends import Backend
from .decoders import Floors
from .job import Job
from .network import SLOTS, Batch, NetworkThread, Opened, wait

# An answer to a credit takes its time: as many pictures may wait as keep the network busy meanwhile.
_BATCHES_WAITING = 4
# How much of a picture's measured time the last batch is.
_NEWS = 0.1


class Lane:
    """Every method is the loop's. ``number`` is the model's, ``index`` the lane's among those of its model.

    ``floors`` by camera: what scores below them is of no use to anyone. ``result`` takes each job with its RESULT
    message, or None for one that was lost; ``orphan`` takes the jobs that were not begun when the lane had to give up.
    ``wake`` is called in the lane's thread when :meth:`collect` has something to do.
    """

    def __init__(
        self,
        number: int,
        index: int,
        model: Dict[str, Any],
        options: Dict[str, Any],
        floors: Dict[int, Floors],
        result: Callable[[Job, Optional[bytes]], None],
        orphan: Callable[[Job], None],
        wake: Callable[[], None],
    ) -> None:
        self.number, self.index = number, index
        self.model = model
        #: ``loading``, ``ready`` or ``failed``, and then why.
        self.state = "loading"
        self.reason = ""
        self.error: Optional[Exception] = None
        self._told = self.state
        self.pictures = 0
        self.busy_ns = 0
        self._floors = floors
        self._result, self._orphan = result, orphan
        self._any = Floors([0.0] * len(model["labels"]))
        self._opened: Optional[Opened] = None
        self._queue: Deque[Job] = deque()
        self._free: List[Batch] = []
        #: Pictures in slots; and what one takes, as measured.
        self._running = 0
        self._picture_ns = 0.0
        self._thread = NetworkThread(model, options, wake)

    @property
    def backend(self) -> Optional[Backend]:
        """None until it is open."""
        return self._opened.backend if self._opened is not None else None

    @property
    def waiting(self) -> int:
        """Pictures that are not in a slot yet."""
        return len(self._queue)

    @property
    def has_news(self) -> bool:
        """Whether :meth:`collect` has something to do."""
        return bool(self._thread.news) or self.state != self._told

    @property
    def room(self) -> int:
        """How many may wait."""
        return _BATCHES_WAITING * self._opened.backend.batch if self.state == "ready" and self._opened else 0

    @property
    def expected_ns(self) -> float:
        """In how long one picture more would be done; next to nothing for a lane that was never measured."""
        return (len(self._queue) + self._running + 1) * max(1.0, self._picture_ns)

    def submit(self, job: Job, alone: bool) -> None:
        """``alone``: nothing else waits for the loop, so the job may keep it. The lane is ready."""
        self._queue.append(job)
        assert self._opened is not None
        backend = self._opened.backend
        if alone and backend.on_host and len(self._free) == SLOTS:
            batch = self._prepare()
            if batch is not None:
                wait(backend, batch)
                self._finish(batch)
            return
        self._fill()

    def collect(self) -> bool:
        """Take what the thread has done; whether the lane's state has changed since the last time."""
        while self._thread.news:
            news = self._thread.news.popleft()
            if isinstance(news, Batch):
                self._finish(news)
            elif isinstance(news, Opened):
                self._opened, self._free = news, list(news.batches)
                self.state = "ready"
            else:
                self._fail(news)
        self._fill()
        before, self._told = self._told, self.state
        return self.state != before

    def retire(self) -> None:
        """Take no more; the thread frees the network when it is done with what it has, and ends."""
        while self._queue:
            job = self._queue.popleft()
            job.done_with_pixels()
            self._result(job, None)
        self._thread.end()

    def close(self, timeout: float) -> None:
        """Wait until the thread has ended, but no longer than ``timeout`` seconds."""
        self._thread.join(timeout)

    def _fill(self) -> None:
        """Prepare what waits while a slot is free."""
        while self._queue and self._free and self.state == "ready":
            batch = self._prepare()
            if batch is not None:
                self._thread.hand(batch)

    def _prepare(self) -> Optional[Batch]:
        """The next batch, its pictures in the slot; None when that failed, and the lane with it."""
        assert self._opened is not None
        backend = self._opened.backend
        batch = self._free.pop()
        batch.started = monotonic_ns()
        jobs = batch.jobs = [self._queue.popleft() for _ in range(min(backend.batch, len(self._queue)))]
        self._running += len(jobs)
        try:
            batch.fits = self._opened.preparer.write([job.picture for job in jobs], batch.slot)
            backend.enqueue(batch.slot, len(jobs))
        except Exception as error:
            batch.jobs = []
            self._lose(jobs)
            self._fail(error)
            return None
        finally:
            for job in jobs:
                job.done_with_pixels()
        batch.prepared = monotonic_ns()
        return batch

    def _finish(self, batch: Batch) -> None:
        """Boxes out of the outputs, a RESULT for each picture, and the slot is free again."""
        # A free slot must not keep the memory of a camera that is gone.
        jobs, batch.jobs, fits, batch.fits = batch.jobs, [], batch.fits, []
        self._free.append(batch)
        assert self._opened is not None
        if self.state == "failed":
            self._lose(jobs)  # the outputs' memory may be gone
            return
        try:
            if isinstance(batch.outputs, Exception):
                raise batch.outputs
            rows = self._opened.decoder(batch.outputs, [self._floors.get(job.camera, self._any) for job in jobs])
        except Exception as error:
            self._lose(jobs)
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
            self._result(job, pack_result(result, found.tobytes()))
        self._running -= len(jobs)
        self.pictures += len(jobs)
        self.busy_ns += batch.slot.busy_ns
        took = batch.slot.busy_ns / float(len(jobs))
        self._picture_ns += (took - self._picture_ns) * (_NEWS if self._picture_ns else 1.0)

    def _lose(self, jobs: List[Job]) -> None:
        self._running -= len(jobs)
        for job in jobs:
            self._result(job, None)

    def _fail(self, error: Exception) -> None:
        self.state = "failed"
        self.error = error
        if isinstance(error, EngineError):
            self.reason = str(error)
        else:
            # A bug, or a network that returns nonsense: the trace goes to the log.
            self.reason = "{}: {}".format(type(error).__name__, error)
            traceback.print_exception(type(error), error, error.__traceback__)
        if self.model["onnx"] not in self.reason:
            self.reason = "{}: {}".format(self.model["onnx"], self.reason)
        while self._queue:
            self._orphan(self._queue.popleft())
        self._thread.end()
