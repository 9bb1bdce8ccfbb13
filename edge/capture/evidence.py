"""What the daemon wants to see of the past: snapshots and clips, out of the ring."""

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from ..boards import Board
from ..wire.channel import Channel
from ..wire.clock import monotonic_ns
from .bound import Bound
from .ring.ring import Ring
from .snapshot.snapshot import Snapshots

if TYPE_CHECKING:
    from .clip.clip import Clips

SNAPSHOTS_S = 1.5


class Evidence:
    """Hands orders on; everything takes place in threads of their own, and is answered at ``control``."""

    def __init__(self, ring: Ring, board: Board, control: Channel) -> None:
        self._ring, self._board, self._control = ring, board, control
        self._snapshots = Snapshots(ring, board, control.send)
        self._clips: Optional["Clips"] = None
        #: How long :meth:`finish` took.
        self.took_s = 0.0

    def order(self, order: Dict[str, Any], fds: List[int]) -> None:
        """An order of the daemon's, with the descriptors that came beside it."""
        if order.get("op") == "snapshot":
            self._snapshots.order(order, fds)
            return
        for fd in fds[1:] if order.get("op") == "clip" else fds:
            os.close(fd)
        if order.get("op") == "clip":
            try:
                clips = self._clips or self._begin(fds[:1])
                clips.order(order, fds[0] if fds else None)
            except (ImportError, KeyError, TypeError, ValueError) as error:
                words = "clips cannot be made: {}: {}".format(type(error).__name__, error)
                self._control.send({"op": "clip", "request": order.get("request"), "ok": False, "reason": words})

    def _begin(self, fds: List[int]) -> "Clips":
        """Clips are made from here on; ``fds`` are closed where that fails."""
        try:
            from .clip.clip import Clips
        except Exception:
            for fd in fds:
                os.close(fd)
            raise
        self._clips = Clips(self._ring, self._board, self._control.send)
        return self._clips

    @property
    def busy(self) -> bool:
        """Whether a clip is being written, or a snapshot made."""
        return self._snapshots.busy or (self._clips is not None and self._clips.busy)

    def tick(self, now: int) -> None:
        """A few times a second."""
        if self._clips is not None:
            self._clips.tick(now)

    def finish(self, stop: Bound, hear: Callable[[], None]) -> None:
        """The stream is over: clips under way have time until ``stop``, which ``hear`` may move nearer; it is called
        meanwhile. Snapshots, which take no longer where nothing hangs, have SNAPSHOTS_S at most.
        """
        began = monotonic_ns()
        if self._clips is not None:
            self._clips.finish(stop, hear)
        self._snapshots.finish(Bound(min(stop.at, began + int(SNAPSHOTS_S * 1e9))))
        self.took_s = (monotonic_ns() - began) / 1e9
