"""A daemon as far as Home Assistant is told of it: with a publisher that follows the contract, and its own time."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from edge.config import CameraConfig, Config
from edge.daemon.homeassistant import PAUSE_S, HomeAssistant
from tests.homeassistant.broker_side import Heard
from tests.homeassistant.samples import SQUARE, camera, config

BOX, GATE, YARD = (f"homeassistant/device/edge_gate-7{end}/config" for end in ("", "_gate", "_yard"))
STATUS = "homeassistant/status"


class Double:
    """Follows the contract of edge.events.mqtt.publisher.Publisher."""

    def __init__(self) -> None:
        self.state = "online"
        self.said: List[Tuple[str, bytes]] = []
        self.listened: List[str] = []

    def retain(self, topic: str, payload: bytes) -> None:
        self.said.append((topic, payload))

    def listen(self, filters: Sequence[str], heard: Callable[[Any], None]) -> None:
        self.listened += filters

    def take(self) -> List[str]:
        """Topics that were told since the last time; with a minus those that were emptied."""
        said, self.said = self.said, []
        return [topic if payload else f"-{topic}" for topic, payload in said]

    def kept(self) -> Dict[str, Any]:
        return {topic: json.loads(payload) for topic, payload in dict(self.said).items() if payload}


class Daemon:
    def __init__(self, file: Path) -> None:
        self.file, self.now = file, 100.0
        self.publisher = Double()
        self.labels: Mapping[str, Sequence[str]] = {"people": ["person"]}
        self.made: List[HomeAssistant] = []
        self.start()

    def start(self) -> None:
        """Again, as after a restart."""
        self.stop()
        self.publisher = Double()
        self.told = HomeAssistant(
            self.publisher, self.file, "1.2.3", self._labels, random.Random(1), lambda: self.now
        )
        self.made.append(self.told)

    def stop(self) -> None:
        for told in self.made:
            told.stop()

    def change(self, configuration: Config) -> List[str]:
        self.told.change(configuration)
        return self.tick(PAUSE_S)

    def tick(self, seconds: float = 1.0) -> List[str]:
        self.now += seconds
        self.told.tick()
        return self.publisher.take()

    def born(self, payload: bytes = b"online", topic: str = STATUS, retained: bool = False) -> None:
        self.told.heard(Heard(topic, payload, retained))

    def _labels(self, camera: CameraConfig) -> Mapping[str, Sequence[str]]:
        return self.labels


def cameras(*names: str, **settings: Any) -> Config:
    zones = {"door": {"points": SQUARE}}
    return config({name: camera(zones=zones) for name in names}, **settings)


def disabled(*names: str) -> Config:
    return cameras(*names, homeassistant={"enabled": False})
