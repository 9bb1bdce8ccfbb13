"""Clips: recordings of a camera's last and next seconds, as the daemon orders them, written into files of its."""

import os
import stat
import threading
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from ...boards import Board
from ...wire.channel import Closed
from ..bound import Bound
from ..evidence_fault import NOBODY_WAITS, EvidenceError, dropped
from ..ring.ring import Ring
from .encode_run import be_polite
from .gather import Gathering
from .write import write

Send = Callable[[Dict[str, Any]], None]
#: How many may be under way: each holds a part of the stream's memory.
_MOST = 8
_FAR = 2**63
#: How soon it is heard that less time is left.
_WAIT_S = 0.1
_TOO_LATE = "the camera's process ended before it was written"


class _Clip:
    def __init__(self, order: Dict[str, Any], fd: int) -> None:
        self.request = int(order["request"])
        self.masks = order["masks"]
        self.fd = fd
        self.closed = False
        self.gathering = Gathering(int(order["from"]), int(order["to"]))


class Clips:
    """``send`` gets the answers, from this thread or the one that writes. Costs nothing while no clip is asked for.

    A clip is written in a thread of its own, one after the other, when its end is past; what cannot be written leaves
    an empty file.
    """

    def __init__(self, ring: Ring, board: Board, send: Send) -> None:
        self._ring, self._board, self._send = ring, board, send
        self._open: List[_Clip] = []
        self._ready: Deque[_Clip] = deque()
        self._lock = threading.Lock()
        self._writer: Optional[threading.Thread] = None
        self._writing: Optional[_Clip] = None
        #: When all must be written; far away until the stream is over.
        self._stop = Bound(_FAR)

    @property
    def busy(self) -> bool:
        """Whether one is being written."""
        return self._writer is not None

    def order(self, order: Dict[str, Any], fd: Optional[int] = None) -> None:
        """Begin a clip into ``fd``, which is closed when it is written; without ``fd``, move the end of one, or give it
        other masks.
        """
        if fd is None:
            if "from" in order:
                self._answer({"op": "clip", "request": order["request"], "ok": False, "reason": "no file came with it"})
            else:
                self._change(order)
            return
        try:
            clip = _Clip(order, fd)
        except (KeyError, TypeError, ValueError):
            os.close(fd)
            raise
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            self._fail(clip, "what came with the order is no file")
        elif self._ring.record is None:
            self._fail(clip, "nothing of its stream is kept")
        elif len(self._under_way()) >= _MOST:
            self._fail(clip, "{} clips of this camera are under way already".format(_MOST))
        else:
            self._open.append(clip)

    def _change(self, order: Dict[str, Any]) -> None:
        """One that is complete already ends where it was to end: its answer says so."""
        for clip in self._under_way():
            if clip.request == order["request"]:
                if "to" in order:
                    clip.gathering.end = int(order["to"])
                if "masks" in order:
                    with self._lock:
                        clip.masks = order["masks"]

    def _under_way(self) -> List[_Clip]:
        """All that are not answered yet: each holds packets."""
        with self._lock:
            writing = [self._writing] if self._writing is not None else []
            return [clip for clip in (*self._open, *self._ready, *writing) if not clip.closed]

    def tick(self, now: int) -> None:
        """To be called a few times a second: takes what is new, and hands on what is complete."""
        for clip in list(self._open):
            if dropped(clip.fd):
                self._open.remove(clip)
                self._fail(clip, NOBODY_WAITS)
                continue
            record = self._ring.record
            if record is None:
                clip.gathering.stop("it ends early: nothing of the stream is kept any more")
            else:
                others = sum(other.gathering.size for other in self._under_way() if other is not clip)
                clip.gathering.look(self._ring, record.bytes - others, now)
            if clip.gathering.done:
                self._open.remove(clip)
                self._hand_on(clip)

    def finish(self, stop: Bound, hear: Callable[[], None] = lambda: None) -> None:
        """The stream is over: write what there is, until ``stop`` at most; ``hear`` is called now and then meanwhile,
        and may move that nearer.
        """
        self.tick(0)  # what came since the last time
        self._stop.nearer(stop.at)
        for clip in self._open:
            clip.gathering.stop("it ends early: the camera's stream ended")
            self._hand_on(clip)
        self._open = []
        writer = self._writer
        while writer is not None and writer.is_alive() and not stop.past:
            writer.join(min(_WAIT_S, stop.left_s))
            hear()
            self._stop.nearer(stop.at)
        with self._lock:
            left, writing = list(self._ready), self._writing
            self._ready.clear()
        if writing is not None:
            self._fail(writing, _TOO_LATE, busy=True)
        for clip in left:
            self._fail(clip, _TOO_LATE)

    def _hand_on(self, clip: _Clip) -> None:
        with self._lock:
            self._ready.append(clip)
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="clips", daemon=True)
                self._writer.start()

    def _write_all(self) -> None:
        be_polite()
        while True:
            with self._lock:
                if not self._ready:
                    self._writer = None
                    return
                clip = self._writing = self._ready.popleft()
            try:
                self._write(clip)
            except EvidenceError as error:
                self._fail(clip, str(error))
            except Exception as error:  # a bug must not keep the clips behind it from being written
                self._fail(clip, "{}: {}".format(type(error).__name__, error))
            with self._lock:
                self._writing = None

    def _write(self, clip: _Clip) -> None:
        if dropped(clip.fd):
            raise EvidenceError(NOBODY_WAITS)
        while True:
            masks, failure = clip.masks, None  # type: Any, Optional[EvidenceError]
            try:
                found = write(clip.gathering, clip.fd, masks, self._board, self._stop)
            except EvidenceError as error:
                failure = error
            if self._sealed(clip, masks):
                break
            os.ftruncate(clip.fd, 0)
            os.lseek(clip.fd, 0, os.SEEK_SET)
        if failure is not None:
            raise failure
        size = os.fstat(clip.fd).st_size
        if not self._close(clip):
            return
        self._answer(
            {"op": "clip", "request": clip.request, "ok": True, "start": found.start, "end": found.end, "bytes": size,
             "codec": found.codec, "encoded": bool(found.encoder), "encoder": found.encoder, "note": found.note}
        )  # fmt: skip

    def _sealed(self, clip: _Clip, masks: List[Any]) -> bool:
        """Whether these are still its masks, or nobody waits for it any more."""
        with self._lock:
            return clip.closed or clip.masks == masks

    def _fail(self, clip: _Clip, reason: str, busy: bool = False) -> None:
        """``busy``: it is being written to; its descriptor must not become another file's."""
        if self._close(clip, emptied=True, kept=busy):
            self._answer({"op": "clip", "request": clip.request, "ok": False, "reason": reason})

    def _close(self, clip: _Clip, emptied: bool = False, kept: bool = False) -> bool:
        """Whether it was open, and so is still to be answered: at the end two threads may be at it."""
        with self._lock:
            if clip.closed:
                return False
            clip.closed = True
            try:
                if emptied:
                    os.ftruncate(clip.fd, 0)
            except OSError:
                pass
            if not kept:
                os.close(clip.fd)
            return True

    def _answer(self, message: Dict[str, Any]) -> None:
        try:
            self._send(message)
        except Closed:
            pass  # the daemon is gone, and so will this process be
