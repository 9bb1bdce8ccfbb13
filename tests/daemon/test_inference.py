"""The inference process seen from the daemon: models come and go, and it dies again and again."""

from __future__ import annotations

import asyncio
import random
import sys
from typing import Any, Awaitable, Callable, List, Set

import pytest

from edge.daemon.engines import Engines
from edge.daemon.inference import FAILED_RETRY_S, MOST_FAILURES, Inference, Wish
from edge.daemon.model_state import ModelState
from edge.daemon.models import Model, ModelSet
from edge.wire.channel import Channel

BOUND = 100.0
# Says that a model is ready, unless its spec says that it is broken; and repeats what else it is told as a reason.
WORKER = """
heard = []
while True:
    order = channel.receive().control
    op = order["op"]
    if op == "stop": break
    if op == "model":
        broken = order["model"].get("broken", "")
        channel.send({"op": "model", "id": order["id"], "state": "failed" if broken else "ready", "reason": broken,
                      "input": [1, 3, 2, 2], "backend": "test"})
    heard.append(order)
    channel.send({"op": "beat", "time": 0, "lanes": [], "missed": {}, "expired": {}, "limits": {},
                  "heard": heard})
"""


@pytest.fixture
def worker(make_worker: Callable[[str, str], None]) -> Callable[[str], None]:
    """``worker(code)``: makes that the inference worker."""
    return lambda code: make_worker("inference", code)


