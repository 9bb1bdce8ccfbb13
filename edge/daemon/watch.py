"""A camera's pictures after inference: from a result to events, with the figures the status table shows."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Callable, Dict, Iterator, List, Mapping, Sequence

import numpy as np

from edge.analytics import CameraAnalytics, Detections, Happening, floor_scores
from edge.config import CameraConfig
from edge.daemon.outlet import Shown
from edge.daemon.rates import EventRate, Latencies, stages_ms
from edge.wire.messages import ResultHeader

#: Of how many pictures it is remembered when they were captured: an object that is lost was in one of them.
_REMEMBERED = 600


class Watch:
    """``publish(happening, latency_ms, shown)`` gets what follows from each picture."""

    def __init__(
        self,
        config: CameraConfig,
        labels: Mapping[str, Sequence[str]],
        min_scores: Mapping[str, float],
        ids: Iterator[int],
        publish: Callable[[Happening, Dict[str, float], Shown], None],
    ) -> None:
        self.analytics = CameraAnalytics(config, labels, min_scores, ids)
        self.floors = _floors(config, labels, min_scores)
        self.analysed = EventRate()
        self.latencies = Latencies()
        self.pictures = 0
        #: Pictures that the camera's process gave away and of which no result came.
        self.lost = 0
        self.events = 0
        self._publish = publish
        self._last_sequence = 0
        #: By capture in seconds, as analytics has it, the nanoseconds by which the capture process knows the picture.
        self._captured: OrderedDict[float, int] = OrderedDict()

    def result(self, model: str, header: ResultHeader, boxes: memoryview) -> None:
        """One picture's boxes by one model: N x 6 float32."""
        rows = np.frombuffer(boxes, np.float32).reshape(-1, 6)
        stages = stages_ms(header.times)
        captured = header.times.captured / 1e9
        self._captured[captured] = header.times.captured
        if len(self._captured) > _REMEMBERED:
            self._captured.popitem(last=False)
        detections = Detections.from_rows(rows, captured, header.sequence, header.width, header.height)
        happenings = self.analytics.update(model, detections)
        now = time.monotonic()
        if header.sequence != self._last_sequence:
            # A picture that several models look at is one picture. A new process counts from 1.
            if header.sequence > self._last_sequence > 0:
                self.lost += header.sequence - self._last_sequence - 1
            self._last_sequence = header.sequence
            self.pictures += 1
            self.analysed.add(now)
        stages["events"] = (now - header.times.finished / 1e9) * 1e3
        stages["total"] = (now - captured) * 1e3
        self.latencies.add(stages)
        self._tell(happenings, stages)

    def change(
        self, config: CameraConfig, labels: Mapping[str, Sequence[str]], min_scores: Mapping[str, float]
    ) -> None:
        """Other rules or models from the next picture on. ``floors`` are new then."""
        self.floors = _floors(config, labels, min_scores)
        self._tell(self.analytics.update_config(config, labels, min_scores), {})

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


def _floors(
    config: CameraConfig, labels: Mapping[str, Sequence[str]], min_scores: Mapping[str, float]
) -> Dict[str, List[float]]:
    return {name: floor_scores(known, config, min_scores[name]) for name, known in labels.items()}
