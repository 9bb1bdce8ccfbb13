"""What can be done to the pictures that an RTSP server sends over TCP: lost, cut short, or replaced by noise."""

from __future__ import annotations

import random
from typing import Dict, Iterator, Optional, Tuple

#: Kinds of harm; any other leaves everything as it is. What they do is written in scripts/fault_proxy.py.
HARMS = ("stall", "garbage", "garbage-packets", "garbage-stream", "truncate", "lose")
_RTP_HEADER = 4 + 12  # an interleaved frame's own header, and RTP's


class Units:
    """Cuts what an RTSP server sends into whole messages and whole interleaved frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Tuple[Optional[int], bytes]]:
        """Each unit's channel (None for a message) and its bytes, with a frame's header."""
        rest = self._rest
        rest += data
        at = 0
        while len(rest) - at >= 4:
            frame = rest[at] == ord("$")
            end = at + 4 + int.from_bytes(rest[at + 2 : at + 4], "big") if frame else self._message_end(at)
            if end > len(rest):
                break
            yield rest[at + 1] if frame else None, bytes(rest[at:end])
            at = end
        del rest[:at]

    def _message_end(self, at: int) -> int:
        head = self._rest.find(b"\r\n\r\n", at)
        if head < 0:
            return len(self._rest) + 1
        for line in bytes(self._rest[at:head]).lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return head + 4 + int(line.split(b":")[1])
        return head + 4


class Harm:
    """One connection's harm. ``counts`` goes on with its RTP packets, by what became of them."""

    def __init__(self, rng: random.Random, counts: Dict[str, int]) -> None:
        self._rng, self._counts = rng, counts
        self._units = Units()

    def treat(self, data: bytes, kind: str, share: float) -> bytes:
        """What goes on of ``data``; a unit that is not whole yet waits for its rest."""
        units = list(self._units.feed(data))
        if kind == "garbage-stream":
            return self._noise(len(data))
        return b"".join(self._treat_unit(channel, unit, kind, share) for channel, unit in units)

    def _treat_unit(self, channel: Optional[int], unit: bytes, kind: str, share: float) -> bytes:
        # Odd channels carry RTCP.
        if channel is None or (channel % 2 and kind not in ("garbage-packets", "stall")) or len(unit) <= _RTP_HEADER:
            return unit
        became = "harmed"
        if kind == "stall" or (kind == "lose" and self._rng.random() < share):
            became, unit = "dropped", b""
        elif kind == "garbage":
            unit = unit[:_RTP_HEADER] + self._noise(len(unit) - _RTP_HEADER)
        elif kind == "garbage-packets":
            unit = unit[:4] + self._noise(len(unit) - 4)
        elif kind == "truncate":
            unit = unit[: self._rng.randint(_RTP_HEADER, len(unit))]
            unit = unit[:2] + (len(unit) - 4).to_bytes(2, "big") + unit[4:]
        else:
            became = "passed"
        self._counts[became] += 1
        return unit

    def _noise(self, length: int) -> bytes:
        return self._rng.getrandbits(8 * length).to_bytes(length, "big") if length else b""
