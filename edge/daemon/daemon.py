"""The daemon: owns every part, hands what one part says to the others, and ends them all in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Dict, Optional, Set

import edge
from edge import log
from edge.config import Config
from edge.config.plan import Plan
from edge.daemon import status
from edge.daemon.cameras import Cameras
from edge.daemon.control import ControlServer
from edge.daemon.engines import Engines
from edge.daemon.evidence.covers import Covers
from edge.daemon.evidence.evidence import Evidence
from edge.daemon.homeassistant import HomeAssistant
from edge.daemon.inference import Inference
from edge.daemon.model_state import ModelState
from edge.daemon.models import ModelSet
from edge.daemon.notify import Notifier
from edge.daemon.outlet import Outlet
from edge.daemon.process import WorkerProcess
from edge.daemon.python import own_python
from edge.daemon.reload import Candidate, ConfigState, Reload, start_up
from edge.daemon.steering import Steering
from edge.errors import ConfigError, EdgeError, Problem
from edge.events.evidence.store import Store
from edge.events.spool import Bounds, Trouble
from edge.models.folders import state_folder
from edge.telemetry.telemetry import MODULE, Telemetry
from edge.wire.channel import Channel
from edge.wire.messages import unpack_result

_logger = logging.getLogger("edge.daemon")
_CHECK_S = 1.0
# Of the 5 s that a stop may take: the workers have 2.5 s and a kill, the broker what is left of this.
_BROKER_S = 1.5
_STOP_S = 4.5
# READY is said when the first camera is online, or after this: a box whose cameras are away has started too.
_READY_S = 15.0
# How often the device's state tells how many events wait, where nothing else changes in it.
_WAITING_S = 30.0
# What systemd grants a start or a stop from each second on in which a model still loads.
_LOADING_S = 30.0


class Daemon:
    """``await run()`` returns when SIGTERM or SIGINT asked for it and everything has ended.

    What it returns is None, or the configuration to go on with: one that changes what nothing but a new start can.
    """

    def __init__(self, begin: Candidate, state: ConfigState, notifier: Notifier) -> None:
        self.config = config = begin.config
        self.config_state, self.notifier = state, notifier
        self.started = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self.outlet = Outlet(config, state_folder(), self._trouble)
        self.evidence = Evidence(
            Store(_evidence_folder(config), config.evidence.max_size, config.evidence.max_age),
            self.outlet.factory, self.outlet.event, self.outlet.spool.put,
            lambda name: self.cameras.by_name.get(name), "snapshot" in config.mqtt.commands,
            Covers(state_folder() / "masks" / f"{config.device}.json"),
        )  # fmt: skip
        self.outlet.pictures = self.evidence
        python = own_python() if config.workers.python == "auto" else config.workers.python
        self.inference = Inference(
            python, self._result, self._give_socket, self._changed, self._model_heard
        )
        self.engines = Engines(python, config.workers.threads)
        self.models = ModelSet(self.inference, self.engines, self._models_exchanged, self._changed)
        self.cameras = Cameras(
            python, self.outlet, self.models, self.inference, self._changed, self.evidence
        )  # fmt: skip
        self.homeassistant = HomeAssistant(
            self.outlet.publisher, state_folder() / f"homeassistant-{config.device}.json",
            edge.__version__, self.models.labels,
        )  # fmt: skip
        self.telemetry = Telemetry(
            config.telemetry, [python, sys.executable],
            lambda python, heard, ended: WorkerProcess(python, MODULE, "telemetry", heard, ended),
            self._telemetry, self._device_is, self.cameras.govern,
        )  # fmt: skip
        self.control = ControlServer(config.device, {"status": lambda _: status.snapshot(self)})
        self.reload = Reload(begin, state, self._apply, self._reload_begins, self._reload_done)
        self.steering = Steering(
            state_folder(), config.device, self.outlet.publisher, self._switched, self.evidence.snapshot,
            self.reload.now, self.outlet.factory.now,
        )  # fmt: skip
        self._begin = begin
        self._next: Optional[Candidate] = None
        self._stop = asyncio.Event()
        self._ready = False
        self._terminal = _terminal()
        self._last_tick = self._told_waiting = time.monotonic()
        self._waiting = 0

    async def run(self) -> Optional[Candidate]:
        """Serve until told to stop. Raises EdgeError when the device's name is taken."""
        loop = asyncio.get_running_loop()
        await self.control.start()
        for ending in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(ending, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        log.event(
            _logger, "edge starts", version=edge.__version__, device=self.config.device,
            config=str(self.config.path), cameras=len(self.config.cameras), models=len(self.config.models),
        )  # fmt: skip
        for name, camera in self.config.cameras.items():
            self.evidence.known(name, camera)  # before the first picture that waits is sent
        try:
            await loop.run_in_executor(None, self.outlet.start)  # a damaged file takes its time to be mended
        except EdgeError:
            await self.control.stop()
            raise
        self.evidence.start(self.outlet.lately)
        self.outlet.event(self.outlet.factory.device_state("start"))
        self.models.change(self._begin.models)
        self.steering.change(self.config)
        for name in self.config.cameras:
            self.cameras.add(name, *self.steering.holding(name))
        self.homeassistant.change(self.config)
        self.control.open()
        self.telemetry.start()
        self._changed()
        await self.reload.start()
        if not self.config_state.running:
            await self.reload.keep()
        # All that is there by now stays: the collector need not look through it for every so many events.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20000, 20, 20)
        self._ticker = loop.call_later(_CHECK_S, self._tick)
        try:
            await self._stop.wait()
        finally:
            self._ticker.cancel()
            await self._end()
        return self._next

    async def _end(self) -> None:
        if self._next is None:
            self.notifier.stopping()
        log.event(_logger, "edge stops")
        loop, end = asyncio.get_running_loop(), time.monotonic() + _STOP_S
        renamed = self._next is not None and self._next.config.device != self.config.device
        await self.reload.stop()
        await self.steering.stop()
        # The workers first, all at once: what they still send is not lost, and the broker hears of it.
        await asyncio.gather(self.engines.stop(), self.inference.stop(), self.cameras.stop(), self.telemetry.stop())
        await self.evidence.stop()
        if renamed:
            self.homeassistant.withdraw()
            self.outlet.withdraw()
        self.outlet.event(self.outlet.factory.device_state("stop"))
        left = await loop.run_in_executor(None, self.outlet.stop, max(0.6, min(_BROKER_S, end - time.monotonic())))
        if left:
            log.event(
                _logger, "events wait for the broker until " + ("the device has this name again" if renamed else
                "the next start"), logging.WARNING, events=left, file=str(self.outlet.file),
            )  # fmt: skip
        await loop.run_in_executor(None, self.homeassistant.stop)
        await self.control.stop()

    def _tick(self) -> None:
        now = time.monotonic()
        # After a pause of the whole daemon nobody's heartbeat has been read yet: that is no worker's fault.
        if now - self._last_tick < 3 * _CHECK_S:
            self.inference.check_heartbeat()
            self.cameras.check_heartbeats()
            self.telemetry.check_heartbeat()
        self._last_tick = now
        self._notify(now)
        if now - self._told_waiting > _WAITING_S and self.outlet.spool.waiting != self._waiting:
            self._changed()
        self._ticker = asyncio.get_running_loop().call_later(_CHECK_S, self._tick)
        self.homeassistant.tick()

    def _notify(self, now: float) -> None:
        """Tell systemd. This loop is alive, being here; a broker or a camera that is away is no reason for silence."""
        words = status.words(self)
        if any(model.state in ("building", "loading") for model in self.inference.models.values()):
            self.notifier.extend(_LOADING_S)  # an engine may take minutes to build
        if not self._ready:
            cameras = [camera for camera in self.cameras.by_name.values() if camera.config.enabled]
            if any(camera.delivering for camera in cameras) or not cameras or now - self.started > _READY_S:
                self._ready = True
                self.notifier.ready(words)
        self.notifier.status(words)
        if self.outlet.alive(now) and self.reload.alive:
            self.notifier.watchdog()

    def _hang_up(self) -> None:
        """SIGHUP: read the files again; or the terminal that this was started from is gone, and so is who watched."""
        if self._terminal and not _terminal():
            self._stop.set()
        else:
            self.reload.ask()

    # ---- an edit -------------------------------------------------------------------------------------------------

    def _reload_begins(self) -> None:
        if self._ready:
            self.notifier.reloading()

    def _reload_done(self) -> None:
        words = status.words(self)
        if self._ready:
            self.notifier.ready(words)
        self.notifier.status(words)
        self._changed()
        # What goes with an edit hangs together in circles: as garbage it would wait for much more of its kind.
        gc.collect()

    def _apply(self, plan: Plan, new: Candidate) -> None:
        """Do what the plan says, the smallest step for each part."""
        if any(step.op == "restart" for step in plan.steps):
            self._next = new
            self._stop.set()
            return
        self.config = config = new.config
        self.steering.change(config, plan.steps)
        cameras, holding = self.cameras, self.steering.holding
        touched = self.models.change(new.models)
        for step in plan.steps:
            if step.section == "mqtt":
                if self.outlet.reconnect(config.mqtt):
                    cameras.tell_all()
                    self.telemetry.tell()
            elif step.section == "spool":
                self.outlet.spool.change(Bounds.of(config.spool))
            elif step.section == "telemetry":
                self.telemetry.change(config.telemetry)
            elif step.section == "workers":
                self.models.set_threads(config.workers.threads)
            elif step.section == "camera":
                if step.op == "remove":
                    cameras.remove(step.name)
                elif step.op == "rename":
                    cameras.rename(step.name, step.new_name, holding(step.new_name)[0])
                elif step.op == "add":
                    cameras.add(step.name, *holding(step.name))
                elif step.op == "live":
                    cameras.change(step.name, holding(step.name)[0])
                else:
                    cameras.rebuild(step.name, *holding(step.name))
        self.evidence.change(config.evidence.max_size, config.evidence.max_age, "snapshot" in config.mqtt.commands)
        cameras.keep()
        self.outlet.publisher.refresh()
        cameras.refresh(touched)
        self.models.drop(new.models)
        cameras.order(config.cameras)
        if self.inference.state == "failed":
            self.inference.rebuild()  # whoever edits may have mended it
        self.homeassistant.change(config)

    # ---- between the parts ---------------------------------------------------------------------------------------

    def _give_socket(self, number: int, end: Channel) -> None:
        self.cameras.give_socket(number, end)

    def _result(self, data: bytes) -> None:
        header, boxes = unpack_result(data)
        with self.outlet.spool.together():
            self.cameras.result(header, boxes)

    def _trouble(self, trouble: Trouble) -> None:
        """The spool's, in its thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.outlet.trouble, trouble)

    def _model_heard(self, model: ModelState) -> None:
        self.models.heard(model)

    def _telemetry(self, said: Optional[Dict[str, Any]]) -> None:
        self.outlet.telemetry(said)
        self.homeassistant.telemetry(said)

    def _device_is(self, state: str, reason: str) -> None:
        self.outlet.event(self.outlet.factory.device_state(state, reason))

    def _switched(self, camera: str) -> None:
        """A command has turned it on or off."""
        self.cameras.rebuild(camera, *self.steering.holding(camera))

    def _models_exchanged(self, names: Set[str]) -> None:
        self.cameras.refresh(names)
        self.homeassistant.refresh()

    def _changed(self) -> None:
        self._told_waiting, self._waiting = time.monotonic(), self.outlet.spool.waiting
        self.outlet.device_state(status.device_state(self, self.outlet.factory.now()))
        if self._ready:
            self.notifier.status(status.words(self))


def _evidence_folder(config: Config) -> Path:
    told = config.evidence.folder
    return state_folder() / "evidence" / config.device if told is None else config.folder / Path(told).expanduser()


def _terminal() -> bool:
    """Whether this process has a terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


async def serve(path: Path, notifier: Notifier) -> None:
    """Run daemons until one was told to stop, each with the configuration that the one before could not change to.

    Raises ConfigError for a broken configuration where none has worked before, EdgeError when the device's name is
    taken.
    """
    candidate, state = start_up(path)
    before: Optional[Candidate] = None
    while True:
        log.set_level(candidate.config.logging.level)
        try:
            following = await Daemon(candidate, state, notifier).run()
        except EdgeError as error:
            if before is None:
                raise
            config = candidate.config
            state.reject(ConfigError([Problem(*config.origin(("device",)), "device", str(error))]), "the one before")
            candidate, before = before._replace(disk=candidate.disk), None
            continue
        if following is None:
            return
        candidate, before, state = following, candidate, ConfigState()
