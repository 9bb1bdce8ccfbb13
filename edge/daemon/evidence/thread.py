"""The thread in which evidence is written: the loop never waits for a disk."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any, Callable, Optional, Tuple, TypeVar

from edge.events.evidence.places import StoreError

T = TypeVar("T")
#: Jobs that may wait. A disk that does not answer any more, as one of another machine, must not pile them up.
MOST_WAITING = 400
_Job = Tuple[Callable[[], Any], "asyncio.Future[Any]"]


class DiskThread:
    """Not an executor of the library's: at the end of the process that would be waited for, hanging or not."""

    def __init__(self, name: str = "edge-evidence") -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Optional[_Job]] = queue.SimpleQueue()
        self._thread: Optional[threading.Thread] = None

    async def run(self, job: Callable[..., T], *arguments: Any) -> T:
        """What ``job`` returns or raises. Raises StoreError when too many wait already."""
        return await self.begin(job, *arguments)

    def begin(self, job: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """The same, to be waited for later."""
        self._start()
        done: asyncio.Future[T] = self._loop.create_future()
        if self._jobs.qsize() >= MOST_WAITING:
            done.set_exception(StoreError("the disk does not answer"))
        else:
            self._jobs.put((lambda: job(*arguments), done))
        return done

    def later(self, job: Callable[[], None]) -> None:
        """What has to be done in any case, and raises nothing."""
        self._start()
        self._jobs.put((job, self._loop.create_future()))

    async def end(self, seconds: float) -> None:
        """Do what waits, and nothing after it; returns when that is done, or so long has passed."""
        if self._thread is not None:
            await asyncio.wait([self.begin(lambda: None)], timeout=seconds)
        self._jobs.put(None)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            item = self._jobs.get()
            if item is None:
                return
            job, done = item
            result: Any = None
            error: Optional[BaseException] = None
            try:
                result = job()
            except Exception as raised:
                error = raised
            try:
                self._loop.call_soon_threadsafe(_tell, done, result, error)
            except RuntimeError:
                pass  # the loop has ended, and with it whoever waited


def _tell(done: asyncio.Future[Any], result: Any, error: Optional[BaseException]) -> None:
    if done.done():
        return  # nobody waits any more
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(result)
