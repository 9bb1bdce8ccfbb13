"""The inference process: started, told of models and cameras, replaced when it dies, and its cameras linked anew.

    idle (no models) → starting → running ⇄ restarting → failed (after so many failures, and tried again now and then)

Cameras stay connected whatever becomes of it.
"""

from __future__ import annotations

import asyncio
import logging
import random
from types import MappingProxyType
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from edge import log
from edge.daemon.backoff import Backoff
from edge.daemon.limits import Limits
from edge.daemon.model_state import ModelState
from edge.daemon.process import WorkerProcess
from edge.wire.channel import Channel, Message

_logger = logging.getLogger("edge.inference")
# The loop of the process beats once a second, whatever its lanes do, once its libraries are read.
HEARTBEAT_S = 15.0
START_S = 60.0
STOP_S = 2.5
#: After so many failures in a row without WORKED_S of work it is tried every FAILED_RETRY_S only.
MOST_FAILURES = 5
WORKED_S = 60.0
FAILED_RETRY_S = 300.0


class Wish(NamedTuple):
    """What a camera wants: pictures/s at most; by model and class, the score below which a box is useless.

    ``weight``: its share where the lanes cannot analyse all that is wished, ``priority`` (-1, 0, 1) its place in a tie;
    both more while ``boost``: something is tracked. ``budget``: seconds after which a picture is not analysed.
    ``looks``: by first model, what second models look at (edge/inference/looks.py).
    """

    name: str
    fps: float
    floors: Dict[int, List[float]]
    weight: float = 1.0
    priority: int = 0
    boost: bool = False
    budget: float = 1.0
    looks: Mapping[int, Mapping[str, Any]] = MappingProxyType({})


