"""A camera of the daemon's with a made-up capture process, and the states that it goes through."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import Any, Awaitable, Callable, List, Tuple

from edge.config import CameraConfig
from edge.daemon.camera import Camera

BOUND = 100.0
ONLINE = {"op": "online", "codec": "h264", "decoder": "avdec_h264", "width": 640, "height": 360, "time": 0,
          "memory": "", "note": ""}  # fmt: skip


class Watched:
    """A camera and the states that it went through."""

    def __init__(self, python: str = sys.executable, **config: Any) -> None:
        self.states: List[Tuple[str, str]] = []
        self.links = 0
        self._news = asyncio.Event()
        self.camera = Camera(
            1,
            "gate",
            CameraConfig(**{"source": "test://", **config}),
            python,
            self._link,
            self._changed,
            random.Random(1),
        )

    def _link(self, _camera: Camera) -> None:
        self.links += 1
        self._news.set()

    def _changed(self, camera: Camera) -> None:
        self.states.append((camera.state, camera.reason))
        self._news.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not condition():
                self._news.clear()
                try:
                    await asyncio.wait_for(self._news.wait(), 0.05)
                except asyncio.TimeoutError:
                    pass

        await asyncio.wait_for(wait(), BOUND)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]
