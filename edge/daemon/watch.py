"""A camera's pictures after inference: from a result to events, with the figures the status table shows."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Callable, Dict, Iterator, List, Mapping, Optional, Sequence

import numpy as np

from edge.analytics import CameraAnalytics, Detections, Happening, Look, Looked, floor_scores
from edge.config import CameraConfig
from edge.daemon.outlet import Shown
from edge.daemon.rates import EventRate, Latencies, stages_ms
from edge.wire.messages import HELD, ResultHeader, Times

#: Of how many pictures it is remembered when they were captured: an object that is lost was in one of them.
_REMEMBERED = 600


class Watch:
    """``publish(happening, latency_ms, shown)`` gets what follows from each picture.

    ``looks``: the second models, by name. ``look(header, looks)`` is told, for each result whose picture is held, which
    of its boxes they are to look at: it may be none.
    """

    def __init__(
        self,
        config: CameraConfig,
        labels: Mapping[str, Sequence[str]],
        min_scores: Mapping[str, float],
        ids: Iterator[int],
        publish: Callable[[Happening, Dict[str, float], Shown], None],
        looks: Optional[Mapping[str, Looked]] = None,
        look: Callable[[ResultHeader, List[Look]], None] = lambda header, looks: None,
    ) -> None:
        self.analytics = CameraAnalytics(config, labels, min_scores, ids, looks=looks)
        self.floors = _floors(config, labels, min_scores)
        self.analysed = EventRate()
        self.latencies = Latencies()
        self.pictures = 0
        #: Pictures that the camera's process gave away and of which no result came.
        self.lost = 0
        self.events = 0
        self.looks, self._look = dict(looks or {}), look
        self._publish = publish
        self._last_sequence, self._newest = 0, float("-inf")
        #: By capture in seconds, as analytics has it, the nanoseconds by which the capture process knows the picture.
        self._captured: OrderedDict[float, int] = OrderedDict()

    def result(self, model: str, header: ResultHeader, boxes: memoryview) -> None:
        """One picture's boxes by one model: N x 6 float32."""
        rows = np.frombuffer(boxes, np.float32).reshape(-1, 6)
        if header.object:
            # A second look: neither a picture more, nor boxes for the tracker.
            happenings = self.analytics.found(model, header.object, rows)
            self._tell(happenings, _stages(header.times, time.monotonic()) if happenings else {})
            return
        captured = header.times.captured / 1e9
        self._captured[captured] = header.times.captured
        if len(self._captured) > _REMEMBERED:
            self._captured.popitem(last=False)
        detections = Detections.from_rows(rows, captured, header.sequence, header.width, header.height)
        happenings = self.analytics.update(model, detections)
        if header.flags & HELD:
            self._look(header, self.analytics.look(model, captured))
        now = time.monotonic()
        if captured > self._newest:
            # A picture that several models look at is one picture, whoever is done with it first. A new process counts
            # from 1.
            self._newest = captured
            if header.sequence > self._last_sequence > 0:
                self.lost += header.sequence - self._last_sequence - 1
            self._last_sequence = header.sequence
            self.pictures += 1
            self.analysed.add(now)
        stages = _stages(header.times, now)
        self.latencies.add(stages)
        self._tell(happenings, stages)

    def change(
        self, config: CameraConfig, labels: Mapping[str, Sequence[str]], min_scores: Mapping[str, float],
        looks: Optional[Mapping[str, Looked]] = None,
    ) -> None:  # fmt: skip
        """Other rules or models from the next picture on. ``floors`` are new then."""
        self.floors = _floors(config, labels, min_scores)
        self.looks = dict(looks or {})
        self._tell(self.analytics.update_config(config, labels, min_scores, self.looks), {})

    def flush(self, reason: str) -> None:
        """Nothing more will come: everything in sight ends."""
        self._tell(self.analytics.flush(time.monotonic(), reason), {})

    def _tell(self, happenings: List[Happening], stages: Dict[str, float]) -> None:
        for happening in happenings:
            self.events += 1
            self._publish(happening, stages, self._shown(happening))

    def _shown(self, happening: Happening) -> Shown:
        """The last picture that shows the object: of one that is lost or left, not the one that shows it no more."""
        seen = happening.time if happening.object is None else happening.object.seen
        return Shown(self._exact(happening.time), self._exact(seen))

    def _exact(self, seconds: float) -> int:
        return self._captured.get(seconds, round(seconds * 1e9))


def _stages(times: Times, now: float) -> Dict[str, float]:
    """By stage, and in all until ``now``, monotonic seconds."""
    stages = stages_ms(times)
    stages["events"] = (now - times.finished / 1e9) * 1e3
    stages["total"] = (now - times.captured / 1e9) * 1e3
    return stages


def _floors(
    config: CameraConfig, labels: Mapping[str, Sequence[str]], min_scores: Mapping[str, float]
) -> Dict[str, List[float]]:
    return {name: floor_scores(known, config, min_scores[name]) for name, known in labels.items()}
