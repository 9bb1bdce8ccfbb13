"""What capture processes are asked for: a file is made, its descriptor sent with the order, the answer awaited, and the
file kept; each request ends once, well or in words."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
from collections import deque
from typing import Any, Callable, Coroutine, Deque, Dict, List, Mapping, Optional, Protocol, Sequence, Set, Tuple

from edge import log
from edge.config import CameraConfig
from edge.daemon.evidence.thread import DiskThread
from edge.events.evidence.draft import Draft
from edge.events.evidence.places import StoreError
from edge.events.evidence.store import Store

#: Within this a snapshot is there, or it failed; a clip within this and its own length after its end.
DEADLINE_S = 15.0
#: Requests under way: snapshots of a camera, clips of it, and all of all. As many more of a camera wait their turn as
#: begin when a crowd comes into sight.
MOST_OF_CAMERA = 8
MOST_WAITING = 24
MOST = 128
_LONGEST = 500  # characters of a reason
_FULL = tuple(os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT))


class Source(Protocol):
    """A camera, as far as it is asked for pictures."""

    number: int
    name: str
    config: CameraConfig
    state: str

    @property
    def delivering(self) -> bool: ...

    def ask(self, order: Dict[str, Any], fds: Sequence[int]) -> bool:
        """Send its process an order; False when there is none."""


class Request:
    """``order`` is what is sent, without its number, as it is when it is sent. ``kind``: ``snapshot`` or ``clip``."""

    def __init__(self, kind: str, camera: Source, path: str, order: Callable[[], Dict[str, Any]]) -> None:
        self.kind, self.camera, self.path, self.order = kind, camera, path, order
        self.alike = kind, camera.number
        self.number = 0
        self.sent = False
        #: Done when those that began before it have left it a place.
        self.turn: Optional[asyncio.Future[None]] = None
        #: Whether another try may get the same.
        self.again = False
        #: What the capture process said; or in the same form, why it said nothing.
        self.answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._timer: Optional[asyncio.TimerHandle] = None

    @property
    def open(self) -> bool:
        """Whether it may still be changed."""
        return not self.answer.done()

    def settle(self, news: Mapping[str, Any]) -> None:
        if not self.answer.done():
            self.answer.set_result(news)

    def fail(self, reason: str) -> None:
        self.settle({"ok": False, "reason": reason})

    def patience(self, seconds: float) -> None:
        """From now on so long."""
        self.calm()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._late, seconds)

    def _late(self, seconds: float) -> None:
        whose = "no answer from its capture process" if self.sent else "its turn did not come, or the disk is silent,"
        self.fail(f"{whose} for {seconds:.0f} s")

    def calm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class Requests:
    """For the loop's thread."""

    def __init__(self, store: Store, thread: DiskThread) -> None:
        self._store, self._thread = store, thread
        #: A clip takes long to be written out, and snapshots do not wait for it.
        self._slow = DiskThread("edge-evidence-sync")
        self._numbers = itertools.count(1)
        self._open: Dict[int, Request] = {}
        #: By kind and camera.
        self._waiting: Dict[Tuple[str, int], Deque[Request]] = {}
        self._tasks: Set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    async def make(self, request: Request, seconds: float = DEADLINE_S) -> Mapping[str, Any]:
        """The answer, once its file is kept. Raises StoreError in words."""
        request.patience(seconds)
        try:
            await self._turn(request)
            return await self._make(request)
        finally:
            request.calm()
            request.settle({})
            if self._open.pop(request.number, None) is not None:
                self._next(request)

    async def _turn(self, request: Request) -> None:
        """Wait until it is among those under way. Raises StoreError."""
        of_camera = sum(other.alike == request.alike for other in self._open.values())
        if of_camera >= MOST_OF_CAMERA:
            waiting = self._waiting.setdefault(request.alike, deque())
            if len(waiting) >= MOST_WAITING:
                raise StoreError(f"{of_camera + len(waiting)} {request.kind}s of this camera are being made already")
            waiting.append(request)
            request.turn = asyncio.get_running_loop().create_future()
            either: List[asyncio.Future[Any]] = [request.turn, request.answer]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not request.turn.done():
                waiting.remove(request)
                raise _failure(request.answer.result())
        elif len(self._open) >= MOST:
            raise StoreError(f"{MOST} snapshots and clips are being made already")
        else:
            self._enter(request)

    def _enter(self, request: Request) -> None:
        request.number = next(self._numbers)
        self._open[request.number] = request

    def _next(self, done: Request) -> None:
        """One is done with: whoever waits for its place gets it."""
        waiting = self._waiting.get(done.alike)
        if not waiting:
            self._waiting.pop(done.alike, None)
            return
        request = waiting.popleft()
        self._enter(request)
        assert request.turn is not None
        request.turn.set_result(None)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine of which nobody waits for the end but :meth:`finished`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finished(self, seconds: float) -> None:
        """Wait for what is under way, so long at most; what is not there after two thirds of it fails."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds * 2 / 3)
        for request in self._all():
            request.fail("the daemon ends")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds / 3)
        for task in self._tasks:
            task.cancel()
        await self._slow.end(0.0)

    def heard(self, camera: Source, news: Mapping[str, Any]) -> None:
        """An answer. One that nobody waits for any more is not heard."""
        number = news.get("request")
        request = self._open.get(number) if isinstance(number, int) else None
        if request is not None and request.camera.number == camera.number:
            request.settle(news)

    def gone(self, camera: Source, reason: str) -> None:
        """Its capture process will answer nothing any more."""
        for request in self._all():
            if request.camera.number == camera.number:
                request.fail(reason)

    def _all(self) -> List[Request]:
        return [*self._open.values(), *(request for waiting in self._waiting.values() for request in waiting)]

    async def _make(self, request: Request) -> Mapping[str, Any]:
        try:
            return await self._once(request)
        except _DiskFull as error:
            # The oldest makes room, and who may be asked once more is.
            if not await self._thread.run(self._store.make_room) or not request.again or not request.camera.delivering:
                raise StoreError(str(error)) from error
        del self._open[request.number]
        self._enter(request)
        request.answer = asyncio.get_running_loop().create_future()
        request.patience(DEADLINE_S)
        return await self._once(request)

    async def _once(self, request: Request) -> Mapping[str, Any]:
        draft = await self._draft(request)
        try:
            if request.open:
                request.sent = True
                try:
                    if not request.camera.ask({**request.order(), "request": request.number}, [draft.fd]):
                        request.fail("its capture process is not there, or takes no order")
                except (OSError, ValueError) as error:
                    request.fail(f"its capture process cannot be asked: {error}")
            news = await request.answer
            if not news.get("ok"):
                raise _failure(news)
            if request.kind == "clip":
                await self._slow.run(draft.sync)
        except BaseException:
            self._thread.later(draft.drop)
            raise
        await self._thread.run(self._store.commit, draft)
        return news

    async def _draft(self, request: Request) -> Draft:
        """A new file, unless the disk takes so long that it is too late."""
        making = self._thread.begin(self._store.create, request.path)
        waiting: List[asyncio.Future[Any]] = [making, request.answer]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not making.done():
            making.add_done_callback(self._too_late)
            raise _failure(request.answer.result())
        return making.result()

    def _too_late(self, making: asyncio.Future[Draft]) -> None:
        if not making.cancelled() and making.exception() is None:
            self._thread.later(making.result().drop)


class _DiskFull(StoreError):
    pass


def _failure(news: Mapping[str, Any]) -> StoreError:
    # A library's or a camera's words: they may hold its whole URL.
    reason = log.redact(str(news.get("reason") or "its capture process does not say why")[:_LONGEST])
    return _DiskFull(reason) if any(words in reason for words in _FULL) else StoreError(reason)
