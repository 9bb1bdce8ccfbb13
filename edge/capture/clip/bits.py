"""The bits of a coded picture's units, as ITU-T H.264 and H.265 write them, and the few numbers that tell its place in
the order of showing.
"""

from typing import NamedTuple, Optional


class Bits:
    """Reads from the begin of a unit. Raises IndexError behind its end."""

    def __init__(self, unit: bytes) -> None:
        # Where two zeros would be followed by what looks like a start, a 3 stands between them.
        self._data = unit.replace(b"\0\0\3", b"\0\0")
        self._at = 0

    def u(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | (self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def skip(self, count: int) -> None:
        self._at += count

    def ue(self) -> int:
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        value = self.ue()
        return (value + 1) // 2 if value & 1 else -(value // 2)


class Sets(NamedTuple):
    """What of the parameter sets a slice's header is read by."""

    planes: bool = False
    frame_num_bits: int = 0
    poc_type: int = 0
    poc_bits: int = 0
    frames_only: bool = True
    output_flag: bool = False
    extra_bits: int = 0


#: Profiles whose SPS tells of chroma (H.264, 7.3.2.1.1).
_HIGH = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


def h264_sps(unit: bytes) -> Optional[Sets]:
    """None for an order that is told in another way (7.3.2.1.1; type 1 is made by no camera)."""
    bits = Bits(unit[1:])
    profile = bits.u(8)
    bits.skip(16)
    bits.ue()
    planes = False
    if profile in _HIGH:
        chroma = bits.ue()
        planes = chroma == 3 and bool(bits.u(1))
        bits.ue(), bits.ue(), bits.u(1)
        if bits.u(1):
            for n in range(8 if chroma != 3 else 12):
                if bits.u(1):
                    _scaling_list(bits, 16 if n < 6 else 64)
    frame_num_bits = bits.ue() + 4
    poc_type = bits.ue()
    if poc_type == 1:
        return None
    poc_bits = bits.ue() + 4 if poc_type == 0 else 0
    bits.ue(), bits.u(1), bits.ue(), bits.ue()
    return Sets(planes, frame_num_bits, poc_type, poc_bits, bool(bits.u(1)))


def _scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def h264_lsb(unit: bytes, sets: Sets) -> int:
    """The low bits of a slice's picture order count (7.3.3)."""
    bits = Bits(unit[1:64])
    bits.ue(), bits.ue(), bits.ue()
    bits.skip((2 if sets.planes else 0) + sets.frame_num_bits)
    if not sets.frames_only and bits.u(1):
        bits.skip(1)
    if unit[0] & 0x1F == 5:
        bits.ue()
    return bits.u(sets.poc_bits)


def h265_sps(unit: bytes) -> Sets:
    """7.3.2.2 and 7.3.3."""
    bits = Bits(unit[2:])
    bits.skip(4)
    layers = bits.u(3)
    bits.skip(1 + 96)
    present = [(bits.u(1), bits.u(1)) for _ in range(layers)]
    if layers:
        bits.skip(2 * (8 - layers))
    for profile, level in present:
        bits.skip(88 * profile + 8 * level)
    bits.ue()
    planes = bits.ue() == 3 and bool(bits.u(1))
    bits.ue(), bits.ue()
    if bits.u(1):
        bits.ue(), bits.ue(), bits.ue(), bits.ue()
    bits.ue(), bits.ue()
    return Sets(planes=planes, poc_bits=bits.ue() + 4)


def h265_pps(unit: bytes, sets: Sets) -> Sets:
    """7.3.2.3.1"""
    bits = Bits(unit[2:])
    bits.ue(), bits.ue(), bits.u(1)
    return sets._replace(output_flag=bool(bits.u(1)), extra_bits=bits.u(3))


def h265_lsb(unit: bytes, sets: Sets) -> int:
    """The low bits of the order count of a picture's first slice (7.3.6.1); 0 of one that all begins with."""
    kind = unit[0] >> 1 & 0x3F
    if kind in (19, 20):
        return 0
    bits = Bits(unit[2:64])
    bits.skip(2 if 16 <= kind <= 23 else 1)
    bits.ue()
    bits.skip(sets.extra_bits)
    bits.ue()
    bits.skip((1 if sets.output_flag else 0) + (2 if sets.planes else 0))
    return bits.u(sets.poc_bits)
