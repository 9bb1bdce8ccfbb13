"""Clips: events close together share one, which is extended for each of them until it is long enough."""

from __future__ import annotations

import logging
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

from edge.daemon.evidence.requests import DEADLINE_S, Request, Requests, Source
from edge.daemon.evidence.wanted import masks
from edge.events.evidence.places import StoreError

_logger = logging.getLogger("edge.evidence")
_NS = 1_000_000_000


class Clip:
    """One under way. Times in nanoseconds of CLOCK_MONOTONIC."""

    def __init__(self, camera: Source, event: str, path: str, moment: int) -> None:
        clips = camera.config.clips
        #: The camera's name as the event has it, which began it and whose id it is called by.
        self.camera, self.event, self.path = camera.name, event, path
        self._longest = int(clips.max_length * _NS)
        self.start = max(0, moment - min(int(clips.before * _NS), self._longest))
        self.end = self._reach(moment, clips.after)
        self._masks = masks(camera.config) if clips.masked else []
        self.request = Request("clip", camera, path, self._order)

    def takes(self, moment: int, after: float) -> bool:
        """Whether an event of that moment can be in it, with all that is wanted after it."""
        whole = moment + int(after * _NS) <= self.start + self._longest
        return self.request.open and self.start <= moment <= self.end and whole

    def extend(self, moment: int, after: float) -> None:
        self._until(max(self.end, self._reach(moment, after)))

    def finish(self) -> None:
        """No longer than now."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        if now < self.end:
            self._until(now)

    def cover(self) -> None:
        """Its camera's configuration may have masks that it has not: they hold for all of it. None is taken away."""
        config = self.request.camera.config
        added = [mask for mask in masks(config) if mask not in self._masks] if config.clips.masked else []
        if added and self.request.open:
            self._masks = [*self._masks, *added]
            self._say({"masks": self._masks})

    def patience(self) -> float:
        """Seconds until it has to be there: a masked one is encoded anew first."""
        left = max(0, self.end - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) / _NS
        return left + (self.end - self.start) / _NS + DEADLINE_S

    def _reach(self, moment: int, after: float) -> int:
        return min(moment + int(after * _NS), self.start + self._longest)

    def _until(self, end: int) -> None:
        if end == self.end or not self.request.open:
            return
        self.end = end
        if self.request.number:
            self.request.patience(self.patience())
        self._say({})

    def _say(self, more: Dict[str, Any]) -> None:
        """Tell the process, if it has the order already; without its word on masks there is no clip."""
        if not self.request.sent:
            return
        try:
            order = {"op": "clip", "request": self.request.number, "to": self.end, **more}
            told, why = self.request.camera.ask(order, []), "its capture process could not be told of masks"
        except (OSError, ValueError) as error:
            told, why = False, f"its capture process could not be told of masks: {error}"
        if not told and more:
            self.request.fail(why)

    def _order(self) -> Dict[str, Any]:
        return {"op": "clip", "from": self.start, "to": self.end, "masks": self._masks}


class Clips:
    """``done(clip, answer, reason)`` is called once for each: with what the capture process said, or with why not."""

    def __init__(self, requests: Requests, done: Callable[[Clip, Mapping[str, Any], str], None]) -> None:
        self._requests, self._done = requests, done
        self._running: Dict[int, Clip] = {}
        #: All that are not answered yet.
        self._open: List[Clip] = []

    def path(self, camera: Source, moment: int, new: str) -> str:
        """The file that shows an event of that moment: the one under way if it can, else ``new``."""
        clip = self._fitting(camera, moment)
        return new if clip is None else clip.path

    def order(self, camera: Source, event: str, path: str, moment: int) -> None:
        """Begin the clip ``path`` for the event of that id, or extend it."""
        clip = self._fitting(camera, moment)
        if clip is not None and clip.path == path:
            clip.extend(moment, camera.config.clips.after)
            return
        clip = self._running[camera.number] = Clip(camera, event, path, moment)
        self._open.append(clip)
        self._requests.begin(self._make(clip))

    def cover(self, camera: Source) -> None:
        """The camera may have masks that it had not."""
        for clip in self._open:
            if clip.request.camera.number == camera.number:
                clip.cover()

    def finish(self, camera: Source) -> None:
        """The camera goes, or gets another name: what it has recorded is enough."""
        clip = self._running.pop(camera.number, None)
        if clip is not None:
            clip.finish()

    def _fitting(self, camera: Source, moment: int) -> Optional[Clip]:
        clip = self._running.get(camera.number)
        return clip if clip is not None and clip.takes(moment, camera.config.clips.after) else None

    async def _make(self, clip: Clip) -> None:
        news: Mapping[str, Any] = {}
        reason = ""
        try:
            news = await self._requests.make(clip.request, clip.patience())
        except StoreError as error:
            reason = str(error)
        except Exception:
            _logger.exception("a clip cannot be made")
            reason = "internal error"
        finally:
            self._open.remove(clip)
        number = clip.request.camera.number
        if self._running.get(number) is clip:
            del self._running[number]
        self._done(clip, news, reason)