class Watched:
    """An inference process with a set of models, and what was told of them."""

    def __init__(self) -> None:
        self.exchanged: List[Set[str]] = []
        self.linked: List[int] = []
        self.inference = Inference(
            sys.executable, lambda _: None, self._link, lambda: None, self._heard, random.Random(1)
        )
        self.models = ModelSet(self.inference, Engines(sys.executable, 1), self.exchanged.append)

    def _link(self, number: int, _end: Channel) -> None:
        self.linked.append(number)

    def _heard(self, model: ModelState) -> None:
        self.models.heard(model)

    def use(self, **specs: Any) -> Set[str]:
        wanted = {name: Model(0, name, ["person"], 0.5, {"name": name, **spec}) for name, spec in specs.items()}
        touched = self.models.change(wanted)
        self.models.drop(wanted)
        return touched

    def states(self) -> List[str]:
        return sorted(f"{m.name} {m.number} {m.state}" for m in self.inference.models.values())

    async def until(self, condition: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not condition():
                await asyncio.sleep(0.02)

        await asyncio.wait_for(wait(), BOUND)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_it_rests_without_models_and_starts_with_the_first(worker: Callable[[str], None]) -> None:
    worker(WORKER)

    async def test() -> None:
        watched = Watched()
        watched.inference.start()
        assert watched.inference.state == "idle" and watched.inference.process is None
        watched.use(people={}, cars={})
        await watched.until(lambda: watched.states() == ["cars 2 ready", "people 1 ready"])
        assert watched.inference.state == "running"
        pid = watched.inference.process.pid if watched.inference.process else 0
        watched.use(people={})
        assert watched.states() == ["people 1 ready"]
        watched.use(people={}, cars={})
        await watched.until(lambda: watched.states() == ["cars 3 ready", "people 1 ready"])
        assert watched.inference.process is not None and watched.inference.process.pid == pid
        watched.use()
        await watched.until(lambda: watched.inference.state == "idle")
        assert watched.inference.process.ended and watched.inference.restarts == 0
        await watched.inference.stop()

    run(test)


def test_a_new_version_takes_over_when_it_is_ready_and_not_before(worker: Callable[[str], None]) -> None:
    worker(WORKER)

    async def test() -> None:
        watched = Watched()
        assert watched.use(people={"onnx": "a"}) == {"people"}
        await watched.until(lambda: watched.states() == ["people 1 ready"])
        assert watched.use(people={"onnx": "b"}) == set(), "the old one works on"
        assert watched.models.name(1) == "people" and watched.models.name(2) is None
        await watched.until(lambda: watched.exchanged == [{"people"}])
        assert watched.models.name(1) is None and watched.models.name(2) == "people"
        assert watched.states() == ["people 2 ready"]
        await watched.inference.stop()

    run(test)


def test_a_new_version_that_cannot_be_run_leaves_the_old_one(worker: Callable[[str], None]) -> None:
    worker(WORKER)

    async def test() -> None:
        watched = Watched()
        watched.use(people={"onnx": "a"})
        await watched.until(lambda: watched.states() == ["people 1 ready"])
        watched.use(people={"onnx": "b", "broken": "no such operator"})
        (old,) = [m for m in watched.inference.models.values() if m.number == 1]
        await watched.until(lambda: old.reason)
        assert "no such operator" in old.reason and "works on" in old.reason
        assert watched.states() == ["people 1 ready"] and watched.exchanged == []
        watched.use(people={"onnx": "c"})
        await watched.until(lambda: watched.states() == ["people 3 ready"])
        await watched.inference.stop()

    run(test)


def test_another_score_is_told_to_the_cameras_alone(worker: Callable[[str], None]) -> None:
    worker(WORKER)

    async def test() -> None:
        watched = Watched()
        watched.use(people={})
        model = watched.models.used["people"]
        assert watched.models.change({"people": model._replace(min_score=0.9)}) == {"people"}
        assert watched.models.used["people"].number == 1 and watched.models.used["people"].min_score == 0.9
        await watched.inference.stop()

    run(test)


def test_a_wish_is_passed_on_whole_and_who_is_limited_is_known_by_the_device(worker: Callable[[str], None]) -> None:
    worker(WORKER.replace('"expired": {}, "limits": {}', '"expired": {"7": 3}, "limits": {"7": 1}'))

    async def test() -> None:
        watched = Watched()
        watched.use(people={})
        await watched.until(lambda: watched.inference.state == "running")
        wish = Wish("gate", 5, {1: [0.2]}, 4.0, 1, True, 0.5, {1: {"classes": [0], "min_size": 32, "by": {}}})
        assert watched.inference._order(7, wish) == {
            "op": "camera", "id": 7, "name": "gate", "fps": 5, "models": {1: [0.2]}, "weight": 4.0, "priority": 1,
            "boost": True, "budget": 0.5, "looks": wish.looks,
        }  # fmt: skip
        watched.inference.link(7, wish)
        await watched.until(lambda: watched.inference.limited_by(7) is not None)
        assert watched.inference.limited_by(7) == "cpu" and watched.inference.limited_by(8) is None
        assert watched.inference.expired == {7: 3}
        await watched.inference.stop()

    run(test)


def test_wishes_change_without_a_new_socket(worker: Callable[[str], None]) -> None:
    worker(WORKER)

    async def test() -> None:
        watched = Watched()
        watched.use(people={})
        await watched.until(lambda: watched.inference.state == "running")
        assert not watched.inference.wish(7, Wish("gate", 5, {1: [0.2]})), "a camera that has no socket yet"
        watched.inference.link(7, Wish("gate", 5, {1: [0.2]}))
        assert watched.linked == [7]
        assert watched.inference.wish(7, Wish("gate", 9, {1: [0.2]}))
        assert watched.linked == [7]
        await watched.inference.stop()

    run(test)


def test_after_too_many_failures_it_says_why_and_tries_now_and_then(worker: Callable[[str], None]) -> None:
    worker("channel.receive(); os.kill(os.getpid(), signal.SIGSEGV)")

    async def test() -> None:
        watched = Watched()
        loop = asyncio.get_running_loop()
        delays: List[float] = []
        call_later = loop.call_later

        def hurry(delay: float, callback: Any, *more: Any) -> Any:
            if callback == watched.inference.start:
                delays.append(delay)
                delay = 0.0 if delay < FAILED_RETRY_S else delay
            return call_later(delay, callback, *more)

        loop.call_later = hurry  # type: ignore[method-assign]
        watched.use(people={})
        await watched.until(lambda: watched.inference.state == "failed")
        assert len(delays) == MOST_FAILURES and delays[-1] == FAILED_RETRY_S
        assert watched.inference.reason == (
            f"{MOST_FAILURES} times in a row, the inference process was killed by signal 11 while loading people"
        )
        worker(WORKER)
        watched.inference.rebuild()  # as an edit does
        await watched.until(lambda: watched.inference.state == "running")
        assert watched.inference.reason == ""
        await watched.inference.stop()

    run(test)
