"""Snapshots as the daemon orders them: one after the other, in a thread of their own, each into a file of the daemon's.

What makes them (numpy among it) is imported with the first: most processes never make one.
"""

import os
import queue
import stat
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Sequence, Tuple

from ...boards import Board
from ...wire.channel import Closed
from ..bound import Bound
from ..evidence_fault import NOBODY_WAITS, EvidenceError, dropped
from ..ring.ring import Ring

if TYPE_CHECKING:
    from .picture import Camera

Send = Callable[[Dict[str, Any]], None]
#: How many may wait.
_MOST = 8


class Snapshots:
    """``send`` gets the answers, from this thread or the snapshots' own."""

    def __init__(self, ring: Ring, board: Board, send: Send) -> None:
        self._ring, self._board, self._send = ring, board, send
        self._waiting: "queue.Queue[Tuple[Dict[str, Any], int]]" = queue.Queue(_MOST)
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()
        #: That which is being made, until it is answered.
        self._current: Optional[Dict[str, Any]] = None
        self._camera: Optional["Camera"] = None

    def order(self, order: Dict[str, Any], fds: Sequence[int]) -> None:
        """Make one; the descriptors are owned by this from here on."""
        for fd in fds[1:]:
            os.close(fd)
        if not fds:
            self._refuse(order, None, "no file came with the order")
            return
        try:
            self._waiting.put_nowait((order, fds[0]))
        except queue.Full:
            self._refuse(order, fds[0], "{} snapshots of this camera are waiting already".format(_MOST))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="snapshots", daemon=True)
            self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether one is being made."""
        return self._current is not None

    def finish(self, stop: Bound) -> None:
        """The process ends: what waits has time until then, and the rest is refused."""
        words = "the camera's process ends"
        while self._waiting.unfinished_tasks and not stop.past:
            time.sleep(0.01)
        while True:
            try:
                self._refuse(*self._waiting.get_nowait(), words)
            except queue.Empty:
                break
        current = self._current
        if current is not None:
            self._refuse(current, None, words)

    def _work(self) -> None:
        while True:
            order, fd = self._waiting.get()
            self._current = order
            try:
                self._make(order, fd)
            except EvidenceError as error:
                self._refuse(order, fd, str(error))
            except OSError as error:
                self._refuse(order, fd, "the file cannot be written: {}".format(error.strerror))
            except (KeyError, TypeError, ValueError) as error:
                self._refuse(order, fd, "not understood: {}".format(error))
            except Exception as error:  # a bug, or a library that is missing; the next may do
                self._refuse(order, fd, "{}: {}".format(type(error).__name__, error))
            self._current = None
            self._waiting.task_done()

    def _make(self, order: Dict[str, Any], fd: int) -> None:
        from . import picture as snapshot_picture

        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise EvidenceError("what came with the order is no file")
        if dropped(fd):
            raise EvidenceError(NOBODY_WAITS)
        wish = snapshot_picture.read(order)
        if self._camera is None:
            self._camera = snapshot_picture.Camera(self._ring, self._board)
        made = self._camera.snapshot(wish)
        data = memoryview(made.jpeg)
        while data:
            data = data[os.write(fd, data) :]
        os.close(fd)
        self._answer(
            order,
            {"op": "snapshot", "request": wish.request, "ok": True, "width": made.width, "height": made.height,
             "captured": made.captured, "bytes": len(made.jpeg)},
        )  # fmt: skip

    def _refuse(self, order: Dict[str, Any], fd: Optional[int], reason: str) -> None:
        if fd is not None:
            try:
                os.close(fd)
            except OSError:
                pass
        self._answer(order, {"op": "snapshot", "request": order.get("request"), "ok": False, "reason": reason})

    def _answer(self, order: Dict[str, Any], message: Dict[str, Any]) -> None:
        """Once for each order: the end of the process may come before its own."""
        with self._lock:
            if order.pop("op", None) is None:
                return
        try:
            self._send(message)
        except (Closed, OSError):
            pass  # the daemon is gone, and so will this process be
