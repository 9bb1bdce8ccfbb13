"""In which order coded pictures are shown, as the stream itself has it.

Time stamps do not tell it reliably: the jitter buffer of RTP reckons them by when packets come, and pictures that are
shown later come earlier; with B pictures some then change places.
"""

from typing import Any, Iterator, List, Optional, Sequence, Tuple

from . import bits as clip_bits
from .bits import Sets
from .stream import units

#: Of a picture: how many times counting began anew before it, and its number since.
Place = Tuple[int, int]


def order(packets: Sequence[Any], kind: str) -> Optional[List[Place]]:
    """Of each packet its place; None where that cannot be read. ``kind``: h264 or h265, as a byte stream."""
    reader = {"h264": _h264, "h265": _h265}.get(kind)
    try:
        return None if reader is None else list(reader(packets))
    except (IndexError, _Unknown):
        return None


def in_order(times: Sequence[int], places: Sequence[Place]) -> List[int]:
    """The same times, dealt out so that they rise with the places."""
    ranks = sorted(range(len(places)), key=lambda n: places[n])
    found = [0] * len(places)
    for n, time in zip(ranks, sorted(times)):
        found[n] = time
    return found


class _Unknown(Exception):
    pass


class _Count:
    """The whole order count from its low bits (H.264 8.2.1.1, H.265 8.3.1)."""

    def __init__(self) -> None:
        self.begun = 0
        self._high = self._low = 0

    def begin(self) -> None:
        self.begun += 1
        self._high = self._low = 0

    def place(self, low: int, bits: int, referred: bool) -> Place:
        high, half = self._high, 1 << bits >> 1
        if low < self._low and self._low - low >= half:
            high += 1 << bits
        elif low > self._low and low - self._low > half:
            high -= 1 << bits
        if referred:
            self._high, self._low = high, low
        return self.begun, high + low


def _h264(packets: Sequence[Any]) -> Iterator[Place]:
    sets: Optional[Sets] = None
    count = _Count()
    for n, packet in enumerate(packets):
        slice_ = b""
        for unit in units(packet.buffer.bytes()):
            kind = unit[0] & 0x1F
            if kind == 7:
                sets = clip_bits.h264_sps(unit)
            elif kind in (1, 5):
                slice_ = unit
                break
        if sets is None or not slice_:
            raise _Unknown
        if sets.poc_type == 2:
            yield 0, n  # as they come
            continue
        if slice_[0] & 0x1F == 5:
            count.begin()
        yield count.place(clip_bits.h264_lsb(slice_, sets), sets.poc_bits, bool(slice_[0] & 0x60))


def _h265(packets: Sequence[Any]) -> Iterator[Place]:
    sets: Optional[Sets] = None
    count = _Count()
    for packet in packets:
        slice_ = b""
        for unit in units(packet.buffer.bytes()):
            kind = unit[0] >> 1 & 0x3F
            if kind == 33:
                sets = clip_bits.h265_sps(unit)
            elif kind == 34 and sets is not None:
                sets = clip_bits.h265_pps(unit, sets)
            elif kind < 32:
                slice_ = unit
                break
        if sets is None or len(slice_) < 3:
            raise _Unknown
        kind = slice_[0] >> 1 & 0x3F
        if 16 <= kind <= 20:
            count.begin()
        # Others count from a picture of the lowest layer that none leaves out.
        kept = slice_[1] & 7 == 1 and not (kind < 16 and kind % 2 == 0) and kind not in (7, 9)
        yield count.place(clip_bits.h265_lsb(slice_, sets), sets.poc_bits, kept)
