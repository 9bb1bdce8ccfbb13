"""A device that a real Home Assistant is told of, by a real broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

from edge.config import Config
from edge.daemon.homeassistant import PAUSE_S, SETTLED_S, HomeAssistant
from tests.homeassistant import samples
from tests.homeassistant.broker_side import Device, Direct

BOX, SQUARE = "edge_gate-7", "edge_gate-7_square"
COMMANDS = ("enable", "disable", "snapshot", "reload")
#: A picture of one dot.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


class Box:
    """A device as far as Home Assistant sees it; time goes by when it is told to."""

    def __init__(self, publisher: Direct, file: Path) -> None:
        self.now = 0.0
        self.publisher, self.file = publisher, file
        self.device = Device(publisher, "edge/gate-7")
        self.labels: Dict[str, List[str]] = {"people": ["person", "dog"]}
        self.start()

    def start(self) -> None:
        self.told = HomeAssistant(
            self.publisher, self.file, "1.2.3", lambda camera: self.labels, clock=lambda: self.now
        )

    def change(self, config: Config) -> None:
        self.told.change(config)
        self.now += PAUSE_S
        self.told.tick()

    def settle(self) -> None:
        self.told.tick()
        self.now += SETTLED_S + 1
        self.told.tick()


def full(*cameras: str, **settings: Any) -> Config:
    return samples.config(dict.fromkeys(cameras or ("square",), samples.FULL), *COMMANDS, **settings)
