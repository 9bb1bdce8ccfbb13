"""Which packets the decoder gets: all while something happens, else key pictures alone. Pure; times in nanoseconds.

What is kept back goes to the decoder later or never, in one piece from where its last packet was: so what it has stays
right. A switch to key pictures happens at a key picture only.
"""

from .kinds import Seen
from .sizes import Sizes

SECOND = 1000000000
#: What becomes of a packet: the decoder gets it now; it is kept back; nobody ever gets it.
HAND, KEEP, LOSE = range(3)
#: Key pictures further apart than this are too few to see by what happens; and so much is kept back at most.
APART_NS, MOST_BYTES, MOST_PACKETS = 15 * SECOND, 16000000, 1500
#: So many packets after a key picture the decoder gets at most for its picture to come out: an order of showing that is
#: not the order of coding makes it wait for them (16 is the most that H.264 and H.265 know).
_LEAD_OUT = 17
#: Of pictures that are each coded by itself (JPEG) one is decoded in this time.
_WHOLE_NS = SECOND
#: So long before it was noticed something may have begun.
_BEFORE_NS = SECOND
RARE = "all its pictures are decoded: for {:g} s none comes that decoding could begin with".format(APART_NS / SECOND)


class Switch:
    """``whole``: each picture is coded by itself. ``now``: the time of a packet's picture."""

    def __init__(self, whole: bool = False) -> None:
        self.sizes = Sizes(whole=whole)
        self.hold = 3 * SECOND
        #: Only key pictures are decoded.
        self.quiet = False
        #: Why not, where that is for good.
        self.note = ""
        #: Once it is not quiet any more: what was kept back is worth looking at from then on.
        self.since = 0
        #: Of the last packet: it began a group; by its size something happens.
        self.at_key = self.happens = False
        self._whole = whole
        self._started = False
        self._until = 0  # something happened, and may go on
        self._alarmed = self._moved = False  # by sizes something has happened, and motion was seen, since it was quiet
        self._keys = 0
        self._begun = 0  # the last key picture's time, or the first packet's
        self._after = 0  # packets since the key picture
        self._kept = self._bytes = 0
        self._owed = False  # the last key picture has not come out yet
        self._cold = False  # what was before the last key picture was not decoded
        self._leading = False  # only pictures that lead have come since
        self._cut = False  # what comes cannot be decoded up to the next key picture

    def packet(self, seen: Seen, size: int, now: int, busy: bool, learn: bool) -> int:
        """What becomes of it. ``busy``: something happens by other signs than sizes; ``learn``: as ``Sizes.look``."""
        if not self._started:
            self._started, self._begun, self._until = True, now, now + self.hold
        if self._whole:
            seen = Seen(not self._keys or now - self._begun >= _WHOLE_NS)
        self.at_key, happens = seen.key, False
        if seen.key or self._whole:
            self.sizes.key(size)
        if self._whole or not seen.key:
            happens = self.sizes.look(seen.kind, 0 if self._whole else self._after + 1, size, learn)
        self.happens = happens
        if happens:
            self._alarmed, self._until = True, now + self.hold
        self._moved = self._moved or not learn
        if seen.key:
            return self._at_key(now, busy or now < self._until)
        self._after += 1
        if self.quiet and (happens or busy):
            self._awake(self._begun if busy else max(self._begun, now - _BEFORE_NS))
        if now - self._begun > APART_NS:
            self.note = RARE
            if self.quiet:
                self._awake(now)
        return self._predicted(seen, size, now)

    def _at_key(self, now: int, active: bool) -> int:
        if now - self._begun <= APART_NS:
            self.note = ""
        self._cold = (self.quiet and self._kept > 0) or self._cut
        self._leading, self._cut = True, False
        self._keys += 1
        self._begun = now
        self._after = self._kept = self._bytes = 0
        if self._alarmed:
            self.sizes.alarmed(rightly=self._moved)
        if active:
            if self.quiet:
                self._awake(now)
        elif not self.note and self.sizes.known:
            self.quiet, self._alarmed, self._moved = True, False, False
        self._owed = self.quiet and not self._whole
        return HAND

    def _predicted(self, seen: Seen, size: int, now: int) -> int:
        if self._cut:
            return LOSE
        if self._leading:
            self._leading = seen.leads
            if self._leading and self._cold:
                return LOSE  # it may refer to what the decoder has not got
        if not self.quiet or (self._owed and not self._kept and self._after <= _LEAD_OUT):
            return HAND
        self._kept += 1
        self._bytes += size
        if self._kept > MOST_PACKETS or self._bytes > MOST_BYTES:
            self.note = RARE
            self._awake(self._begun)
        return KEEP

    def _awake(self, since: int) -> None:
        self.quiet, self.since = False, since

    def came_out(self, time: int) -> None:
        """The decoder has given a picture of this time. Called from any thread."""
        if time >= self._begun:
            self._owed = False

    def lost(self) -> None:
        """What was kept back is gone: what follows it cannot be decoded."""
        self._cut = self._kept > 0
        self._kept = self._bytes = 0
