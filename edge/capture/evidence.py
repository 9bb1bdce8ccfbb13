"""What the daemon wants to see of the past: snapshots and clips, out of the ring."""

import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from ..boards import Board
from ..wire.channel import Channel
from ..wire.clock import monotonic_ns
from .ring.ring import Ring
from .snapshot.snapshot import Snapshots

if TYPE_CHECKING:
    from .clip.clip import Clips


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
                if self._clips is None:
                    from .clip.clip import Clips

                    self._clips = Clips(self._ring, self._board, self._control.send)
                self._clips.order(order, fds[0] if fds else None)
            except (ImportError, KeyError, TypeError, ValueError) as error:
                words = "clips cannot be made: {}: {}".format(type(error).__name__, error)
                self._control.send({"op": "clip", "request": order.get("request"), "ok": False, "reason": words})

    def tick(self, now: int) -> None:
        """A few times a second."""
        if self._clips is not None:
            self._clips.tick(now)

    def finish(self, seconds: float) -> None:
        """The stream is over: what is under way has so long."""
        began = monotonic_ns()
        if self._clips is not None:
            self._clips.finish(began + int(seconds * 1e9))
        self._snapshots.finish(max(0.0, seconds - (monotonic_ns() - began) / 1e9))
        self.took_s = (monotonic_ns() - began) / 1e9
