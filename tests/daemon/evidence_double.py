"""Evidence with a camera whose capture process is a double: it keeps to the contract, and does as a test says."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Optional, Sequence

from edge.analytics import Happening
from edge.analytics.track import Facts
from edge.config import CameraConfig
from edge.daemon.evidence.evidence import Evidence
from edge.daemon.outlet import Shown
from edge.events.event import Event
from edge.events.evidence.store import Store
from edge.events.factory import EventFactory

BOUND = 60.0
JPEG = b"\xff\xd8 a picture \xff\xd9"
SECOND = 1_000_000_000


class Double:
    """A camera that is online. ``answer(order, fd)`` is what its process does with an order that came with a file; what
    it returns is answered at once, None later or never.
    """

    def __init__(self, site: Site, name: str, number: int, **config: Any) -> None:
        self.site, self.name, self.number = site, name, number
        self.config = CameraConfig(**{"source": "test://", **config})
        self.state, self.delivering = "online", True
        self.asked: List[Dict[str, Any]] = []
        self.answer: Callable[[Dict[str, Any], int], Optional[Dict[str, Any]]] = write

    def ask(self, order: Dict[str, Any], fds: Sequence[int]) -> bool:
        if not self.delivering:
            return False
        order = json.loads(json.dumps(order))
        self.asked.append(order)
        if fds:
            (fd,) = fds
            assert os.fstat(fd).st_size == 0
            said = self.answer(order, fd)
            if said is not None:
                self.say(order, **said)
        self.site.news.set()
        return True

    def say(self, order: Dict[str, Any], **news: Any) -> None:
        """Later: as a message that comes over a socket does."""
        news = {"op": order["op"], "request": order["request"], **news}
        asyncio.get_running_loop().call_soon(self.site.evidence.heard, self, news)


def write(order: Dict[str, Any], fd: int) -> Dict[str, Any]:
    os.write(fd, JPEG + str(order["request"]).encode())
    if order["op"] == "clip":
        return {"ok": True, "start": order["from"], "end": order["to"], "codec": "h264", "encoded": False}
    return {"ok": True, "width": 640, "height": 360, "captured": order["captured"], "bytes": len(JPEG) + 1}


def never(order: Dict[str, Any], fd: int) -> None:
    return None


def refuse(reason: str) -> Callable[[Dict[str, Any], int], Dict[str, Any]]:
    return lambda order, fd: {"ok": False, "reason": reason}


class Site:
    """``told``: events that followed; ``pictures``: what was handed to the spool to be sent."""

    def __init__(self, folder: Path, commanded: bool = False) -> None:
        self.news = asyncio.Event()
        self.folder = folder
        self.cameras: Dict[str, Double] = {}
        self.told: List[Event] = []
        self.pictures: List[Dict[str, Any]] = []
        self.factory = EventFactory("gate-7")
        self.store = Store(folder, 1 << 30, 1e6)
        self.evidence = Evidence(self.store, self.factory, self._tell, self._put, self.cameras.get, commanded)

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        self.news.set()

    def _put(self, kind: str, camera: str, type: str, payload: bytes, id: str = "") -> None:
        assert (kind, type) == ("picture", "")
        said = json.loads(payload)
        assert said["camera"] == camera and self.store.has(said["file"]), "it is there before it is handed on"
        self.pictures.append(said)
        self.news.set()

    def camera(self, name: str = "gate", **config: Any) -> Double:
        self.cameras[name] = Double(self, name, len(self.cameras) + 1, **config)
        return self.cameras[name]

    def happen(
        self, kind: str, at: float = 100.0, camera: str = "gate", number: int = 1, label: str = "person",
        score: float = 0.934, picture: Optional[int] = None, reason: Optional[str] = None,
    ) -> Event:  # fmt: skip
        """What the outlet does with something that happened ``at`` seconds."""
        facts = Facts(number, label, score, score, (0.1, 0.2, 0.3, 0.6), (640, 360), (0.0, 0.0), 1.0, (), at)
        moment = round(at * SECOND)
        shown = Shown(moment, moment if picture is None else picture)
        made = self.factory.make(camera, Happening(kind, at, "model", facts, reason=reason))
        event = self.evidence.named(made, shown)
        if event.snapshot is not None or event.clip is not None:
            self.evidence.order(event, shown)
        return event

    def files(self) -> List[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    async def until(self, condition: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not condition():
                self.news.clear()
                try:
                    await asyncio.wait_for(self.news.wait(), 0.02)
                except asyncio.TimeoutError:
                    pass

        await asyncio.wait_for(wait(), BOUND)

    async def settled(self) -> None:
        """Nothing is under way any more."""
        await self.until(lambda: self.evidence.status()["under_way"] == 0)
        for _ in range(2):  # and what is to be removed is, also what was made too late
            await self.evidence.thread.run(lambda: None)
            await asyncio.sleep(0)


def run(folder: Path, test: Callable[[Site], Awaitable[None]], **how: Any) -> None:
    async def main() -> None:
        site = Site(folder / "evidence", **how)
        await test(site)
        await site.evidence.stop()

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(main())
    assert len(os.listdir("/proc/self/fd")) <= before, "nothing stays open"
