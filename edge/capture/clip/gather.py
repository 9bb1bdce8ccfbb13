"""The packets of one clip, as they come: from the key picture at or before its begin until its end is past."""

from typing import List

from ..ring.packet import Packet
from ..ring.ring import Ring

_MS = 1000000
#: So long after a clip's end no picture more of it is waited for: the camera has stopped sending.
_LATE_NS = 5000 * _MS
#: A clip that begins so much after it should have, says so.
_MISSED_NS = 1000 * _MS
_FOR_EVER = 2**63


class Gathering:
    """Times are those of ``captured_ns``. It holds what it takes, so that the ring may forget it.

    ``note``: what is not as it was asked for, in words.
    """

    def __init__(self, begin: int, end: int) -> None:
        self.begin, self.end = begin, end
        self.packets: List[Packet] = []
        self.size = 0
        self.done = False
        self.note = ""
        self._newest = 0

    def look(self, ring: Ring, room: int, now: int) -> None:
        """Take what is new in the ring, up to ``room`` bytes in all, and notice that no more will come."""
        last = self.packets[-1] if self.packets else None
        new = ring.span(self.begin, _FOR_EVER) if last is None else ring.since(last.serial)
        if last is not None and new and new[0].serial != last.serial + 1:
            self.say("pictures are missing in it: the stream's memory is too small")
            # What refers to them is of no use.
            new = new[next((n for n, packet in enumerate(new) if packet.key), len(new)) :]
        for packet in new:
            if not self.done:
                self._add(packet, room)
        if now > self.end + _LATE_NS:
            self.done = True

    def stop(self, why: str) -> None:
        """It ends with what there is."""
        if not self.done:
            self.done = True
            self.say(why)

    def say(self, words: str) -> None:
        if words not in self.note:
            self.note = "; ".join(part for part in (self.note, words) if part)

    def _add(self, packet: Packet, room: int) -> None:
        if not self.packets:
            if not packet.key:
                return
            late = packet.captured_ns - self.begin
            if late > _MISSED_NS:
                self.say("it begins {:.1f} s late: what was before is not in memory".format(late / 1e9))
        # The first picture behind the end may be what pictures in front of it refer to; the second is not.
        if self._newest > self.end and packet.captured_ns > self._newest:
            self.done = True
        elif self.packets and _changed(self.packets[-1], packet):
            self.stop("it ends early: the camera sends another kind of stream from there on")
        elif self.packets and self.size + packet.size > room:
            self.stop("it ends early: the stream's memory holds no more (cameras.*.memory)")
        else:
            self._newest = max(self._newest, packet.captured_ns)
            self.packets.append(packet)
            self.size += packet.size


def _changed(before: Packet, packet: Packet) -> bool:
    return packet.caps.address != before.caps.address and packet.caps.text != before.caps.text
