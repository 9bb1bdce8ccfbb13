"""All cameras: each one's process and what is seen in its pictures, and what an edit does to them one by one."""

from __future__ import annotations

import asyncio
import itertools
from typing import Callable, Dict, Iterable, Iterator, List, Optional

from edge.analytics import Happening, Look
from edge.config import CameraConfig
from edge.daemon import status
from edge.daemon.camera import Camera
from edge.daemon.evidence.evidence import Evidence
from edge.daemon.inference import Inference, Wish
from edge.daemon.models import ModelSet
from edge.daemon.outlet import Outlet, Shown
from edge.daemon.watch import Watch
from edge.events.homeassistant.labels import known_labels, zeros
from edge.wire.channel import Channel
from edge.wire.messages import ResultHeader

#: By ``priority``; each step is four times the weight.
_RANKS = {"low": -1, "normal": 0, "high": 1}


class Cameras:
    """``changed`` is called when the state of any of them has changed."""

    def __init__(
        self, python: str, outlet: Outlet, models: ModelSet, inference: Inference, changed: Callable[[], None],
        evidence: Optional[Evidence] = None,
    ) -> None:  # fmt: skip
        self.by_name: Dict[str, Camera] = {}
        self.watches: Dict[str, Watch] = {}
        self._python, self._outlet, self._models, self._inference = python, outlet, models, inference
        self._changed, self._evidence = changed, evidence
        if evidence is not None:
            evidence.take_back = outlet.take_back
        self._by_number: Dict[int, Camera] = {}
        self._last_number = 0
        #: Share of the wished rates that is analysed: less while the device is too hot.
        self._factor = 1.0
        #: Objects' numbers by camera. They go on when a camera comes back: none is given twice.
        self._ids: Dict[str, Iterator[int]] = {}
        #: Cameras that were taken away and whose process is not gone yet.
        self._leaving: Dict[Camera, asyncio.Task[None]] = {}

    # ---- what an edit does ---------------------------------------------------------------------------------------

    def add(self, name: str, config: CameraConfig, override: str = "") -> None:
        self._last_number += 1
        self.watches[name] = self._watch(name, config)
        camera = Camera(
            self._last_number, name, config, self._python, self._link, self._camera_changed, evidence=self._evidence,
            override=override,
        )  # fmt: skip
        camera.govern(self._factor)
        self.by_name[name] = self._by_number[camera.number] = camera
        self._tell_counts(name)
        self._tell(camera)
        # Many cameras serve few at a time: one that comes back waits until what was there before has let go.
        source = config.source_url().location
        leaving = [task for old, task in self._leaving.items() if old.config.source_url().location == source]
        if leaving:
            asyncio.get_running_loop().create_task(_start_after(leaving, camera))
        else:
            camera.start()

    def remove(self, name: str) -> None:
        camera, watch = self.by_name.pop(name), self.watches.pop(name)
        del self._by_number[camera.number]
        self._inference.unlink(camera.number)
        watch.flush("removed")
        self._outlet.event(self._outlet.factory.camera_state(name, "removed"))
        self._outlet.forget(name)
        task = asyncio.get_running_loop().create_task(camera.stop())
        self._leaving[camera] = task
        task.add_done_callback(lambda _: self._leaving.pop(camera))

    def rename(self, name: str, new: str, config: CameraConfig) -> None:
        """The process, its picture and its connection stay; what was seen under the old name ends."""
        camera, watch = self.by_name.pop(name), self.watches.pop(name)
        watch.flush("config")
        self._outlet.event(self._outlet.factory.camera_state(name, "removed"))
        self._outlet.forget(name)
        camera.rename(new, config)
        self.by_name[new], self.watches[new] = camera, self._watch(new, config)
        self._tell_counts(new)
        self._wish(camera)
        self._camera_changed(camera)

    def change(self, name: str, config: CameraConfig) -> None:
        """Rules, rates and models: the capture process goes on."""
        camera = self.by_name[name]
        camera.change(config)
        self._refresh(camera)

    def rebuild(self, name: str, config: CameraConfig, override: str = "") -> None:
        """Another source, or on or off."""
        camera = self.by_name[name]
        self.watches[name].flush("config")
        if not config.enabled:
            self._inference.unlink(camera.number)
        camera.rebuild(config, override)
        self._refresh(camera)

    def refresh(self, models: Iterable[str]) -> None:
        """These models have other numbers, labels or scores now."""
        touched = set(models)
        for camera in self.by_name.values():
            if touched & set(camera.config.models):
                self._refresh(camera)

    def govern(self, factor: float) -> None:
        """Analyse at this share of the wished rates."""
        self._factor = factor
        for camera in self.by_name.values():
            camera.govern(factor)
            self._wish(camera)

    def keep(self) -> None:
        """What is kept of the streams may be something else now: commands that need it are allowed, or no more."""
        for camera in self.by_name.values():
            camera.keep()

    def order(self, names: Iterable[str]) -> None:
        """The order in which they are shown: the files'."""
        self.by_name = {name: self.by_name[name] for name in names}

    def tell_all(self) -> None:
        """Publish the states and counts of all of them."""
        for name, camera in self.by_name.items():
            self._tell_counts(name)
            self._tell(camera)

    async def stop(self) -> None:
        """End all of them at once."""
        await asyncio.gather(*(camera.stop() for camera in self.by_name.values()), *self._leaving.values())
        for watch in self.watches.values():
            watch.flush("stop")

    # ---- between them and inference ------------------------------------------------------------------------------

    def give_socket(self, number: int, end: Channel) -> None:
        """The camera's end of its new socket to the inference process."""
        camera = self._by_number.get(number)
        if camera is not None and camera.process is not None:
            camera.process.send({"op": "inference"}, [end.fileno()])

    def result(self, header: ResultHeader, boxes: memoryview) -> None:
        camera, model = self._by_number.get(header.camera), self._models.name(header.model)
        # A picture that was under way when its camera went is not looked at: nothing would end what begins in it.
        if camera is not None and model is not None and camera.delivering:
            watch = self.watches[camera.name]
            watch.result(model, header, boxes)
            tracked = watch.analytics.objects() > 0
            if tracked != camera.tracked:
                self._track(camera, tracked)

    def _track(self, camera: Camera, tracked: bool) -> None:
        """While something is tracked, its camera is looked at more often than others."""
        camera.track(tracked)
        self._wish(camera)

    def check_heartbeats(self) -> None:
        for camera in self.by_name.values():
            camera.check_heartbeat()

    def _link(self, camera: Camera) -> None:
        """A camera's process waits for its socket to the inference process."""
        wish = self._wished(camera)
        if wish.floors:
            self._inference.link(camera.number, wish)

    def _wished(self, camera: Camera) -> Wish:
        config, watch = camera.config, self.watches[camera.name]
        rank = _RANKS[config.priority]
        return Wish(
            camera.name, config.fps * self._factor, self._models.numbered(watch.floors),
            config.weight * 4.0**rank, rank, camera.tracked, config.budget, self._models.wanted(watch.looks),
        )  # fmt: skip

    def _wish(self, camera: Camera) -> None:
        wish = self._wished(camera)
        if not wish.floors:
            self._inference.unlink(camera.number)
        elif not self._inference.wish(camera.number, wish) and camera.process is not None:
            self._inference.link(camera.number, wish)  # the first model that looks at it

    def _refresh(self, camera: Camera) -> None:
        models, watch = self._models, self.watches[camera.name]
        config = camera.config
        watch.change(config, models.labels(config), models.min_scores(config), models.looks(config))
        self._tell_counts(camera.name)
        self._wish(camera)

    def _watch(self, name: str, config: CameraConfig) -> Watch:
        ids = self._ids.setdefault(name, itertools.count(1))
        labels, scores = self._models.labels(config), self._models.min_scores(config)

        def publish(happening: Happening, stages: Dict[str, float], shown: Shown) -> None:
            self._outlet.happened(name, happening, stages, shown)

        def look(header: ResultHeader, looks: List[Look]) -> None:
            self._inference.answer(self._models.look(header.camera, header.model, header.sequence, looks))

        return Watch(config, labels, scores, ids, publish, self._models.looks(config), look)

    # ---- what is told of them ------------------------------------------------------------------------------------

    def _camera_changed(self, camera: Camera) -> None:
        if not camera.delivering:
            self.watches[camera.name].flush("camera")
        self._outlet.event(self._outlet.factory.camera_state(camera.name, camera.state, camera.reason or None))
        self._tell(camera)
        self._changed()

    def _tell_counts(self, name: str) -> None:
        """Also those of what was not seen yet: a number that nobody tells is taken for the one of the start before."""
        config, counts = self.by_name[name].config, self.watches[name].analytics.counts()
        known = known_labels(self._models.labels(config))
        self._outlet.counts(name, {**zeros(config, known), **counts}, config.zones)

    def _tell(self, camera: Camera) -> None:
        self._outlet.camera_state(camera.name, status.camera_state(camera, self._outlet.factory.now()))


async def _start_after(leaving: List[asyncio.Task[None]], camera: Camera) -> None:
    await asyncio.wait(leaving)
    camera.start()
