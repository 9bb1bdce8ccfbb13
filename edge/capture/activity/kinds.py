"""What a packet is: a key picture, one that is predicted and of which kind, or one that leads. By its first bytes.

What a parser calls a key picture is not always one that decoding can go on from when what was before it is missing. A
point of recovery (H.264) may be the beginning of a refresh that takes many pictures; and as it goes on counting where
the one before was, who has missed many pictures miscounts, and shows what is left of them after it.
(ITU-T H.264: 7.3.1, 7.3.3, 8.2.1; H.265: 7.3.1.2, 7.4.2.2, 7.3.6.1, 8.3.1.)
"""

from typing import NamedTuple, Optional

from ..clip import bits as clip_bits
from ..clip.bits import Bits
from ..ring.headers import units

#: So much of a picture is looked at: of a predicted one, and of what is said to be a key picture.
FRONT, FRONT_KEY = 256, 4096
#: The kinds of predicted pictures are numbers; this one is that of pictures whose header is not understood.
UNKNOWN = 0
#: The bits in which pictures are counted, where that was not said: what encoders use.
_BITS = 8
_IDR, _CRA, _RASL = (19, 20), 21, (8, 9)


class Seen(NamedTuple):
    """``key``: decoding can go on from it, whatever became of what was before. ``kind``: of a predicted picture.

    ``leads``: it is shown before the key picture that it follows, and may refer to what is before that.
    """

    key: bool
    kind: int = UNKNOWN
    leads: bool = False


class Kinds:
    """Reads one stream's packets, in the order in which they come. ``codec``: h264, h265 or jpeg."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self._bits = _BITS
        self._since = 0  # pictures since the last key picture

    def look(self, first: bytes, stream: bool, told_key: bool) -> Seen:
        """``stream``: it is a byte stream, not units with their length in front. ``told_key``: what the parser says."""
        seen: Optional[Seen] = None
        try:
            if self.codec == "h264":
                seen = _h264(first, stream)
            elif self.codec == "h265":
                seen = self._h265(first, stream)
        except IndexError:
            pass
        if seen is None:
            seen = Seen(told_key and self.codec == "jpeg")
        self._since = 0 if seen.key else self._since + 1
        return seen

    def _h265(self, first: bytes, stream: bool) -> Optional[Seen]:
        for start in units(first, stream):
            kind = first[start] >> 1 & 63
            if kind == 33:
                self._bits = clip_bits.h265_sps(first[start : start + 256]).poc_bits
            if kind < 32:
                # It is counted from the picture before it, and that may be half the range away at most.
                if kind in _IDR or (kind == _CRA and self._since < 1 << self._bits - 1):
                    return Seen(True)
                bits = Bits(first[start + 2 : start + 32])
                bits.u(2 if 16 <= kind <= 23 else 1), bits.ue()
                form = bits.ue() % 3
                layer = first[start + 1] & 7
                return Seen(False, 1 + form + 3 * (kind & 1) + 6 * layer, kind in _RASL)
        return None


def _h264(first: bytes, stream: bool) -> Optional[Seen]:
    for start in units(first, stream):
        kind = first[start] & 31
        if kind == 5:
            return Seen(True)
        if kind in (1, 2):
            bits = Bits(first[start + 1 : start + 32])
            bits.ue()
            return Seen(False, 1 + 2 * (bits.ue() % 5) + bool(first[start] & 0x60))
    return None
