"""The cameras: a real RTSP server, in a process that nobody's CPU time counts, and when it sent which picture.

The time of capture is when the server sends a picture, for everybody: nobody's own clock is asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

from scripts.servers import SYSTEM_PYTHON, Server

_NANO = 1e9


class Mount(NamedTuple):
    """``first``: the number of the clip's picture to begin with, at the latest."""

    clip: Path
    first: int


class Sent(NamedTuple):
    """When a camera's pictures went out, in seconds of CLOCK_MONOTONIC. Picture ``first`` was sent at ``base``."""

    base: float
    first: int
    count: int
    period: float

    def nearest(self, at: float) -> Tuple[int, float]:
        """Number and time of the picture that was sent closest to ``at``."""
        index = round((at - self.base) / self.period)
        return (self.first + index) % self.count, self.base + index * self.period

    def before(self, number: int, at: float) -> float:
        """When picture ``number`` was sent for the last time up to ``at``."""
        index = int((at - self.base) / self.period)
        return self.base + (index - (self.first + index - number) % self.count) * self.period


class Cameras(Server):
    """``mounts`` by the camera's name."""

    name = "cameras"

    def __init__(self, mounts: Dict[str, Mount]) -> None:
        super().__init__()
        self.mounts = mounts

    def command(self) -> List[str]:
        what = [f"{name}={mount.clip}@{mount.first}" for name, mount in self.mounts.items()]
        return [SYSTEM_PYTHON, str(Path(__file__).with_name("served.py")), str(self.port), *what]

    @property
    def urls(self) -> Dict[str, str]:
        return {name: f"rtsp://127.0.0.1:{self.port}/{name}" for name in self.mounts}

    def sent(self) -> Dict[str, Sent]:
        """Of each camera that somebody has asked for, as it plays now."""
        found: Dict[str, Sent] = {}
        for line in self.log.read_text(errors="replace").splitlines():
            if line.startswith("{"):
                says = json.loads(line)
                base, period = says["base"] / _NANO, says["period"] / _NANO
                found[says["mount"]] = Sent(base, says["first"], says["count"], period)
        return found
