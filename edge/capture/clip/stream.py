"""What a coded stream's bytes tell of it: where its parameter sets change, a file for it must end."""

from typing import Any, FrozenSet, Iterator, List, Optional, Sequence

_START = b"\0\0\1"
#: Types of the parameter sets: SPS and PPS; VPS, SPS and PPS (ITU-T H.264 table 7-1, H.265 table 7-1).
_SETS = {"h264": (7, 8), "h265": (32, 33, 34)}


def codec(caps: str) -> str:
    """``h264``, ``h265``, ``jpeg``, or empty, of caps as text."""
    names = {"video/x-h264": "h264", "video/x-h265": "h265", "image/jpeg": "jpeg"}
    return names.get(caps.split(",")[0].strip(), "")


def alike(packets: Sequence[Any], caps: str) -> List[Any]:
    """The packets up to the first key picture that is to be decoded in another way than the first."""
    kind = codec(caps)
    if kind not in _SETS or "byte-stream" not in caps:
        return list(packets)  # the sets are in the caps then
    first: Optional[FrozenSet[bytes]] = None
    for place, packet in enumerate(packets):
        if packet.key:
            sets = parameter_sets(packet.buffer.bytes(), kind)
            if first is None:
                first = sets
            elif sets and sets != first:
                return list(packets[:place])
    return list(packets)


def parameter_sets(data: bytes, kind: str) -> FrozenSet[bytes]:
    """Of a picture. They stand in front of its own units."""
    found = []
    for unit in units(data):
        what = unit[0] & 0x1F if kind == "h264" else unit[0] >> 1 & 0x3F
        if what in _SETS[kind]:
            found.append(unit)
        elif what < (6 if kind == "h264" else 32):
            break
    return frozenset(found)


def units(data: bytes) -> Iterator[bytes]:
    """Of a picture as a byte stream (ITU-T H.264 annex B), each without its start and what fills the end."""
    at = data.find(_START)
    while at >= 0:
        after = data.find(_START, at + 3)
        unit = data[at + 3 : after if after >= 0 else len(data)].rstrip(b"\0")
        if unit:
            yield unit
        at = after
