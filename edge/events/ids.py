"""Ids of events and of the daemon's starts."""

from __future__ import annotations

import os
import time
import uuid

_COUNTER_BITS = 12
_RANDOM_BYTES = 10
_AT_ONCE = 64  # ids for which randomness is fetched from the kernel together


def new_boot_id() -> str:
    """A random id (UUIDv4) for one start of the daemon: ``seq`` counts from 1 within it.

    Not the kernel's boot id: the daemon may start many times in one boot of the machine, and each time counts anew.
    """
    return str(uuid.uuid4())


class EventIds:
    """UUIDv7 that only rise, also within a millisecond and when the clock is set back. For one thread at a time.

    RFC 9562, 5.7 and 6.2 method 1: 48 bits of milliseconds, a counter in the 12 bits of ``rand_a`` that starts at
    random in its lower half with each millisecond, and 62 random bits. A counter that runs over borrows the next
    millisecond.
    """

    def __init__(self) -> None:
        self._milliseconds = 0
        self._counter = 0
        self._random = b""

    def __call__(self) -> str:
        if not self._random:
            self._random = os.urandom(_RANDOM_BYTES * _AT_ONCE)
        random = int.from_bytes(self._random[:_RANDOM_BYTES], "big")
        self._random = self._random[_RANDOM_BYTES:]
        now = time.time_ns() // 1_000_000
        self._counter += 1
        if now > self._milliseconds or self._counter >> _COUNTER_BITS:
            self._milliseconds = max(now, self._milliseconds + 1)
            self._counter = random >> 69  # 11 bits
        t, low = self._milliseconds, random & ((1 << 62) - 1)
        return (
            f"{t >> 16:08x}-{t & 0xFFFF:04x}-7{self._counter:03x}-{0x8000 | low >> 48:04x}-{low & 0xFFFFFFFFFFFF:012x}"
        )
