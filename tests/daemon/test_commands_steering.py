"""From a command to what the daemon does: with doubles of its parts, and the overrides on a real disk."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List, Optional, Sequence, Tuple

import pytest

from edge.config import Config
from edge.config.plan import Step
from edge.daemon.steering import Steering
from edge.errors import EdgeError
from edge.events.mqtt.message import Heard
from tests.daemon.commanded import until

BASE, NOW = "edge/gate-7", "2024-05-04T12:30:00.000Z"
ALL = ["enable", "disable", "snapshot", "reload"]


def config(commands: Sequence[str] = ALL, **cameras: bool) -> Config:
    return Config.model_validate({
        "device": "gate-7", "mqtt": {"commands": list(commands)},
        "cameras": {name: {"source": "test://", "enabled": on} for name, on in (cameras or {"gate": True}).items()},
    })  # fmt: skip


class Site:
    def __init__(self, state: Path, configured: Config) -> None:
        self.answers: List[Dict[str, Any]] = []
        self.listened: List[str] = []
        self.built: List[Tuple[str, bool, str]] = []
        self.report: Dict[str, Any] = {"state": "applied"}
        self.heard: Callable[[Heard], None] = lambda _: None
        self.steering = Steering(state, "gate-7", self, self.switch, self.snapshot, self.reload, lambda: NOW)
        self.steering.change(configured)

    def say(self, topic: str, payload: bytes, correlation: Optional[bytes] = None) -> None:
        assert topic == f"{BASE}/command/reply"
        self.answers.append(json.loads(payload))

    def listen(self, filters: Sequence[str], heard: Callable[[Heard], None]) -> None:
        self.listened += filters
        self.heard = heard

    def switch(self, camera: str) -> None:
        holding, words = self.steering.holding(camera)
        self.built.append((camera, holding.enabled, words))

    async def snapshot(self, camera: str) -> str:
        raise EdgeError(f"{camera} delivers no pictures")

    async def reload(self) -> Dict[str, Any]:
        return self.report

    async def order(self, tail: str, word: str) -> Dict[str, Any]:
        before = len(self.answers)
        self.heard(Heard(f"{BASE}/command/{tail}", word.encode(), False))
        await until(lambda: len(self.answers) > before)
        return self.answers[before]


def at(state: Path, configured: Config, test: Callable[[Site], Awaitable[None]]) -> None:
    async def run() -> None:
        site = Site(state, configured)
        await test(site)
        await site.steering.stop()

    asyncio.run(run())


def test_a_camera_is_turned_off_through_a_restart_and_on_again(tmp_path: Path) -> None:
    words = f"disabled by command since {NOW}"

    async def first(site: Site) -> None:
        assert (await site.order("cameras/gate", "disable"))["ok"]
        assert site.built == [("gate", False, words)]
        assert (await site.order("cameras/gate", "disable"))["ok"] and len(site.built) == 1

    async def then(site: Site) -> None:
        assert site.steering.holding("gate")[0].enabled is False and site.steering.holding("gate")[1] == words
        assert (await site.order("cameras/gate", "enable"))["ok"]
        assert site.built == [("gate", True, "")]
        assert site.steering.status() == {"done": 1, "refused": 0}

    async def last(site: Site) -> None:
        assert site.steering.holding("gate")[1] == ""

    for test in (first, then, last):
        at(tmp_path, config(), test)


def test_an_edit_of_enabled_has_the_last_word_and_another_has_not(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        await site.order("cameras/gate", "disable")
        site.steering.change(config(gate=True, yard=True))
        assert not site.steering.holding("gate")[0].enabled
        site.steering.change(config(door=True, yard=True), [Step("rename", "camera", "gate", (), "door")])
        assert not site.steering.holding("door")[0].enabled
        site.steering.change(config(door=False, yard=True))
        site.steering.change(config(door=True, yard=True))
        assert site.steering.holding("door")[0].enabled

    at(tmp_path, config(), test)
    assert json.loads((tmp_path / "overrides" / "gate-7.json").read_text()) == {"cameras": {}}


def test_a_disk_that_cannot_be_written_is_told_with_the_answer(tmp_path: Path) -> None:
    (tmp_path / "overrides").write_text("")

    async def test(site: Site) -> None:
        said = await site.order("cameras/gate", "disable")
        assert said["ok"] and said["note"].startswith("holds until the next start alone: ")
        assert site.built

    at(tmp_path, config(), test)


def test_a_reload_tells_its_outcome(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        assert (await site.order("device", "reload"))["ok"]
        site.report = {"state": "rejected", "at": "edge.yaml:3", "error": "fps: found 'fast'", "problems": 1}
        assert (await site.order("device", "reload"))["error"] == "rejected: edge.yaml:3: fps: found 'fast'"
        assert (await site.order("cameras/gate", "snapshot"))["error"] == "gate delivers no pictures"

    at(tmp_path, config(), test)


@pytest.mark.parametrize("commands", [[], ["reload"], ALL])
def test_only_what_is_allowed_is_listened_to(tmp_path: Path, commands: List[str]) -> None:
    async def test(site: Site) -> None:
        topics = {"reload": f"{BASE}/command/device", "enable": f"{BASE}/command/cameras/+"}
        assert site.listened == [topic for word, topic in topics.items() if word in commands]
        site.steering.change(config())
        assert sorted(site.listened) == sorted(topics.values())

    at(tmp_path, config(commands), test)
