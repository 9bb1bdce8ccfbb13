"""Opens cameras by capture processes, as the daemon does, and has a collector process take pictures of them."""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List, NamedTuple, Optional

from edge.cli.models_progress import PhaseLine
from edge.cli.terminal import clean
from edge.config import CameraConfig
from edge.daemon.camera import Camera
from edge.daemon.process import WorkerProcess
from edge.errors import EngineError
from edge.wire.channel import Channel, Message

MODULE = "edge.inference.collect"
_STOP_S = 2.0
_LOOK_S = 1.0
#: Without a picture of any camera for so long, they are not waited for any more.
_PATIENCE_S = 60.0


class Tally(NamedTuple):
    """How many pictures there are, of each camera too. ``new``: so many of this run."""

    kept: int
    cameras: Dict[str, int]
    new: int


class Collecting:
    """``order``: the collector's, see edge.inference.collect. ``limit_s``: how long it may take.

    Use as ``await Collecting(…).run()``; whatever ends that, the processes are gone then.
    """

    def __init__(
        self, python: str, order: Dict[str, Any], cameras: Dict[str, CameraConfig], limit_s: float, line: PhaseLine
    ) -> None:
        self._python, self._limit_s, self._line = python, limit_s, line
        self._order = {**order, "op": "collect", "cameras": list(cameras)}
        self._configs = cameras
        self._loop = asyncio.get_running_loop()
        self._cameras: List[Camera] = []
        self._told: Optional[Dict[str, Any]] = None
        self._before = 0
        self._seen_at = self._loop.time()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._states: Dict[str, str] = {}

    async def run(self) -> Tally:
        """Collect until as many are there as are wanted, the time is over, or no camera gives any more.

        Raises EngineError where none could be collected.
        """
        try:
            self._worker = WorkerProcess(self._python, MODULE, "pictures", self._heard, self._ended)
        except OSError as error:
            raise EngineError(f"the collector cannot be started: {self._python}: {error.strerror}") from None
        ticker = self._loop.create_task(self._tick())
        try:
            self._worker.send(self._order)
            await self._over
        finally:
            ticker.cancel()
            await asyncio.gather(self._worker.stop(_STOP_S), *(camera.stop() for camera in self._cameras))
        told = self._told or {"kept": 0, "cameras": {}}
        return Tally(told["kept"], told["cameras"], told["kept"] - self._before)

    def _open(self) -> None:
        for number, (name, config) in enumerate(self._configs.items(), 1):
            camera = Camera(number, name, config, self._python, self._link, self._changed)
            self._cameras.append(camera)
            camera.start()

    def _link(self, camera: Camera) -> None:
        if self._over.done() or camera.process is None:
            return
        ours, theirs = Channel.pair()
        self._worker.send({"op": "camera", "name": camera.name}, [ours.fileno()])
        camera.process.send({"op": "inference"}, [theirs.fileno()])
        ours.close()
        theirs.close()

    def _changed(self, camera: Camera) -> None:
        state = f"{camera.state}: {camera.reason}" if camera.reason else camera.state
        if self._states.get(camera.name) != state and not self._over.done():
            self._states[camera.name] = state
            self._line.say(f"{camera.name}: {clean(state)}")

    def _heard(self, message: Message) -> None:
        news = message.control or {}
        if news.get("op") == "collected":
            if self._told is None:
                self._before = news["kept"]
                if news["kept"] < self._order["count"]:
                    self._open()
            elif news["seen"] != self._told["seen"]:
                self._seen_at = self._loop.time()
            self._told = news
            each = ", ".join(f"{name} {kept}" for name, kept in sorted(news["cameras"].items()))
            words = f"{news['kept']} of {self._order['count']} pictures{f' ({each})' if each else ''}"
            self._line.update("collect", min(1.0, news["kept"] / self._order["count"]), words)
        elif news.get("op") == "full":
            self._end()
        elif news.get("op") == "end":
            self._end(EngineError(str(news["reason"])))

    def _ended(self, status: int, last_words: str) -> None:
        self._end(EngineError(f"the collector ended ({status}): {last_words}"))

    async def _tick(self) -> None:
        began = self._loop.time()
        patience = _PATIENCE_S + 2 * self._order["every"]
        while True:
            await asyncio.sleep(_LOOK_S)
            for camera in self._cameras:
                camera.check_heartbeat()
            now = self._loop.time()
            gone = self._cameras and all(camera.state == "ended" for camera in self._cameras)
            if gone or now - began > self._limit_s or (self._cameras and now - self._seen_at > patience):
                self._finish()

    def _finish(self) -> None:
        """No more will come: what there is has to do."""
        if self._told is not None and self._told["kept"]:
            self._end()
        else:
            states = "; ".join(f"{camera.name} {self._states.get(camera.name, '')}" for camera in self._cameras)
            self._end(EngineError(f"no camera gave a picture ({states or 'none was opened'}); see edge doctor"))

    def _end(self, error: Optional[EngineError] = None) -> None:
        if self._over.done():
            return
        if error is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(error)
