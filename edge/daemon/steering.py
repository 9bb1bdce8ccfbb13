"""What is steered by MQTT: which commands are heard, what each does, and which cameras they have turned on or off."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple

from typing_extensions import Protocol

from edge.config import CameraConfig, Config
from edge.config.plan import Step
from edge.daemon.commands import FAREWELL, Commands
from edge.daemon.overrides import Overrides
from edge.errors import EdgeError
from edge.events.event import topic_level
from edge.events.mqtt.message import Heard


class Line(Protocol):
    """What is needed of the publisher."""

    def say(self, topic: str, payload: bytes, correlation: Optional[bytes] = None) -> None: ...

    def listen(self, filters: Sequence[str], heard: Callable[[Heard], None]) -> None: ...


class Steering:
    """``switch(camera)`` builds a camera anew, by :meth:`holding`; ``snapshot(camera)`` makes a picture and gives its
    path, or raises EdgeError; ``reload()`` reads the files again and gives ConfigState's report.
    """

    def __init__(
        self, state: Path, device: str, line: Line, switch: Callable[[str], None],
        snapshot: Callable[[str], Awaitable[str]], reload: Callable[[], Awaitable[Mapping[str, Any]]],
        now: Callable[[], str],
    ) -> None:  # fmt: skip
        self.overrides = Overrides(state / "overrides" / f"{device}.json")
        self.commands = Commands(
            line.say,
            {
                "enable": lambda camera: self._turn(camera, True),
                "disable": lambda camera: self._turn(camera, False),
                "snapshot": snapshot,
                "reload": self._read_again,
            },
            lambda: self._cameras,
            now,
        )
        self._line, self._switch, self._reload, self._now = line, switch, reload, now
        self._cameras: Mapping[str, CameraConfig] = {}
        self._writing: Optional[asyncio.Task[str]] = None

    def change(self, config: Config, steps: Iterable[Step] = ()) -> None:
        """This is the configuration now, after these steps. To be called before anything is done with its cameras."""
        for step in steps:
            if step.op == "rename":
                self.overrides.rename(step.name, step.new_name)
        self._cameras = config.cameras
        self.overrides.settle(config.cameras)
        fresh = self.commands.change(f"{config.mqtt.prefix}/{topic_level(config.device)}", config.mqtt.commands)
        if fresh:
            self._line.listen(fresh, self.commands.heard)
        # What an edit has ended or renamed.
        self._writing = asyncio.get_running_loop().create_task(self.overrides.keep())

    def holding(self, camera: str) -> Tuple[CameraConfig, str]:
        """What holds for the camera: its configuration, and in words that a command is against what its file says."""
        config = self._cameras[camera]
        return self.overrides.effective(camera, config), self.overrides.words(camera, config)

    async def stop(self) -> None:
        """Nothing more is done; what is under way gets a moment."""
        await self.commands.stop()
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=FAREWELL)
        self.overrides.stop()

    def status(self) -> Dict[str, int]:
        """For ``edge status``."""
        return self.commands.figures()

    def _turn(self, camera: str, on: bool) -> Awaitable[Optional[str]]:
        if self.overrides.set(camera, on, self._cameras[camera].enabled, self._now()):
            self._switch(camera)
        return self.overrides.keep()

    async def _read_again(self) -> Optional[str]:
        report = await self._reload()
        if report["state"] != "applied":
            raise EdgeError(": ".join(str(report[key]) for key in ("state", "at", "error") if report.get(key)))
        return None
