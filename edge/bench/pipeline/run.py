"""The daemon's own parts, run for a while to be measured: its cameras, its inference and what it makes of results,
without its spool, its broker and its local socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from edge.bench.pipeline.figures import CameraTally, LaneTally, Stages
from edge.bench.pipeline.outlet import CountingOutlet
from edge.bench.pipeline.processes import Account, Share, machine_cpu_s
from edge.config import CameraConfig, Config
from edge.daemon.cameras import Cameras
from edge.daemon.engines import Engines
from edge.daemon.inference import Inference
from edge.daemon.model_state import ModelState
from edge.daemon.models import Model, ModelSet
from edge.daemon.python import own_python
from edge.daemon.rates import stages_ms
from edge.errors import EngineError
from edge.wire.channel import Channel
from edge.wire.messages import unpack_result

_LOOK_S = 0.5
_STOOD_S = 3.0
# From the first analysed picture of every camera on: until rates and queues are as they stay.
_SETTLE_S = 2.0
#: So long a camera has for its first picture, once the models are there; the others are measured without it then.
PATIENCE_S = 30.0
# The same where all that have none are known to be away, or broken.
_AWAY_S = 4.0
_COMING = ("starting", "online", "frozen")
#: ``told(phase, done, words)``: how far it is.
Told = Callable[[str, Optional[float], str], None]


class Measured(NamedTuple):
    """``seconds``: measured; 0 where it was ended before that. ``machine``: cores that were busy, whoever with."""

    seconds: float
    interrupted: bool
    cameras: Dict[str, CameraTally]
    lanes: Dict[str, LaneTally]
    stages: Stages
    shares: List[Share]
    machine: float
    events: int
    states: Dict[str, Dict[str, object]]
    models: Dict[str, ModelState]


class Run:
    """``await run()`` once. ``cameras`` as they are to be run, ``models`` loaded."""

    def __init__(
        self, config: Config, cameras: Dict[str, CameraConfig], models: Dict[str, Model], seconds: float, told: Told,
        folder: Path,
    ) -> None:  # fmt: skip
        self._wanted, self._loaded, self._seconds, self._told = cameras, models, seconds, told
        self._stop = asyncio.Event()
        self._interrupted = False
        python = own_python() if config.workers.python == "auto" else config.workers.python
        self._outlet = CountingOutlet(config, folder)
        self._inference = Inference(python, self._result, self._give_socket, _nothing, self._model_heard)
        self._engines = Engines(python, config.workers.threads)
        self._models = ModelSet(self._inference, self._engines, self._exchanged)
        self._cameras = Cameras(python, self._outlet, self._models, self._inference, _nothing)
        self._tallies = {name: CameraTally() for name in cameras}
        self._lanes = {name: LaneTally() for name in models}
        self._stages = Stages()
        self._account = Account()
        self._names: Dict[int, str] = {}
        self._measuring = False

    async def run(self) -> Measured:
        """Raises EngineError where no model can be run. Ends early, with what there is, on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for ending in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(ending, self._end)
        try:
            self._models.change(self._loaded)
            for name, camera in self._wanted.items():
                self._cameras.add(name, camera)
                self._names[self._cameras.by_name[name].number] = name
            await self._until_ready()
            await self._pause(_SETTLE_S)
            return await self._measure()
        finally:
            for ending in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(ending)
            self._measuring = False
            await asyncio.gather(self._engines.stop(), self._inference.stop(), self._cameras.stop())

    def _end(self) -> None:
        self._interrupted = True
        self._stop.set()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    # ---- until everything runs -----------------------------------------------------------------------------------

    async def _until_ready(self) -> None:
        """Until every model is there and every camera has had a picture analysed, or has had time enough for it."""
        loop = asyncio.get_running_loop()
        there: Optional[float] = None
        while not self._stop.is_set():
            states = list(self._inference.models.values())
            waiting = [name for name, watch in self._cameras.watches.items() if not watch.pictures]
            starting = any(self._cameras.by_name[name].state in _COMING for name in waiting)
            if not any(model.state in ("building", "loading") for model in states):
                if not any(model.state == "ready" for model in states):
                    raise EngineError("; ".join(f"{model.name}: {model.reason}" for model in states))
                there = loop.time() if there is None else there
                if not waiting or loop.time() - there > (PATIENCE_S if starting else _AWAY_S):
                    return
            self._tell_starting(states, waiting)
            await self._look_after()

    def _tell_starting(self, models: List[ModelState], waiting: List[str]) -> None:
        for model in models:
            if model.progress is not None:
                self._told(model.progress.phase, model.progress.done, f"{model.name}: {model.progress.phase}")
                return
        loading = [model.name for model in models if model.state == "loading"]
        what = f"loading {', '.join(loading)}" if loading else f"waiting for pictures of {', '.join(waiting[:3])}"
        self._told("start", None, what)

    async def _look_after(self) -> None:
        began = time.monotonic()
        await self._pause(_LOOK_S)
        # After a pause of this whole process nobody's heartbeat has been read yet: that is no worker's fault.
        if time.monotonic() - began < _STOOD_S:
            self._inference.check_heartbeat()
            self._cameras.check_heartbeats()

    # ---- measuring -----------------------------------------------------------------------------------------------

    async def _measure(self) -> Measured:
        for name, tally in self._tallies.items():
            tally.before = self._counts(name)
        events, machine, began = self._outlet.events, machine_cpu_s(), time.monotonic()
        self._account.look(self._parts())
        self._measuring = True
        while not self._stop.is_set() and time.monotonic() - began < self._seconds:
            await self._look_after()
            self._sample((time.monotonic() - began) / self._seconds)
        seconds = time.monotonic() - began
        self._account.look(self._parts())
        self._measuring = False
        for name, tally in self._tallies.items():
            now = self._counts(name)
            tally.pictures, tally.lost, tally.missed, tally.expired, tally.events, tally.restarts = (
                max(0, count - before) for count, before in zip(now, tally.before)
            )
        return Measured(
            0.0 if self._interrupted and seconds < _LOOK_S else seconds, self._interrupted, self._tallies, self._lanes,
            self._stages, self._account.shares(seconds), (machine_cpu_s() - machine) / max(seconds, 1e-9),
            self._outlet.events - events, {name: self._state(name) for name in self._tallies},
            {model.name: model for model in self._inference.models.values()},
        )  # fmt: skip

    def _sample(self, done: float) -> None:
        now = time.monotonic()
        self._account.look(self._parts())
        decoded = analysed = 0.0
        for name, tally in self._tallies.items():
            camera = self._cameras.by_name[name]
            tally.decoded.add(camera.frames.rate(now) if camera.delivering else 0.0)
            decoded += tally.decoded.value
            analysed += self._cameras.watches[name].analysed.rate(now)
        for model in self._inference.models.values():
            if model.name in self._lanes:
                self._lanes[model.name].rate.add(model.pictures.rate(now))
                self._lanes[model.name].busy.add(model.busy.rate(now) / 1e9)
        self._told("measure", min(1.0, done), f"{decoded:.0f} pictures/s decoded, {analysed:.0f} analysed")

    def _parts(self) -> Dict[Tuple[str, str], Optional[int]]:
        parts: Dict[Tuple[str, str], Optional[int]] = {}
        for name, camera in self._cameras.by_name.items():
            process = camera.process
            parts["capture", name] = None if process is None or process.ended else process.pid
        process = self._inference.process
        parts["inference", ""] = None if process is None or process.ended else process.pid
        parts["daemon", ""] = os.getpid()
        return parts

    def _counts(self, name: str) -> Tuple[int, ...]:
        camera, watch, inference = self._cameras.by_name[name], self._cameras.watches[name], self._inference
        missed, expired = inference.missed.get(camera.number, 0), inference.expired.get(camera.number, 0)
        return watch.pictures, watch.lost, missed, expired, watch.events, camera.restarts

    def _state(self, name: str) -> Dict[str, object]:
        camera = self._cameras.by_name[name]
        size = [camera.width, camera.height] if camera.width else None
        return {
            "state": camera.state, "reason": camera.reason, "codec": camera.codec, "decoder": camera.decoder,
            "memory": camera.memory or "system", "note": camera.note, "size": size,
            "limited_by": self._inference.limited_by(camera.number),
        }  # fmt: skip

    # ---- between the parts, as in the daemon ---------------------------------------------------------------------

    def _give_socket(self, number: int, end: Channel) -> None:
        self._cameras.give_socket(number, end)

    def _model_heard(self, model: ModelState) -> None:
        self._models.heard(model)

    def _exchanged(self, names: Set[str]) -> None:
        self._cameras.refresh(names)

    def _result(self, data: bytes) -> None:
        header, boxes = unpack_result(data)
        self._cameras.result(header, boxes)
        name = self._names.get(header.camera)
        # What a second model says of an object is no picture more.
        if self._measuring and name is not None and not header.object:
            now, times = time.monotonic_ns(), header.times
            stages = stages_ms(times)
            stages.update(events=(now - times.finished) / 1e6, total=(now - times.captured) / 1e6)
            self._stages.add(stages)
            self._tallies[name].stages.add(stages)


def _nothing() -> None:
    """Nobody waits to hear of it: it is looked at now and then."""
