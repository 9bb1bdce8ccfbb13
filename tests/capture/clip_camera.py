"""A camera's ring that goes on when it is told to, and what orders clips of it, in this process."""

from __future__ import annotations

import os
import queue
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.boards import ANY_MACHINE
from edge.capture.clip.clip import Clips
from edge.capture.ring.packet import Record
from edge.capture.ring.ring import Ring
from tests.capture.clip_streams import BASE, H264, generated, stream
from tests.support.worker import PATIENCE

SECOND = 10**9
STREAM = generated(90, f"x264enc bframes=0 key-int-max=15 speed-preset=ultrafast ! {H264}", "width=160,height=120")


class Camera:
    """A stream that goes on when it is told to, its ring, and what orders clips of it."""

    def __init__(self, folder: Path, seconds: float = 1, size: int = 10**8) -> None:
        self.folder = folder
        self.packets = stream(STREAM)
        self.ring = Ring()
        self.ring.keep(Record(seconds, size))
        self.answers: queue.Queue[Dict[str, Any]] = queue.Queue()
        self.clips = Clips(self.ring, ANY_MACHINE, self.answers.put)
        self.at = 0

    def go_on(self, to: float) -> None:
        """Its pictures up to this second of it come, looked at after each."""
        while self.at < len(self.packets) and self.packets[self.at].captured_ns < BASE + to * SECOND:
            self.ring.add(self.packets[self.at])
            self.at += 1
            self.clips.tick(self.packets[self.at - 1].captured_ns)

    def order(self, request: int, begin: float, end: float, masks: Optional[List[Any]] = None) -> Path:
        path = self.folder / f"{request}.mp4"
        fd = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_EXCL)
        message = {"op": "clip", "request": request, "from": at(begin), "to": at(end), "masks": masks or []}
        self.clips.order(message, fd)
        return path

    def extend(self, request: int, end: float) -> None:
        self.clips.order({"op": "clip", "request": request, "to": at(end)})

    def answer(self, ok: bool = True) -> Dict[str, Any]:
        found = self.answers.get(timeout=PATIENCE)
        assert found["op"] == "clip" and found["ok"] == ok, found
        return found


def at(second: float) -> int:
    return BASE + int(second * SECOND)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))
