"""Whether a camera sends the same picture over and over: its sensor or its encoder hangs, and the stream goes on.

A sample of a picture's brightness, once a second, is compared with what was seen before. An encoder gives the same raw
picture a slightly different look at each place between two key frames, but the same few looks again and again; the
noise of a living sensor never looks the same twice. So a picture is the same when it is like any of the last looks, and
one that is like none of them starts the time anew.

The tolerance is measured (H.264 and H.265 of three encoders, a still picture, 0.2 to 2 Mbit/s at 768x576, noise of
sigma 0.7 to 3): the looks of a still picture come back within 0 to 4 levels at every point once the encoder's rate has
settled, while noise of sigma 0.7 moves some point by 6 in the median of all samples and by more than 4 in most.
"""

import ctypes
from operator import itemgetter
from typing import List, NamedTuple, Optional

COLUMNS, ROWS = 64, 36
_TOLERANCE = 4
_LOOKS = 16
_EVERY_NS = 1000000000
# Fewer samples say nothing, however long they took.
_LEAST_SAMPLES = 5


class Change(NamedTuple):
    """The camera has been found frozen, or not to be any more, after so many seconds of the same picture."""

    frozen: bool
    seconds: float


def sample(address: int, width: int, height: int, stride: int, step: int = 1) -> bytes:
    """The brightness of 64x36 points, evenly spread over the luma plane at ``address``.

    ``step``: bytes from one sample to the next, of which the last says it.
    """
    points = itemgetter(*((2 * n + 1) * width // (2 * COLUMNS) * step + step - 1 for n in range(COLUMNS)))
    rows = ((2 * n + 1) * height // (2 * ROWS) for n in range(ROWS))
    return b"".join(bytes(points(ctypes.string_at(address + row * stride, width * step))) for row in rows)


class FrozenWatch:
    """Give it a sample whenever :meth:`due`. ``timeout``: seconds of the same picture that make it frozen; 0: never."""

    def __init__(self, timeout: float) -> None:
        self.frozen = False
        self._timeout_ns = int(timeout * 1e9)
        self._looks: List[int] = []
        self._since = 0
        self._samples = 0
        self._next = 0

    def set_timeout(self, timeout: float) -> Optional[Change]:
        """From now on; what changes by that at once, if anything."""
        self._timeout_ns = int(timeout * 1e9)
        if timeout:
            return None
        self._looks, self._samples = [], 0
        return self._set(False, 0.0)

    def due(self, now: int) -> bool:
        """Whether it is time for a sample; ``now`` in nanoseconds that never step."""
        return self._timeout_ns > 0 and now >= self._next

    def look(self, points: bytes, now: int) -> Optional[Change]:
        """Take a sample; what has changed by it, if anything."""
        self._next = now + _EVERY_NS
        seconds = (now - self._since) / 1e9
        lanes = _lanes(points)
        for number, look in enumerate(self._looks):
            if _same(lanes, look):
                # The latest found is the likeliest next time.
                self._looks.insert(0, self._looks.pop(number))
                self._samples += 1
                enough = now - self._since >= self._timeout_ns and self._samples >= _LEAST_SAMPLES
                return self._set(enough, seconds)
        self._looks.insert(0, lanes)
        del self._looks[_LOOKS:]
        self._since, self._samples = now, 1
        return self._set(False, seconds)

    def _set(self, frozen: bool, seconds: float) -> Optional[Change]:
        if frozen == self.frozen:
            return None
        self.frozen = frozen
        return Change(frozen, round(seconds, 1))


def _lanes(points: bytes) -> int:
    """The points as one number, 16 bits each: all of them are compared by a few operations of whole numbers."""
    wide = bytearray(2 * len(points))
    wide[::2] = points
    return int.from_bytes(wide, "little")


_ENOUGH = int.from_bytes(b"\x00\x02" * (COLUMNS * ROWS), "little")
_BIAS = int.from_bytes(bytes([_TOLERANCE, 2]) * (COLUMNS * ROWS), "little")


def _same(a: int, b: int) -> bool:
    """Whether no point differs by more than the tolerance: a - b + tolerance and b - a + tolerance are not negative."""
    return (a - b + _BIAS) & _ENOUGH == _ENOUGH and (b - a + _BIAS) & _ENOUGH == _ENOUGH
