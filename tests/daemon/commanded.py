"""What takes commands, with doubles of what does them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Awaitable, Callable, Dict, List, Optional, Tuple

from edge.daemon.commands import Commands
from edge.errors import EdgeError
from edge.events.mqtt.message import Heard
from scripts.servers import PATIENCE

BASE = "edge/gate-7"
ALL = ("enable", "disable", "snapshot", "reload")


def message(topic: str, payload: bytes, retained: bool = False, correlation: Optional[bytes] = None) -> Heard:
    return Heard(topic, payload, retained, correlation)


class Site:
    """What a daemon has beside the commands. ``gate`` and ``yard`` are its cameras."""

    def __init__(self) -> None:
        self.called: List[Tuple[str, ...]] = []
        self.answers: List[Dict[str, Any]] = []
        self.sent: List[Tuple[str, bytes, Optional[bytes]]] = []
        self.hold: Optional[asyncio.Future[str]] = None
        self.cameras = {"gate": 1, "yard": 2}
        self.commands = Commands(
            self.say,
            {"enable": self.enable, "disable": self.disable, "snapshot": self.snapshot, "reload": self.reload},
            lambda: self.cameras,
            lambda: "2024-05-04T12:30:00.000Z",
        )
        self.commands.change(BASE, ALL)

    def say(self, topic: str, payload: bytes, correlation: Optional[bytes]) -> None:
        self.sent.append((topic, payload, correlation))
        self.answers.append(json.loads(payload))

    def enable(self, camera: str) -> None:
        self.called.append(("enable", camera))

    def disable(self, camera: str) -> Awaitable[str]:
        self.called.append(("disable", camera))

        async def keep() -> str:
            return "holds until the next start alone"

        return keep()

    async def snapshot(self, camera: str) -> str:
        self.called.append(("snapshot", camera))
        if self.hold is not None:
            return await asyncio.shield(self.hold)
        if camera == "yard":
            raise EdgeError("yard delivers no pictures: rtsp://user:secret@10.0.0.7/ is unreachable")
        return f"{camera}/2024-05-04/a.jpg"

    async def reload(self) -> str:
        self.called.append(("reload",))
        raise ZeroDivisionError("a bug")

    async def order(self, tail: str, payload: str, **how: Any) -> Dict[str, Any]:
        """Its answer."""
        self.commands.heard(message(f"{BASE}/command/{tail}", payload.encode(), **how))
        return await self.answer(len(self.answers))

    async def answer(self, number: int) -> Dict[str, Any]:
        await until(lambda: len(self.answers) > number)
        return self.answers[number]


async def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def on_site(test: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        site = Site()
        await test(site)
        await site.commands.stop()

    asyncio.run(run())
