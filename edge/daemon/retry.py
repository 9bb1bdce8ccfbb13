"""When a camera that failed is tried again: after a wait that grows, or as soon as it answers."""

from __future__ import annotations

import asyncio
import random
from typing import Callable, Optional

from edge.daemon.backoff import Backoff
from edge.daemon.knock import EVERY_S, Door, port_of, until_open

#: What cannot mend itself within seconds is tried at the slowest pace from the start.
_SLOW = ("unauthorized", "unsupported")


class Retry:
    """``start`` is called for each try."""

    def __init__(self, start: Callable[[], None], rng: Optional[random.Random] = None) -> None:
        self._start = start
        self._backoff = Backoff(rng=rng)
        self._timer: Optional[asyncio.TimerHandle] = None
        self._knocking: Optional[asyncio.Task[None]] = None
        self._door = Door()

    def again(self, state: str, worked: float, location: str) -> float:
        """The last try ended with ``state`` after it had worked for so many seconds. How long the next one takes."""
        delay = self._backoff.delay(worked, slow=state in _SLOW)
        self.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(delay, self._start)
        if state == "unreachable" and delay > EVERY_S:
            self._knocking = loop.create_task(self._knock(location))
        return delay

    def reset(self) -> None:
        """Begin with short waits again."""
        self._backoff.reset()

    def cancel(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._knocking is not None:
            self._knocking.cancel()
        self._timer = self._knocking = None

    async def _knock(self, location: str) -> None:
        """Try sooner when the camera answers."""
        port = port_of(location)
        if port is not None:
            await until_open(port, self._door)
            self._knocking = None  # not to be cancelled: it is what starts
            self._backoff.reset()
            self._start()
