"""What fills a ring: a look at each packet in front of the decoder, only as long as it is asked for."""

import threading
from functools import partial
from typing import Any, Optional

from .. import native
from .buffer import Held, Timeline, beginning, head, stamp
from .headers import Headers
from .packet import Packet, Record
from .ring import Ring


class Tap:
    """``copied``: the source has few buffers and waits for each, so none is kept from it."""

    def __init__(self, ring: Ring, copied: bool) -> None:
        self._ring, self._copied = ring, copied
        self._lock = threading.Lock()
        self._probe: Optional[native.Probe] = None
        self._caps: Optional[native.Caps] = None
        self._text = ""
        self._seen = 0
        self._headers = Headers()

    def place(self, pipeline: Any, pad: Any, sink: Any, headers: bytes = b"") -> None:
        """``pad``: where the packets come out; ``sink``: the pad where pictures end; ``headers``: parameter sets that
        the source has told beforehand.
        """
        self._headers = Headers(headers)
        timeline, at = Timeline(pipeline, pad, sink), native.address(pad)

        def look(buffer: int) -> int:
            self._keep(buffer, at, timeline)
            return native.PASS

        with self._lock:
            self._probe = native.Probe(pad, look)
            if self._ring.record is not None:
                self._probe.add()

    def keep(self, record: Optional[Record]) -> None:
        """From now on so much; None: nothing, and nothing is looked at."""
        with self._lock:
            self._ring.keep(record)
            if self._probe is not None and record is None:
                self._probe.remove()
            elif self._probe is not None:
                self._probe.add()

    def _keep(self, buffer: int, pad: int, timeline: Timeline) -> None:
        if self._caps is None or not native.has_caps(pad, self._caps.address):
            self._caps = native.pad_caps(pad)
            if self._caps is None:
                return
            self._text = self._caps.text
        of = head(buffer)
        self._seen += 1
        stamp(buffer, self._seen)
        held, size, clean = Held(buffer, self._copied or of.scarce), of.size, False
        if of.key:
            first = self._headers.look(partial(beginning, buffer), self._text)
            clean = first.clean
            if first.missing:
                held.insert(first.missing, first.place)
                size += len(first.missing)
        self._ring.add(
            Packet(
                held, self._caps, of.pts, of.dts, of.duration, size, of.key,
                of.gap, timeline, timeline.running(of.pts), self._seen, clean,
            )
        )  # fmt: skip
