"""Snapshots and clips: which events get one, who makes it, and what becomes of it.

An event names its files before they are there, by its own id. The capture process makes them out of what it keeps of
the camera's stream; then the picture is sent, or ``snapshot.failed`` follows the event; a clip is followed by
``clip.ready`` or ``clip.failed``, whose ``of`` is the event that began it: its id is the file's name, whichever events
share it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Protocol

from edge import log
from edge.config import CameraConfig
from edge.daemon.evidence.clips import Clip, Clips
from edge.daemon.evidence.covers import Covers
from edge.daemon.evidence.requests import Requests, Source
from edge.daemon.evidence.snapshots import Snapshot, Snapshots
from edge.daemon.evidence.thread import DiskThread
from edge.daemon.evidence.wanted import masks, record_order, snapshot_order, wants
from edge.daemon.outlet import Pictures, Shown
from edge.errors import EdgeError
from edge.events.event import Event
from edge.events.evidence.places import Place
from edge.events.evidence.store import Store
from edge.events.evidence.unfinished import REASON, Unfinished, unfinished
from edge.events.factory import EventFactory

_logger = logging.getLogger("edge.evidence")
_FIRST_TIDY_S = 5.0
_TIDY_S = 60.0
# What is under way when the daemon ends gets so long.
_STOP_S = 1.5


class Put(Protocol):
    """The spool's."""

    def __call__(self, kind: str, camera: str, type: str, payload: bytes) -> None: ...


