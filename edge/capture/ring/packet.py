"""What is kept of a stream: how much, and each of its packets."""

from typing import Any, NamedTuple, Optional

from .. import native
from .buffer import Held
from .events import Timeline


class Record(NamedTuple):
    """What the daemon wants kept. ``seconds`` at least, but never more than so many ``bytes``."""

    seconds: float
    bytes: int


class Packet:
    """One encoded picture. ``caps`` are those it came with; ``size`` in bytes.

    ``gap``: something was lost in front of it. Times in nanoseconds, native.NO_TIME where the stream does not say.
    """

    __slots__ = (
        "buffer", "caps", "clean", "dts", "duration", "gap", "key", "pts", "running", "serial", "size", "timeline"
    )  # fmt: skip

    def __init__(
        self, buffer: Held, caps: native.Caps, pts: int, dts: int, duration: int, size: int, key: bool, gap: bool,
        timeline: Timeline, running: int, serial: int, clean: bool = True,
    ) -> None:  # fmt: skip
        self.buffer, self.caps, self.size, self.key, self.gap = buffer, caps, size, key, gap
        self.pts, self.dts, self.duration = pts, dts, duration
        self.timeline, self.running = timeline, running
        #: Rises by one with every packet.
        self.serial = serial
        #: Of a key picture: decoding can begin with it; else it shows itself with the next.
        self.clean = clean

    @property
    def captured_ns(self) -> int:
        """When the source delivered it, on CLOCK_MONOTONIC; of a picture in it the header's ``captured``."""
        return self.timeline.base + self.running


def kept_as(order: Any) -> Optional[Record]:
    """A Record as the daemon's message has it."""
    return None if order is None else Record(float(order["seconds"]), int(order["bytes"]))
