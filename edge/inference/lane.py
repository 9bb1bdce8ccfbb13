"""A lane: one network on one device, fed with pictures of all cameras that use it.

Its thread does nothing but wait for the network. Preparing pictures and reading boxes is the loop's work, in two slots:
while one runs, the next is prepared, so that the device finds it when it is done. (With a thread that did it all for
each slot, three of them fought for the interpreter, and the network stood still a third of the time.)

A batch takes what waits, up to the size that was measured to be the best, and stays open for a moment only where that
costs nothing or brings something (scheduling/window.py). A picture that is too old by then is not computed.

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
from .scheduling.balance import Load
from .scheduling.pace import Pace


class Lane:
    """Every method is the loop's. ``number`` is the model's, ``index`` the lane's among those of its model.

    ``floors`` by camera: what scores below them is of no use to anyone. ``result`` takes each job with its RESULT
    message, or None for one that was lost; ``orphan`` takes the jobs that were not begun when the lane had to give up,
    ``too_old`` those that nothing comes of because they waited for too long. ``wake`` is called in the lane's thread
    when :meth:`collect` has something to do.
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
        too_old: Callable[[Job], None],
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
        self._result, self._orphan, self._too_old = result, orphan, too_old
        self._any = Floors([0.0] * len(model["labels"]))
        self._opened: Optional[Opened] = None
        self._queue: Deque[Job] = deque()
        self._free: List[Batch] = []
        self._pace = Pace(1)
        #: When a batch that is left open is begun at the latest.
        self._open_until = 0
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
    def running(self) -> int:
        """Pictures in slots."""
        return self._pace.running

    @property
    def has_news(self) -> bool:
        """Whether :meth:`collect` has something to do."""
        if self._open_until and monotonic_ns() >= self._open_until:
            return True
        return bool(self._thread.news) or self.state != self._told

    @property
    def room(self) -> int:
        """How many may wait."""
        return self._pace.room if self.state == "ready" else 0

    def tune(self, answer_s: float, budget_s: float) -> None:
        """As for Pace."""
        self._pace.tune(answer_s, budget_s)

    def due(self) -> Optional[float]:
        """Seconds until a batch that is left open is begun; None where none is."""
        return max(0.0, (self._open_until - monotonic_ns()) / 1e9) if self._open_until else None

    def load(self) -> Load:
        """What it has to do."""
        return self._pace.load(len(self._queue), monotonic_ns() / 1e9)

    def submit(self, job: Job, alone: bool) -> None:
        """``alone``: nothing else waits for the loop, so the job may keep it. The lane is ready."""
        self._queue.append(job)
        assert self._opened is not None
        backend = self._opened.backend
        self._pace.came(monotonic_ns() / 1e9)
        if alone and backend.on_host and len(self._free) == SLOTS and len(self._queue) == 1:
            batch = self._prepare(1)
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
                self.state, self._pace = "ready", Pace(news.backend.batch)
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
        """Prepare what waits while a slot is free, and it is not worth while to wait for more."""
        self._open_until = 0
        while self._free and self.state == "ready":
            now = monotonic_ns()
            self._let_go(now)
            if not self._queue:
                return
            hold = self._hold_s(now)
            if hold > 0.0:
                self._open_until = now + int(hold * 1e9)
                return
            batch = self._prepare(self._pace.times.take(len(self._queue)))
            if batch is not None:
                self._thread.hand(batch)

    def _let_go(self, now: int) -> None:
        """What has waited for too long is not computed: a newer one is."""
        if not any(0 < job.expires < now for job in self._queue):
            return
        jobs, self._queue = self._queue, deque()
        for job in jobs:
            if 0 < job.expires < now:
                job.done_with_pixels()
                self._result(job, None)
                self._too_old(job)
            else:
                self._queue.append(job)

    def _hold_s(self, now: int) -> float:
        """For how long the next batch is left open."""
        waiting, most = len(self._queue), self._pace.times.most
        if waiting >= most:
            return 0.0
        patience = min(job.patient_until for job in self._queue) - now
        return self._pace.hold_s(waiting, patience / 1e9, now / 1e9)

    def _prepare(self, count: int) -> Optional[Batch]:
        """The next batch, its pictures in the slot; None when that failed, and the lane with it."""
        assert self._opened is not None
        backend = self._opened.backend
        batch = self._free.pop()
        batch.started = monotonic_ns()
        jobs = batch.jobs = [self._queue.popleft() for _ in range(count)]
        self._pace.began(count, batch.started / 1e9)
        for job in jobs:
            job.begin()
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
        self._pace.prepared(count, (batch.prepared - batch.started) / 1e9, batch.prepared / 1e9)
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
        self.pictures += len(jobs)
        self.busy_ns += batch.slot.busy_ns
        self._pace.ended(len(jobs), batch.slot.busy_ns / 1e9, batch.inferred / 1e9)

    def _lose(self, jobs: List[Job]) -> None:
        self._pace.lost()
        for job in jobs:
            self._result(job, None)

    def _fail(self, error: Exception) -> None:
        self.state, self._open_until = "failed", 0
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
