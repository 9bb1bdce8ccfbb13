"""The daemon: owns every part, hands what one part says to the others, and ends them all in order."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
import time
from typing import Any, Dict

import edge
from edge import log
from edge.analytics import Happening
from edge.config import CameraConfig, Config, check_labels
from edge.daemon import status
from edge.daemon.camera import Camera
from edge.daemon.control import ControlServer
from edge.daemon.inference import Inference, ModelState, Wish
from edge.daemon.models import engine_options, load_models
from edge.daemon.watch import Watch
from edge.errors import ConfigError
from edge.events.event import Event, count_topic
from edge.events.factory import EventFactory
from edge.events.publisher import Publisher
from edge.wire.channel import Channel
from edge.wire.messages import unpack_result

_logger = logging.getLogger("edge.daemon")
_CHECK_S = 1.0
# Of the 5 s that a stop may take: the workers have 2.5 s and a kill, the broker what is left of this.
_BROKER_S = 1.5


class Daemon:
    """``await run()`` returns when SIGTERM or SIGINT asked for it and everything has ended."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError when a model or a label is not what the configuration says."""
        self.config = config
        self.models, problems = load_models(config)
        problems += check_labels(config, {name: model.labels for name, model in self.models.items()})
        if problems:
            raise ConfigError(problems)
        self.started = time.monotonic()
        self.factory = EventFactory(config.device)
        self.publisher = Publisher(config.mqtt, config.device)
        self.cameras: Dict[str, Camera] = {}
        self.watches: Dict[str, Watch] = {}
        self._by_number: Dict[int, str] = {}
        self._model_names = {model.number: name for name, model in self.models.items()}
        self._base = f"{config.mqtt.prefix}/{config.device}"
        self._stop = asyncio.Event()
        self._last_tick = time.monotonic()
        self._python = sys.executable if config.workers.python == "auto" else config.workers.python
        states = {m.number: ModelState(m.number, m.name, m.worker) for m in self.models.values()}
        options = engine_options(config.workers.threads)
        self.inference = Inference(
            self._python, states, options, self._result, self._give_socket, self._inference_changed
        )
        self.control = ControlServer(config.device, {"status": lambda _: status.snapshot(self)})

    async def run(self) -> None:
        """Serve until told to stop. Raises EdgeError when the device's name is taken."""
        loop = asyncio.get_running_loop()
        await self.control.start()
        for ending in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(ending, self._stop.set)
        log.event(
            _logger, "edge starts", version=edge.__version__, device=self.config.device,
            config=str(self.config.path), cameras=len(self.config.cameras), models=len(self.models),
        )  # fmt: skip
        self.publisher.start()
        self._publish(self.factory.device_state("start"))
        for number, (name, camera) in enumerate(self.config.cameras.items(), 1):
            self._add_camera(number, name, camera)
        if self.models:
            self.inference.start()
        for added in self.cameras.values():
            added.start()
            self._publish_state(added)
        self._publish_device()
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

    def _add_camera(self, number: int, name: str, config: CameraConfig) -> None:
        used = [self.models[m] for m in config.models]
        self._by_number[number] = name
        self.watches[name] = Watch(
            config,
            {m.name: m.labels for m in used},
            {m.name: m.min_score for m in used},
            lambda happening, stages: self._happened(name, happening, stages),
        )
        self.cameras[name] = Camera(number, name, config, self._python, self._link, self._camera_changed)
        for (zone, label), count in self.watches[name].analytics.counts().items():
            topic = count_topic(self.config.mqtt.prefix, self.config.device, name, zone, label)
            self.publisher.publish(topic, b"%d" % count, retain=True)

    async def _end(self) -> None:
        log.event(_logger, "edge stops")
        # The workers first, all at once: what they still send is not lost, and the broker hears of it.
        await asyncio.gather(self.inference.stop(), *(camera.stop() for camera in self.cameras.values()))
        for watch in self.watches.values():
            watch.flush("stop")
        self._publish(self.factory.device_state("stop"))
        left = await asyncio.get_running_loop().run_in_executor(None, self.publisher.stop, _BROKER_S)
        if left:
            log.event(_logger, "not delivered to the broker", logging.WARNING, messages=left)
        await self.control.stop()

    def _tick(self) -> None:
        now = time.monotonic()
        # After a pause of the whole daemon nobody's heartbeat has been read yet: that is no worker's fault.
        if now - self._last_tick < 3 * _CHECK_S:
            self.inference.check_heartbeat()
            for camera in self.cameras.values():
                camera.check_heartbeat()
        self._last_tick = now
        self._ticker = asyncio.get_running_loop().call_later(_CHECK_S, self._tick)

    # ---- cameras and inference -------------------------------------------------------------------------------

    def _link(self, camera: Camera) -> None:
        """A camera's process waits for its socket to the inference process."""
        floors = {self.models[name].number: floor for name, floor in self.watches[camera.name].floors.items()}
        if floors:
            self.inference.link(camera.number, Wish(camera.name, camera.config.fps, floors))

    def _give_socket(self, number: int, end: Channel) -> None:
        camera = self.cameras[self._by_number[number]]
        if camera.process is not None:
            camera.process.send({"op": "inference"}, [end.fileno()])

    def _result(self, data: bytes) -> None:
        header, boxes = unpack_result(data)
        name, model = self._by_number.get(header.camera), self._model_names.get(header.model)
        # A picture that was under way when its camera went is not looked at: nothing would end what begins in it.
        if name is not None and model is not None and self.cameras[name].state == "online":
            with self.publisher.together():
                self.watches[name].result(model, header, boxes)

    def _camera_changed(self, camera: Camera) -> None:
        if camera.state != "online":
            self.watches[camera.name].flush("camera")
        self._publish(self.factory.camera_state(camera.name, camera.state, camera.reason or None))
        self._publish_state(camera)
        self._publish_device()

    def _inference_changed(self) -> None:
        self._publish_device()

    # ---- what goes out ---------------------------------------------------------------------------------------

    def _happened(self, camera: str, happening: Happening, stages: Dict[str, float]) -> None:
        self._publish(self.factory.make(camera, happening, stages or None))

    def _publish(self, event: Event) -> None:
        prefix = self.config.mqtt.prefix
        self.publisher.publish(event.topic(prefix), event.to_json())
        retained = event.retained(prefix)
        if retained is not None:
            self.publisher.publish(retained[0], retained[1], retain=True)

    def _publish_state(self, camera: Camera) -> None:
        state = status.camera_state(camera, self.factory.now())
        self.publisher.publish(f"{self._base}/cameras/{camera.name}/state", _json(state), retain=True)

    def _publish_device(self) -> None:
        state = status.device_state(self, self.factory.now())
        self.publisher.publish(f"{self._base}/state", _json(state), retain=True)


def _json(value: Dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
