"""Engines that do not load, memory that is short, and edits in the middle of a build."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, List

import pytest

from edge.daemon import inference as inference_module
from edge.daemon.engines import Done, Given, Told
from edge.daemon.inference import Inference
from edge.daemon.models import Model, ModelSet
from edge.models.engines.resolve import EngineWish

BOUND = 100.0
# Answers for each lane as its options say.
WORKER = """
while True:
    order = channel.receive().control
    if order["op"] == "stop": break
    if order["op"] == "model":
        for place, lane in enumerate(order["lanes"]):
            error = lane.get("error", "")
            channel.send({"op": "model", "id": order["id"], "lane": place, "state": lane["state"], "reason": error,
                          "error": error, "input": [1, 3, 2, 2], "backend": "test"})
"""
READY, BROKEN = {"state": "ready", "key": "k"}, {"state": "failed", "error": "Incompatible", "key": "k"}
NO_MEMORY = {"state": "failed", "error": "OutOfMemory", "key": "k"}


class Builds:
    """In the place of Engines: what is wanted waits for :meth:`give`."""

    threads = 1

    def __init__(self) -> None:
        self.wanted: Dict[int, Done] = {}
        self.log: List[str] = []

    def at_once(self, _wish: EngineWish) -> None:
        return None

    def want(self, number: int, _model: Dict[str, Any], _wish: EngineWish, _told: Told, done: Done) -> None:
        self.wanted[number] = done
        self.log.append(f"want {number}")

    def give(self, number: int, *lanes: Dict[str, Any]) -> None:
        self.wanted.pop(number)(Given(list(lanes)))

    def drop(self, number: int) -> None:
        if self.wanted.pop(number, None) is not None:
            self.log.append(f"drop {number}")

    def refuse(self, number: int, _lane: Dict[str, Any], _reason: str) -> bool:
        self.log.append(f"refuse {number}")
        return self.log.count(f"refuse {number}") == 1

    def forgive(self, number: int) -> None:
        self.log.append(f"forgive {number}")


class Site:
    def __init__(self) -> None:
        self.builds = Builds()
        self.inference = Inference(
            sys.executable, lambda _: None, lambda *_: None, lambda: None, lambda model: self.models.heard(model)
        )
        self.models = ModelSet(self.inference, self.builds, lambda _: None)  # type: ignore[arg-type]

    def use(self, **versions: str) -> None:
        wanted = {n: Model(0, n, ["person"], 0.5, {"name": n, "onnx": v}) for n, v in versions.items()}
        self.models.change(wanted)
        self.models.drop(wanted)

    def state(self, number: int = 1) -> str:
        return self.inference.models[number].state

    async def until(self, condition: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.02)

        await asyncio.wait_for(wait(), BOUND)


@pytest.fixture
def run(make_worker: Callable[[str, str], None]) -> Callable[[Callable[[Site], Awaitable[None]]], None]:
    make_worker("inference", WORKER)

    def run(test: Callable[[Site], Awaitable[None]]) -> None:
        async def whole() -> None:
            site = Site()
            try:
                await test(site)
            finally:
                await site.inference.stop()

        asyncio.run(whole())

    return run


def test_two_lanes_on_one_bad_engine_are_one_fault(run: Any) -> None:
    async def test(site: Site) -> None:
        site.use(people="a")
        site.builds.give(1, BROKEN, BROKEN)
        await site.until(lambda: "want 1" in site.builds.log[1:])
        await asyncio.sleep(0.1)  # for the second lane's word, which changes nothing
        assert (site.state(), site.builds.log) == ("building", ["want 1", "refuse 1", "want 1"])
        assert site.inference.state != "failed"
        site.builds.give(1, READY, READY)
        await site.until(lambda: site.state() == "ready")

    run(test)


def test_a_second_fault_is_told(run: Any) -> None:
    async def test(site: Site) -> None:
        site.use(people="a")
        site.builds.give(1, BROKEN)
        await site.until(lambda: site.builds.log.count("want 1") == 2)
        site.builds.give(1, BROKEN)
        await site.until(lambda: site.state() == "failed")
        assert site.inference.models[1].reason == "Incompatible"

    run(test)


def test_one_lane_of_several_without_memory_leaves_the_others(run: Any) -> None:
    async def test(site: Site) -> None:
        site.use(people="a")
        site.builds.give(1, READY, NO_MEMORY)
        await site.until(lambda: len(site.inference.models[1].fared) == 2)
        assert site.state() == "ready" and "refuse 1" not in site.builds.log

    run(test)


def test_without_memory_it_is_tried_again(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference_module, "FAILED_RETRY_S", 0.2)

    async def test(site: Site) -> None:
        site.use(people="a")
        lane = dict(NO_MEMORY)
        site.builds.give(1, lane)
        await site.until(lambda: site.state() == "failed")
        lane["state"] = "ready"
        await site.until(lambda: site.state() == "ready")

    run(test)


def test_an_edit_of_something_else_leaves_a_build_alone(run: Any) -> None:
    async def test(site: Site) -> None:
        site.use(people="a")
        site.builds.give(1, READY)
        await site.until(lambda: site.state() == "ready")
        site.use(people="b")
        site.use(people="b", cars="a")
        assert [entry for entry in site.builds.log if "forgive" not in entry] == ["want 1", "want 2", "want 3"]
        site.use(people="c", cars="a")
        assert "drop 2" in site.builds.log and 2 not in site.inference.models
        site.builds.give(4, READY)
        await site.until(lambda: 1 not in site.inference.models)
        assert site.state(4) == "ready"

    run(test)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_s_commands_write_as_the_service_does(tmp_path: Path) -> None:
    code = "import os; from edge.cli.models_context import as_the_daemon; as_the_daemon(); print(os.getresuid())"
    for owner in (0, 65534):
        os.chown(tmp_path, owner, -1)
        environment = {**os.environ, "STATE_DIRECTORY": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == f"({owner}, {owner}, {owner})"
