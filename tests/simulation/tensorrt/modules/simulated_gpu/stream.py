"""Streams: a thread each, which works off what was enqueued in order, and events between them.

A sticky error (an illegal access, a failed launch) poisons the whole process, as on a GPU: whatever is called or
waited for from then on reports it.
"""

import itertools
import queue
import threading
import time
import weakref
from typing import Any, Callable, Dict, List, Optional

from . import faults
from .errors import INVALID_HANDLE, LAUNCH_FAILED, STICKY, WORDS, CudaFault

_poison: List[CudaFault] = []
_handles = itertools.count(0x55D0C0DE0000, 0x40)
_streams: "weakref.WeakValueDictionary[int, Queue]" = weakref.WeakValueDictionary()


def check() -> None:
    """Raises what poisoned the process, if anything has; ``device lost`` by order is such a thing."""
    if not _poison and faults.ordered("device", "lost") is not None:
        poison(CudaFault(LAUNCH_FAILED, "by order"))
    if _poison:
        raise CudaFault(_poison[0].code, _poison[0].why)


def poison(fault: CudaFault) -> None:
    if fault.code in STICKY:
        _poison.append(fault)


def poisoned() -> Optional[str]:
    """CUDA's words for what poisoned the process."""
    return WORDS[_poison[0].code] if _poison else None


class Queue:
    """One stream's work. ``enqueue`` returns at once, ``synchronize`` when all before it is done."""

    def __init__(self) -> None:
        self.handle = next(_handles)
        self._work: Any = queue.Queue()
        self._pending = 0
        self._done = threading.Condition()
        self._fault: Optional[CudaFault] = None
        _streams[self.handle] = self
        threading.Thread(target=_run, args=(self._work,), daemon=True, name="simulated stream").start()

    def enqueue(self, task: Callable[[], Any]) -> None:
        check()
        with self._done:
            self._pending += 1
        self._work.put((self, task))

    def finished(self, fault: Optional[CudaFault]) -> None:
        with self._done:
            self._pending -= 1
            self._fault = self._fault or fault
            self._done.notify_all()

    @property
    def idle(self) -> bool:
        with self._done:
            return self._pending == 0

    def synchronize(self) -> None:
        """Raises CudaFault for what went wrong in this stream, or in any where it poisons the process."""
        with self._done:
            while self._pending:
                self._done.wait()
            fault, self._fault = self._fault, None
        check()
        if fault is not None:
            raise fault

    def close(self) -> None:
        """No more work comes; what is enqueued is still done."""
        self._work.put(None)


def _run(work: "queue.Queue") -> None:
    while True:
        item = work.get()
        if item is None:
            return
        stream, task = item
        fault: Optional[CudaFault] = None
        try:
            check()
            delay = faults.ordered("delay")
            if delay:
                time.sleep(float(delay) / 1000)
            task()
        except CudaFault as error:
            poison(error)
            fault = error
        except Exception as error:  # a kernel's or a network's own mistake: the GPU's "something went wrong"
            fault = CudaFault(LAUNCH_FAILED, f"{type(error).__name__}: {error}")
            poison(fault)
        stream.finished(fault)
        del item, stream, task  # or the stream would live until the next task


#: The legacy default stream waits for all others, and all others for it.
DEFAULT = Queue()


def by_handle(handle: int) -> Queue:
    """The stream with this handle; 0 is the default stream. Raises CudaFault for one that is not, or no more."""
    if not handle:
        synchronize_all()
        return DEFAULT
    found = _streams.get(int(handle))
    if found is None:
        raise CudaFault(INVALID_HANDLE, f"no stream has the handle {int(handle):#x}")
    DEFAULT.synchronize()
    return found


def synchronize_all() -> None:
    check()
    for stream in list(_streams.values()):
        stream.synchronize()


class Mark:
    """What an event is behind: recorded when its stream gets there."""

    def __init__(self) -> None:
        self.recorded = False
        self._reached = threading.Event()
        self.time_s = 0.0

    def record(self, stream: Queue) -> None:
        self.recorded = True
        reached = self._reached = threading.Event()

        def reach() -> None:
            self.time_s = time.perf_counter()
            reached.set()

        stream.enqueue(reach)

    @property
    def reached(self) -> bool:
        return not self.recorded or self._reached.is_set()

    def wait(self) -> None:
        while not self.reached and not poisoned():
            self._reached.wait(0.05)

    def waiter(self) -> Callable[[], None]:
        """A task for another stream: wait until what is recorded now is reached."""
        reached, recorded = self._reached, self.recorded

        def wait() -> None:
            while recorded and not reached.is_set() and not poisoned():
                reached.wait(0.05)

        return wait


def live() -> Dict[int, Queue]:
    return dict(_streams)
