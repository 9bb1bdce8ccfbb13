"""Entries squeezed together: deflate with a dictionary that both sides know, and a checksum.

Events are alike, and those of one device much more so. The file has the dictionary of the program that made it, and
after each start one more of samples: the device's own names, and the start's own ids.
"""

from __future__ import annotations

import struct
import zlib
from typing import Callable, Dict, List, Sequence

from edge.events.spool.entry import Entry
from edge.events.spool.record import Damaged, pack_all, unpack

#: The dictionary that is always there; the others stand behind it.
BASE = 1
_HEAD = struct.Struct("<HI")  # dictionary, CRC
_MOST_SAMPLES = 30_000  # bytes: deflate looks back for 32 kB


class Squeezer:
    """``find`` gives the dictionary of a number. It raises Damaged where there is none."""

    def __init__(self, find: Callable[[int], bytes]) -> None:
        self._find = find
        self._known: Dict[int, bytes] = {}
        self.using = BASE

    def squeeze(self, entries: Sequence[Entry]) -> bytes:
        return self._press(pack_all(entries), self.using)

    def entries(self, squeezed: bytes, last: int, old: bool = False) -> List[Entry]:
        """The entries in it, whatever follows it; the last one has the number ``last``. Raises Damaged."""
        found = list(unpack(self._open(squeezed), 0, old)) if squeezed else []
        start = last - len(found) + 1
        return [e._replace(n=start + e.n) for e in found]

    def sample(self, entries: Sequence[Entry]) -> bytes:
        """A dictionary of these, as it is to be kept."""
        return self._press(pack_all(entries)[-_MOST_SAMPLES:], BASE)

    def _press(self, packed: bytes, number: int) -> bytes:
        press = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, self._dictionary(number))
        return _HEAD.pack(number, zlib.crc32(packed)) + press.compress(packed) + press.flush()

    def _open(self, squeezed: bytes) -> bytes:
        try:
            number, check = _HEAD.unpack_from(squeezed)
            press = zlib.decompressobj(-15, zdict=self._dictionary(number))
            packed = press.decompress(squeezed[_HEAD.size :])
        except (zlib.error, struct.error) as e:
            raise Damaged(str(e)) from e
        if not press.eof or check != zlib.crc32(packed):
            raise Damaged("a checksum is wrong")
        return packed

    def _dictionary(self, number: int) -> bytes:
        if number not in self._known:
            body = self._find(number)
            self._known[number] = body if number == BASE else self._dictionary(BASE) + self._open(body)
        return self._known[number]
