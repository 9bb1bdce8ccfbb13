"""What fills a ring: a look at each packet in front of the decoder, only as long as it is asked for.

The look itself takes hold of the packet and no more: with cold caches, which is what it finds between two packets, the
rest would cost several times as much as it does for many packets in a row. That is done when somebody asks for what is
in the ring, and for every few packets.
"""

import threading
from collections import deque
from functools import partial
from time import monotonic
from typing import Any, Deque, Optional, Tuple

from .. import native
from .buffer import Held, beginning, head, taker
from .events import Timeline, each_change
from .headers import Headers
from .packet import Packet, Record
from .ring import Ring

#: So many packets wait at most; and fewer, if they would be more than this share of the memory.
_WAITING, _SHARE = 32, 16


class Tap:
    """``copied``: the source has few buffers and waits for each, so none is kept from it."""

    def __init__(self, ring: Ring, copied: bool) -> None:
        self._ring, self._copied = ring, copied
        self._lock = threading.Lock()
        self._probe: Optional[native.Probe] = None
        #: Packets, each with the time at which it came.
        self._waiting: Deque[Tuple[int, float]] = deque()
        self._most = 1
        self._seen = 0
        # What follows is used by whoever has this lock.
        self._filling = threading.Lock()
        self._filled = 0
        self._caps: Optional[native.Caps] = None
        self._text = ""
        self._shift = 0
        self._timeline: Optional[Timeline] = None
        self._headers = Headers()
        ring.fill = self._fill

    def place(self, pipeline: Any, pad: Any, sink: Any, headers: bytes = b"") -> None:
        """``pad``: where the packets come out; ``sink``: the pad where pictures end; ``headers``: parameter sets that
        the source has told beforehand. No packet has come yet.
        """
        self._headers = Headers(headers)
        self._timeline = Timeline(pipeline, sink)
        each_change(pad, self._set_caps, self._set_segment)
        take, waiting, filling = taker(self._copied), self._waiting, self._filling

        def look(buffer: int) -> int:
            self._seen = number = self._seen + 1
            waiting.append((take(buffer, number), monotonic()))
            # Who fills already takes this one too, or leaves it to the next.
            if len(waiting) >= self._most and not filling.locked():
                self._fill()
            return native.PASS

        with self._lock:
            self._probe = native.Probe(pad, look)
            if self._ring.record is not None:
                self._probe.add()

    def keep(self, record: Optional[Record]) -> None:
        """From now on so much; None: nothing, and nothing is looked at."""
        with self._lock:
            if self._probe is not None and record is None:
                self._probe.remove()
            self._ring.keep(record)
            if self._probe is not None and record is not None:
                self._probe.add()

    def _set_caps(self, caps: native.Caps) -> None:
        self._fill()  # what came before has others
        with self._filling:
            self._caps, self._text = caps, caps.text

    def _set_segment(self, event: int) -> None:
        self._fill()
        with self._filling:
            assert self._timeline is not None
            self._shift = self._timeline.shift(event)

    def _fill(self) -> None:
        """Everything that waits now is put into the ring."""
        with self._filling:
            record, count, size = self._ring.record, len(self._waiting), 0
            for _ in range(count):
                buffer, came = self._waiting.popleft()
                self._filled += 1
                held = Held.taken(buffer)
                if record is not None and self._caps is not None:
                    size += self._add(held, came)
            if size and record is not None:
                self._most = max(1, min(_WAITING, record.bytes // _SHARE * count // size))

    def _add(self, held: Held, came: float) -> int:
        """How many bytes it has."""
        assert self._caps is not None and self._timeline is not None
        of, clean = head(held.address), False
        size = of.size
        if of.spare:
            held = Held(held.address, True)
        if of.key:
            first = self._headers.look(partial(beginning, held.address), self._text)
            clean = first.clean
            if first.missing:
                held.insert(first.missing, first.place)
                size += len(first.missing)
        # Without a time stamp it is of when it came.
        running = int(came * 1e9) - self._timeline.base if of.pts == native.NO_TIME else of.pts + self._shift
        self._ring.add(
            Packet(
                held, self._caps, of.pts, of.dts, of.duration, size, of.key,
                of.gap, self._timeline, running, self._filled, clean,
            )
        )  # fmt: skip
        return size
