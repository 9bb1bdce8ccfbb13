"""The last seconds of a camera's stream as it was sent: what a picture or a recording of the past is made of.

Packets are kept by reference, whole groups of them: from a key picture, which is decoded by itself, up to the next.
"""

import threading
from collections import OrderedDict, deque
from itertools import islice
from typing import Callable, Deque, Dict, List, NamedTuple, Optional

from .. import native
from ..evidence_fault import EvidenceError
from .buffer import stamped
from .packet import Packet, Record

__all__ = ["Found", "NotKept", "Packet", "Record", "Ring"]

#: Of how many pictures that were analysed it is remembered which packet they came from.
_PAIRS = 1000
# A time stamp that is no packet's own is that of the one before it, unless that is so long ago.
_NEAR_NS = 200000000
#: So many packets after a key picture may be of pictures that are shown before it.
_LEADING = 16
_BEFORE = "the pictures that it is made from came before the first that is kept"


class NotKept(EvidenceError):
    """What is asked for is not in the ring; the message says why."""


class Ring:
    """Safe to use from any thread. ``record``: None keeps nothing, and what there was is let go."""

    def __init__(self) -> None:
        self.record: Optional[Record] = None
        #: Whether the number that a picture has from its packet is right (``ring_buffer.numbered``).
        self.numbered = True
        #: Called before the ring is looked into: puts into it what came and waits.
        self.fill: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._packets: Deque[Packet] = deque()
        #: The serials of the key pictures among them.
        self._keys: Deque[int] = deque()
        self._bytes = 0
        self._latest: Dict[int, int] = {}  # by time stamp, the serial of the newest packet that has it
        self._pairs: "OrderedDict[int, int]" = OrderedDict()  # captured, and the packet's serial
        #: How far the last two key pictures are apart, and how much was kept when the bytes were used up between two.
        self._apart_ns = self._overflow_ns = 0
        self._last_key: Optional[int] = None

    def keep(self, record: Optional[Record]) -> None:
        """From now on so much."""
        self.fill()
        with self._lock:
            self.record = record
            if record is None:
                self._clear()
                self._pairs.clear()
                self._last_key, self._apart_ns, self._overflow_ns = None, 0, 0
            else:
                self._trim(record)

    # ---- what comes in --------------------------------------------------------------------------------------------

    def add(self, packet: Packet) -> None:
        with self._lock:
            record = self.record
            if record is None:
                return
            if packet.key:
                if self._last_key is not None:
                    self._apart_ns = max(0, packet.running - self._last_key)
                self._last_key = packet.running
            elif not self._packets:
                return  # without its key picture it is of no use
            self._packets.append(packet)
            self._bytes += packet.size
            self._latest[packet.pts] = packet.serial
            if packet.key:
                self._keys.append(packet.serial)
                self._trim(record)
            elif self._bytes > record.bytes:
                self._trim(record)

    def _trim(self, record: Record) -> None:
        """Let whole groups go: those that nobody can ask for, and the oldest when the bytes are used up."""
        while self._packets:
            first, newest = self._packets[0], self._packets[-1]
            if self._bytes > record.bytes:
                if len(self._keys) < 2:
                    self._overflow_ns = newest.running - first.running
                    self._clear()
                    return
            elif len(self._keys) < 2 or newest.running - self._at(self._keys[1]).running < record.seconds * 1e9:
                return
            self._keys.popleft()
            while self._packets[0].serial < self._keys[0]:
                gone = self._packets.popleft()
                self._bytes -= gone.size
                if self._latest.get(gone.pts) == gone.serial:
                    del self._latest[gone.pts]

    def _clear(self) -> None:
        self._packets.clear()
        self._keys.clear()
        self._latest.clear()
        self._bytes = 0

    def _at(self, serial: int) -> Packet:
        return self._packets[serial - self._packets[0].serial]

    def note(self, captured: int, picture: native.Sample) -> None:
        """This picture was delivered, and is known by ``captured`` from now on."""
        if self.record is None:
            return
        serial = stamped(picture.buffer) if self.numbered else None
        if serial is None:
            self.fill()
        with self._lock:
            if serial is None:
                serial = self._latest.get(picture.pts)
            if serial is None:
                serial = self._near(picture.pts)
            if serial is None:
                return
            self._pairs[captured] = serial
            while len(self._pairs) > _PAIRS:
                self._pairs.popitem(last=False)

    def _near(self, pts: int) -> Optional[int]:
        """The packet that a picture is of whose time stamp was made on the way (the second of two fields, say)."""
        if pts == native.NO_TIME:
            return None
        fitting = [p for p in islice(reversed(self._packets), 300) if p.pts <= pts and pts - p.pts < _NEAR_NS]
        return max(fitting, key=lambda p: (p.pts, p.serial)).serial if fitting else None

    # ---- what is asked for ----------------------------------------------------------------------------------------

    @property
    def bytes(self) -> int:
        self.fill()
        return self._bytes

    @property
    def newest(self) -> Optional[Packet]:
        self.fill()
        with self._lock:
            return self._packets[-1] if self._packets else None

    def span(self, start_ns: int, end_ns: int) -> List[Packet]:
        """The packets from the key picture at or before ``start_ns`` (else the first that there is) to ``end_ns``."""
        self.fill()
        with self._lock:
            packets = list(self._packets)
        first, last = 0, -1
        for n, packet in enumerate(packets):
            if packet.key and packet.captured_ns <= start_ns:
                first = n
            if packet.captured_ns <= end_ns:
                last = n
        return packets[first : last + 1]

    def since(self, serial: int) -> List[Packet]:
        """The packets after the one with this serial. Where the first is not the next, some are gone already."""
        self.fill()
        with self._lock:
            if not self._packets:
                return []
            return list(islice(self._packets, max(0, serial + 1 - self._packets[0].serial), None))

    def find(self, captured: Optional[int]) -> "Found":
        """The packet of the picture that was delivered as ``captured``, and what has to be decoded in front of it.

        None: of the newest picture that was delivered, else of the newest key picture. Raises NotKept.
        """
        self.fill()
        with self._lock:
            serial = self._pairs.get(captured) if captured is not None else self._newest()
            if self.record is None:
                raise NotKept("nothing of its stream is kept: no event of this camera gets a snapshot or a clip")
            if serial is None or not self._packets or serial < self._packets[0].serial:
                raise NotKept(self._why(captured, serial))
            wanted = self._at(serial)
            if captured is None:
                captured = next((c for c, s in reversed(self._pairs.items()) if s == serial), wanted.captured_ns)
            return Found(captured, wanted, self._needed(wanted))

    def _newest(self) -> Optional[int]:
        """The packet of the newest picture that was delivered, as long as it is there; else the newest key picture."""
        delivered = next(reversed(self._pairs.values()), -1)
        if self._packets and delivered >= self._packets[0].serial:
            return delivered
        return self._keys[-1] if self._keys else None

    def _needed(self, wanted: Packet) -> List[Packet]:
        """From the key picture on that everything up to ``wanted`` can be decoded from, and a little more: a second
        field, where there is one, comes as a packet of its own.

        What follows a key picture and is shown before it may need the group before. Time stamps are too rough to tell
        which those are, so with all that are near to one that group is decoded too.
        """
        first = self._packets[0].serial
        keys = [key for key in self._keys if key <= wanted.serial]
        start = keys[-1]
        near = list(islice(self._packets, start - first, start - first + _LEADING + 1))
        back = 1
        if start < wanted.serial <= start + _LEADING and any(b.pts < a.pts for a, b in zip(near, near[1:])):
            if len(keys) < 2 and wanted.pts < near[0].pts:
                raise NotKept(_BEFORE)
            back = 2
        start = keys[-back:][0]
        if not self._at(start).clean:
            if len(keys) <= back and not self._at(keys[0]).clean:
                raise NotKept(_BEFORE)
            start = keys[-back - 1 :][0]
        return list(islice(self._packets, start - first, wanted.serial + 3 - first))

    def _why(self, captured: Optional[int], serial: Optional[int]) -> str:
        assert self.record is not None
        if self._overflow_ns and (not self._packets or self._apart_ns > self._overflow_ns):
            apart = " {:.0f} s".format(self._apart_ns / 1e9) if self._apart_ns else ""
            return "its key pictures are{} apart, and {:g} MB hold {:.1f} s of it: cameras.*.memory".format(
                apart or " far", self.record.bytes / 1e6, self._overflow_ns / 1e9
            )
        if not self._packets:
            return "no key picture has come since its stream is kept"
        if serial is None and captured is not None and captured > self._packets[0].captured_ns:
            return "that picture was not delivered by this process"
        held = (self._packets[-1].running - self._packets[0].running) / 1e9
        age = "" if captured is None else "that picture is {:.1f} s old, and ".format(
            (self._packets[-1].captured_ns - captured) / 1e9
        )  # fmt: skip
        return "{}{:.1f} s of its stream are kept in {:g} MB".format(age, held, self._bytes / 1e6)


class Found(NamedTuple):
    """``packets``: in the order in which they are decoded; ``wanted`` is among them."""

    captured: int
    wanted: Packet
    packets: List[Packet]