class Evidence(Pictures):
    """``camera(name)`` is the camera of that name; ``tell`` takes the events that follow; ``commanded``: whether a
    snapshot may be ordered at any time; ``covers``: what is known of masks. For the loop's thread, but for
    :meth:`read`.
    """

    def __init__(
        self,
        store: Store,
        factory: EventFactory,
        tell: Callable[[Event], None],
        put: Put,
        camera: Callable[[str], Optional[Source]],
        commanded: bool,
        covers: Optional[Covers] = None,
    ) -> None:
        self.commanded = commanded
        self.made = self.failed = 0
        #: The newest picture of a camera is to be taken back from the broker.
        self.take_back: Callable[[str], None] = lambda camera: None
        self.thread = DiskThread()
        self._store, self._factory, self._tell, self._put, self._camera = store, factory, tell, put, camera
        self._requests = Requests(store, self.thread)
        self._snapshots = Snapshots(self._requests, store, self.thread, self._snapshot_done)
        self._clips = Clips(self._requests, self._clip_done)
        self._ids = factory.ids  # the events': a mask has its place among them
        self._covers = Covers() if covers is None else covers
        self._commands: Dict[str, asyncio.Future[str]] = {}
        self._tidying: Optional[asyncio.Task[None]] = None

    def start(self, history: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        """``history()``: the payloads of the newest events, the newest first, a thousand of the last hour at most."""
        self._store.start()
        self._tidying = asyncio.get_running_loop().create_task(self._tidy())
        self._requests.begin(self._look_back(history))

    async def stop(self) -> None:
        """Keep what comes of what is under way; the capture processes are gone by now."""
        if self._tidying is not None:
            self._tidying.cancel()
        until = time.monotonic() + _STOP_S
        # Some of it is left for what the thread then has to remove.
        await self._requests.finished(_STOP_S * 0.8)
        await self.thread.end(max(0.0, until - time.monotonic()))

    def change(self, max_size: int, max_age: float, commanded: bool) -> None:
        """Other bounds; and where ``commanded`` changes, cameras are to be told what they keep."""
        self._store.change(max_size, max_age)
        self.commanded = commanded

    def status(self) -> Dict[str, Any]:
        return {**self._store.status(), "under_way": len(self._requests), "made": self.made, "failed": self.failed}

    # ---- events --------------------------------------------------------------------------------------------------

    def named(self, event: Event, shown: Shown) -> Event:
        """The event, with the names of its files. One whose camera delivers nothing gets none."""
        if event.object is None or event.camera is None:
            return event
        camera = self._camera(event.camera)
        if camera is None or not camera.delivering:
            return event
        said: Dict[str, str] = {}
        if wants(camera.config.snapshots.events, event):
            said["snapshot"] = str(Place(event.camera, event.time[:10], f"{event.id}.jpg"))
        if wants(camera.config.clips.events, event):
            new = str(Place(event.camera, event.time[:10], f"{event.id}.mp4"))
            said["clip"] = self._clips.path(camera, shown.moment, new)
        return dataclasses.replace(event, **said) if said else event  # type: ignore[arg-type]

    def order(self, event: Event, shown: Shown) -> None:
        """Have them made. The spool has the event: what follows comes after it."""
        camera = self._camera(event.camera or "")
        if camera is None:
            return
        if event.snapshot is not None:
            snapshot = Snapshot(
                event.id, camera.name, event.snapshot, event.time, camera.config.snapshots.publish
            )  # fmt: skip
            self._snapshots.order(camera, snapshot, snapshot_order(camera.config, event, shown.picture))
        if event.clip is not None:
            self._clips.order(camera, event.id, event.clip, shown.moment)

    def read(self, path: str) -> Optional[bytes]:
        """A snapshot, for the broker; None where it is gone, or shows what was masked since. Any thread."""
        return None if self._covers.hides(path) else self._store.read(path)

    async def snapshot(self, name: str) -> str:
        """The newest picture of a camera: where it lies, once it does. Raises EdgeError in words."""
        camera = self._camera(name)
        if camera is None:
            raise EdgeError(f"no camera is called {name}")
        if not camera.delivering:
            raise EdgeError(f"the camera {name} is {camera.state}: there is no picture")
        event, now = self._ids(), self._factory.now()
        path = str(Place(name, now[:10], f"{event}.jpg"))
        done = self._commands[event] = asyncio.get_running_loop().create_future()
        snapshot = Snapshot(event, name, path, now, camera.config.snapshots.publish)
        self._snapshots.order(camera, snapshot, snapshot_order(camera.config, None, None))
        try:
            reason = await done
        finally:
            del self._commands[event]
        if reason:
            raise EdgeError(f"no picture of {name}: {reason}")
        return path

    # ---- capture processes ---------------------------------------------------------------------------------------

    def record_order(self, config: CameraConfig) -> Optional[Dict[str, Any]]:
        """What a camera's process keeps of its stream."""
        return record_order(config, self.commanded)

    def heard(self, camera: Source, news: Mapping[str, Any]) -> None:
        """A capture process's answer to a request."""
        self._requests.heard(camera, news)

    def covered(self, camera: Source) -> None:
        """The camera may have masks that it had not: they hold for what is under way, too."""
        self._clips.cover(camera)
        self.known(camera.name, camera.config)

    def known(self, name: str, config: CameraConfig) -> None:
        """A camera as it is now. Pictures from before it was given a mask do not leave the device any more."""
        if self._covers.see(name, masks(config), self._ids()):
            self.take_back(name)
        if self._covers.changed:
            said = self._covers.said()
            self.thread.later(lambda: self._covers.write(said))

    def leaving(self, camera: Source) -> None:
        """Its process is about to be ended, or its name to change."""
        self._clips.finish(camera)

    def gone(self, camera: Source, reason: str) -> None:
        """Its process is gone: what it was asked for cannot be had any more."""
        self._requests.gone(camera, reason)

    # ---- what comes of it ----------------------------------------------------------------------------------------

    def _snapshot_done(self, snapshot: Snapshot, reason: str) -> None:
        self._count(reason)
        if not reason and snapshot.publish and not self._covers.hides(snapshot.path):
            self._publish(snapshot.event, snapshot.camera, snapshot.path, snapshot.time)
        waiting = self._commands.get(snapshot.event)
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(reason)
        elif reason:
            self._tell(self._factory.evidence("snapshot.failed", snapshot.camera, snapshot.event, reason=reason))

    def _clip_done(self, clip: Clip, news: Mapping[str, Any], reason: str) -> None:
        self._count(reason)
        if reason:
            self._tell(self._factory.evidence("clip.failed", clip.camera, clip.event, reason=reason))
            return
        start, end = news.get("start"), news.get("end")
        lasted = end - start if isinstance(start, int) and isinstance(end, int) else 0
        seconds = round(max(0, lasted) / 1e9, 3)
        self._tell(
            self._factory.evidence("clip.ready", clip.camera, clip.event, clip=clip.path, duration_s=seconds)
        )  # fmt: skip

    def _publish(self, event: str, camera: str, path: str, at: str) -> None:
        said = {"event": event, "camera": camera, "file": path, "time": at}
        self._put("picture", camera, "", json.dumps(said, separators=(",", ":")).encode())

    def _count(self, reason: str) -> None:
        if reason:
            self.failed += 1
        else:
            self.made += 1

    async def _look_back(self, history: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        """Tell of what the daemon before this one could not finish."""

        def look() -> Unfinished:
            return unfinished(history(), self._store.has, self._factory.boot_id)

        try:
            found = await self.thread.run(look)
            for missing in found.missing:
                self._tell(self._factory.evidence(missing.kind, missing.camera, missing.of, reason=REASON))
            for event in found.pictures:
                camera = self._camera(event["camera"])
                if self._covers.hides(event["snapshot"]) or self._covers.hides_before(event["camera"]):
                    continue
                if camera is not None and camera.config.snapshots.publish:
                    self._publish(event["id"], event["camera"], event["snapshot"], event["time"])
        except Exception as error:  # whatever the history is like, the daemon goes on
            log.event(_logger, "the events before this start cannot be looked at", logging.WARNING, reason=str(error))

    async def _tidy(self) -> None:
        """Now and then, a little at a time: whoever wants to write is not kept waiting for long."""
        await asyncio.sleep(_FIRST_TIDY_S)
        while True:
            while await self.thread.run(self._store.tidy):
                pass
            await asyncio.sleep(_TIDY_S)