class Inference:
    """``on_result`` gets the bytes of each RESULT; ``camera_end`` sends a camera its end of a new socket."""

    def __init__(
        self,
        python: str,
        on_result: Callable[[bytes], None],
        camera_end: Callable[[int, Channel], None],
        changed: Callable[[], None],
        model_changed: Callable[[ModelState], None],
        rng: Optional[random.Random] = None,
    ) -> None:
        self.models: Dict[int, ModelState] = {}
        self.state, self.reason = "idle", ""
        self.restarts = 0
        #: Whether other engines may help a model whose lane (by its place) could not be opened: (model, lane, error's
        #: name, reason). They come by ``provide`` then.
        self.refused: Callable[[ModelState, int, str, str], bool] = lambda *_: False
        #: By camera, the pictures that were wished and not analysed because the lanes were behind.
        self.missed: Dict[int, int] = {}
        #: And the pictures that were too old to be analysed; and whose lanes those are that are behind.
        self.expired: Dict[int, int] = {}
        self.limits = Limits()
        self.process: Optional[WorkerProcess] = None
        self._python = python
        self._on_result, self._camera_end = on_result, camera_end
        self._changed, self._on_model = changed, model_changed
        self._wishes: Dict[int, Wish] = {}
        self._backoff = Backoff(rng=rng)
        self._loop = asyncio.get_running_loop()
        self._started = self._last_beat = self._loop.time()
        self._patience = START_S
        self._retry: Optional[asyncio.TimerHandle] = None
        self._failures = 0
        self._stopping = False
        self._rebuilding: Optional[asyncio.Task[None]] = None

    def start(self) -> None:
        """Start the process, and tell it of every model and every camera that is known; without models it rests."""
        self._retry = None
        if self._stopping:
            return
        if not self.models:
            self.state, self.reason = "idle", ""
            return
        if self.state == "idle":
            self.state = "starting"
        self._started = self._last_beat = self._loop.time()
        self._patience = START_S
        try:
            self.process = WorkerProcess(self._python, "edge.inference", "inference", self._heard, self._ended)
        except OSError as error:
            self._again(f"the inference process cannot be started: {self._python}: {error.strerror}")
            return
        for model in self.models.values():
            if model.lanes is not None:
                self._send_model(model)
        for number in list(self._wishes):
            self._connect(number)

    async def stop(self) -> None:
        """End the process, within STOP_S seconds and a kill."""
        self._stopping = True
        await self._end_process()

    def rebuild(self) -> None:
        """A new process; what the old one failed at is forgotten."""
        self._failures = 0
        self._backoff.reset()
        if self._rebuilding is None:
            self._rebuilding = self._loop.create_task(self._rebuild())

    async def _rebuild(self) -> None:
        await self._end_process()
        self._rebuilding = None
        self.state, self.reason = "idle", ""
        self.start()
        self._changed()

    async def _end_process(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
        if self.process is not None and not self.process.ended:
            await self.process.stop(STOP_S)

    def load(self, model: ModelState) -> None:
        """One model more, under a number of its own; ``model_changed`` tells when it can be used."""
        self.models[model.number] = model
        if not self._running:
            self.rebuild()
        elif model.lanes is not None:
            self._send_model(model)

    def provide(self, number: int, lanes: List[Dict[str, Any]]) -> None:
        """The engines of a model that was loaded without them are there."""
        model = self.models[number]
        model.lanes, model.progress = lanes, None
        model.state = "loading"
        if self._running:
            assert self.process is not None
            self._send_model(model)
            for camera, wish in self._wishes.items():  # what scores too low is told lane by lane
                self.process.send(self._order(camera, wish))
        self._changed()

    def fail(self, number: int, reason: str) -> None:
        """There are no engines for this model."""
        model = self.models[number]
        model.progress = None
        self._model_changed({"id": number, "state": "failed", "reason": reason, "backend": "", "input": []})

    def unload(self, number: int) -> None:
        """Nobody uses this model any more."""
        if self.models.pop(number, None) is None:
            return
        if not self.models:
            self.rebuild()
        elif self.process is not None:
            self.process.send({"op": "unload", "id": number})

    def wish(self, number: int, wish: Wish) -> bool:
        """Other wishes of a camera whose socket stays as it is; False for one that has none."""
        if number not in self._wishes:
            return False
        self._wishes[number] = wish
        if self.process is not None:
            self.process.send(self._order(number, wish))
        return True

    def link(self, number: int, wish: Wish) -> None:
        """A camera's process waits for a socket to the inference process: give both of them an end."""
        self._wishes[number] = wish
        self._connect(number)

    def answer(self, order: Dict[str, Any]) -> None:
        """What it waits for: which boxes of a picture that it holds are looked at."""
        if self._running:
            assert self.process is not None
            self.process.send(order)

    def unlink(self, number: int) -> None:
        """The camera is gone."""
        self.missed.pop(number, None)
        self.expired.pop(number, None)
        self.limits.forget(number)
        if self._wishes.pop(number, None) is not None and self.process is not None:
            self.process.send({"op": "forget", "id": number})

    def limited_by(self, camera: int) -> Optional[str]:
        """The devices that cannot analyse all that this camera wishes, as ``gpu`` or ``dla:0+dla:1``; or None."""
        number = self.limits.of(camera, self._loop.time())
        model = self.models.get(number) if number is not None else None
        if model is None or not model.lanes:
            return None
        return "+".join(sorted({lane.get("device", "cpu") for lane in model.lanes}))

    def check_heartbeat(self) -> None:
        """Kill a process whose loop has not been heard of for too long."""
        if self.process is None or self.process.ended:
            return
        if self._loop.time() - self._last_beat > self._patience:
            log.event(_logger, "inference process hangs, killing it", logging.ERROR, pid=self.process.pid)
            self.process.kill()

    def build_anew(self, number: int) -> None:
        """Its engines cannot be loaded: the model waits for others, which :meth:`provide` brings."""
        model = self.models[number]
        model.lanes, model.state, model.fared = None, "building", {}
        if self.process is not None:
            self.process.send({"op": "unload", "id": number})
        self._changed()

    @property
    def _running(self) -> bool:
        """Whether the process there is will be there, as far as one knows."""
        gone = self.process is None or self.process.ended
        return not (gone or self._stopping or self._rebuilding is not None)

    def _send_model(self, model: ModelState) -> None:
        assert self.process is not None
        model.state, model.reason, model.fared = "loading", "", {}
        self.process.send({"op": "model", "id": model.number, "model": model.spec, "lanes": model.lanes})

    def _order(self, number: int, wish: Wish) -> Dict[str, Any]:
        return {
            "op": "camera", "id": number, "name": wish.name, "fps": wish.fps, "models": wish.floors,
            "weight": wish.weight, "priority": wish.priority, "boost": wish.boost, "budget": wish.budget,
            "looks": dict(wish.looks),
        }  # fmt: skip

    def _connect(self, number: int) -> None:
        if not self._running:
            return
        assert self.process is not None
        for_inference, for_camera = Channel.pair()
        self.process.send(self._order(number, self._wishes[number]), [for_inference.fileno()])
        for_inference.close()
        self._camera_end(number, for_camera)
        for_camera.close()

    def _heard(self, message: Message) -> None:
        news = message.control
        if news is None:
            self._on_result(message.data)
            return
        self._last_beat, self._patience = self._loop.time(), HEARTBEAT_S
        if news.get("op") == "beat":
            for lane in news["lanes"]:
                model = self.models.get(lane["id"])
                if model is not None:
                    model.pictures.add(news["time"] / 1e9, lane["pictures"])
                    model.busy.add(news["time"] / 1e9, lane["busy_ns"])
            self.missed = {int(number): count for number, count in news["missed"].items()}
            self.expired = {int(number): count for number, count in news["expired"].items()}
            self.limits.heard(self._loop.time(), news["limits"])
        elif news.get("op") == "model":
            self._model_changed(news)

    def _model_changed(self, news: Dict[str, Any]) -> None:
        model = self.models.get(news["id"])
        if model is None or (model.lanes is None and "lane" in news):
            return  # of a lane that was taken away meanwhile
        lane = news.get("lane", 0)
        ran = model.fared.get(lane, ("",))[0] == "ready"
        if news["state"] == "failed" and not ran and self.refused(model, lane, news.get("error", ""), news["reason"]):
            return
        model.fared[lane] = news["state"], news["reason"] or news.get("note", "")
        states = [state for state, _ in model.fared.values()]
        if news["state"] == "ready":
            model.state, model.reason = "ready", ""
            model.backend, model.input = news["backend"], news["input"]
            self.state, self.reason = "running", ""
            shape = "x".join(str(n) for n in model.input)
            device = (model.lanes or [{}])[lane].get("device", "")
            log.event(_logger, "model ready", model=model.name, backend=model.backend, device=device, input=shape)
        else:
            if states.count("failed") >= len(model.lanes or ()):
                model.state, model.reason = "failed", news["reason"]
                if news.get("error") == "OutOfMemory" and not ran and model.lanes is not None:
                    # A build may have had the memory, or another process.
                    self._loop.call_later(FAILED_RETRY_S, self._once_more, model, model.lanes)
            log.event(_logger, "model failed", logging.ERROR, model=model.name, reason=news["reason"])
            if all(other.state == "failed" for other in self.models.values()):
                self.state, self.reason = "failed", "none of the models can be run"
            if ran and self.process is not None:
                # What loaded and ran does not fail by itself: its process is not to be trusted any more.
                self.process.kill()
        self._on_model(model)
        self._changed()

    def _once_more(self, model: ModelState, lanes: List[Dict[str, Any]]) -> None:
        """Try lanes again for which there was no memory."""
        if self.models.get(model.number) is not model or model.lanes is not lanes or model.state != "failed":
            return
        if self._running:
            assert self.process is not None
            self.process.send({"op": "unload", "id": model.number})
            self.provide(model.number, lanes)

    def _ended(self, status: int, last_words: str) -> None:
        if self._stopping or self._rebuilding is not None:
            return
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        loading = ", ".join(model.name for model in self.models.values() if model.state == "loading")
        if loading:
            how += f" while loading {loading}"
        self._again(f"the inference process {how}{': ' + last_words if last_words and status > 0 else ''}")

    def _again(self, reason: str) -> None:
        worked = self._loop.time() - self._started
        self._failures = 1 if worked >= WORKED_S else self._failures + 1
        delay = self._backoff.delay(worked)
        self.state, self.reason = "restarting", reason
        if self._failures >= MOST_FAILURES:
            delay = FAILED_RETRY_S
            self.state, self.reason = "failed", f"{self._failures} times in a row, {reason}"
        self.restarts += 1
        for model in self.models.values():
            if model.lanes is not None:
                model.state = "loading"
        log.event(_logger, "inference process lost", logging.ERROR, reason=self.reason, next_try_s=round(delay, 1))
        self._retry = self._loop.call_later(delay, self.start)
        self._changed()
