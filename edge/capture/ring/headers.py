"""Parameter sets: without those that hold for it, no picture of H.264 or H.265 can be decoded.

Many encoders send them with each key picture, some with the first alone. (H.264: ITU-T H.264, 7.4.1; H.265: 7.4.2.2.)
"""

import base64
import binascii
from typing import Any, Callable, Iterator, List, NamedTuple, Optional

_START = b"\0\0\1"
#: So much of a picture is looked at, and if that is not enough, so much: what a camera has to say beside its pictures
#: may stand in front of the first slice.
_FRONT = (512, 32768)
#: What an RTP stream's description calls them (RFC 6184, 8.1; RFC 7798, 7.1).
_TOLD = ("sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps")


def told(caps: Any) -> bytes:
    """Those in the description of an RTP stream, as they stand in a byte stream; empty where there are none."""
    found = b""
    for name in _TOLD:
        for coded in (caps.get_structure(0).get_string(name) or "").split(","):
            try:
                unit = base64.b64decode(coded)
            except (binascii.Error, ValueError):
                continue
            found += b"\0" + _START + unit if unit else b""
    return found


class Key(NamedTuple):
    """Of a key picture. ``missing``: parameter sets to be put behind the first ``place`` bytes of it; empty for one
    that has its own, or whose caps have them. ``clean``: decoding may begin with it; one that is only said to be a
    point of recovery (H.264) is lost by decoders that begin with it.
    """

    missing: bytes
    place: int
    clean: bool


class Headers:
    """The parameter sets that hold now. ``first``: until others come."""

    def __init__(self, first: bytes = b"") -> None:
        self._now = first

    def look(self, first: Callable[[int], bytes], caps: str) -> Key:
        """``first``: gives so many of the picture's first bytes."""
        if not caps.startswith(("video/x-h264", "video/x-h265")):
            return Key(b"", 0, True)
        for most in _FRONT:
            found = self._read(first(most), caps)
            if found is not None:
                return found
        return Key(b"", 0, False)

    def _read(self, picture: bytes, caps: str) -> Optional[Key]:
        """None where its first slice does not begin in what is there."""
        h265, stream = caps.startswith("video/x-h265"), "byte-stream" in caps
        own: List[bytes] = []
        sequence, place, slice_kind = False, 0, -1
        for start in units(picture, stream):
            kind = picture[start] >> 1 & 63 if h265 else picture[start] & 31
            if kind < 32 if h265 else kind in (1, 2, 5):
                slice_kind = kind
                break
            end = _end(picture, start, stream)
            unit = b"\0" + _START + picture[start:end].rstrip(b"\0")
            if kind in ((32, 33, 34) if h265 else (7, 8)) and unit not in own:
                own.append(unit)
                sequence = sequence or kind == (33 if h265 else 7)
            elif kind == (35 if h265 else 9):
                place = end - (picture[end - 1 : end] == b"\0")  # behind the mark that a picture begins
        if slice_kind < 0:
            return None
        clean = h265 or slice_kind == 5
        if not stream or sequence:
            self._now = b"".join(own) if sequence else self._now
            return Key(b"", 0, clean)
        return Key(self._now, place, clean)


def units(picture: bytes, stream: bool) -> Iterator[int]:
    """Where each unit begins: of a byte stream, or with four bytes of length in front of each."""
    at = picture.find(_START) + 3 if stream else 4
    while 3 <= at < len(picture):
        yield at
        at = _end(picture, at, stream) + (3 if stream else 4)


def _end(picture: bytes, start: int, stream: bool) -> int:
    """Where the unit that begins there ends."""
    if not stream:
        return start + int.from_bytes(picture[start - 4 : start], "big")
    found = picture.find(_START, start)
    return found if found >= 0 else len(picture)
