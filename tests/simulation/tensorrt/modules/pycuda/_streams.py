"""Streams and events."""

from typing import Any, Optional

from simulated_gpu import stream as streams
from simulated_gpu.errors import INVALID_HANDLE, INVALID_VALUE, NOT_READY, CudaFault

from ._context import Owned, current
from ._errors import guarded
from ._names import event_flags


class Stream(Owned):
    def __init__(self, flags: int = 0) -> None:
        super().__init__("cuStreamCreate")
        self._queue = streams.Queue()

    @property
    def handle(self) -> int:
        return self._queue.handle

    def synchronize(self) -> None:
        current("cuStreamSynchronize")
        with guarded("cuStreamSynchronize"):
            self._queue.synchronize()

    def is_done(self) -> bool:
        current("cuStreamQuery")
        return self._queue.idle

    def wait_for_event(self, event: "Event") -> None:
        current("cuStreamWaitEvent")
        with guarded("cuStreamWaitEvent"):
            self._queue.enqueue(event._mark.waiter())

    def __del__(self) -> None:
        queue = self.__dict__.get("_queue")
        if queue is not None and self._may_go():
            queue.close()


def queue_of(stream: Optional[Stream]) -> Any:
    """What to enqueue into; None is the default stream."""
    if stream is None:
        return streams.by_handle(0)
    return streams.by_handle(stream.handle)


class Event:
    def __init__(self, flags: int = 0) -> None:
        current("cuEventCreate")
        self._timed = not flags & event_flags.DISABLE_TIMING
        self._mark = streams.Mark()

    def record(self, stream: Optional[Stream] = None) -> "Event":
        current("cuEventRecord")
        with guarded("cuEventRecord"):
            self._mark.record(queue_of(stream))
        return self

    def synchronize(self) -> "Event":
        current("cuEventSynchronize")
        self._mark.wait()
        with guarded("cuEventSynchronize"):
            streams.check()
        return self

    def query(self) -> bool:
        current("cuEventQuery")
        return self._mark.reached

    def time_since(self, start: "Event") -> float:
        """In ms."""
        current("cuEventElapsedTime")
        with guarded("cuEventElapsedTime"):
            if not (self._timed and start._timed):
                raise CudaFault(INVALID_HANDLE)
            if not (self._mark.recorded and start._mark.recorded):
                raise CudaFault(INVALID_VALUE)
            if not (self._mark.reached and start._mark.reached):
                raise CudaFault(NOT_READY)
        return (self._mark.time_s - start._mark.time_s) * 1000

    def time_till(self, end: "Event") -> float:
        return end.time_since(self)
