"""Which picture an event shows: the one in which it happened, and of an object that is gone the last one with it."""

from __future__ import annotations

import itertools
from typing import Dict, List, Tuple

import numpy as np

from edge.analytics import Happening
from edge.config import CameraConfig
from edge.daemon.outlet import Shown
from edge.daemon.watch import Watch
from edge.wire.messages import ResultHeader, Times

# After 200 days of a machine's life a float has no nanoseconds any more.
START = 200 * 86400 * 1_000_000_000 + 123_456_789
STEP = 199_999_999
SEEN = 10


def test_the_picture_by_its_own_nanoseconds() -> None:
    told: List[Tuple[Happening, Shown]] = []

    def publish(happening: Happening, stages: Dict[str, float], shown: Shown) -> None:
        told.append((happening, shown))

    watch = Watch(CameraConfig(source="test://"), {"net": ["person"]}, {"net": 0.5}, itertools.count(1), publish)
    pictures = [START + n * STEP for n in range(40)]
    for n, captured in enumerate(pictures):
        boxes = np.array([[0.4, 0.4, 0.5, 0.6, 0.9, 0]] if n < SEEN else [], np.float32)
        header = ResultHeader(1, 1, n + 1, Times(*[captured] * 7), 640, 360)
        watch.result("net", header, memoryview(boxes.tobytes()))
    by_kind = {happening.type: (happening, shown) for happening, shown in told}
    _, shown = by_kind["object.start"]
    assert shown.picture == shown.moment and shown.picture in pictures[:SEEN]
    end, shown = by_kind["object.end"]
    assert end.reason == "lost"
    assert shown.picture == pictures[SEEN - 1], "the last that shows it"
    assert shown.moment in pictures[SEEN + 9 :], "two seconds later it is held to be lost"
    del told[:]
    boxes = np.array([[0.4, 0.4, 0.5, 0.6, 0.9, 0]], np.float32)
    for n in range(40, 45):
        header = ResultHeader(1, 1, n + 1, Times(*[START + n * STEP] * 7), 640, 360)
        watch.result("net", header, memoryview(boxes.tobytes()))
    watch.flush("camera")
    end, shown = told[-1]
    assert (end.type, end.reason, shown.picture) == ("object.end", "camera", START + 44 * STEP)


def test_no_more_is_remembered_than_can_be_asked_for() -> None:
    watch = Watch(CameraConfig(source="test://"), {"net": ["person"]}, {"net": 0.5}, itertools.count(1), print)
    for n in range(3000):
        header = ResultHeader(1, 1, n + 1, Times(*[START + n * STEP] * 7), 640, 360)
        watch.result("net", header, memoryview(b""))
    assert len(watch._captured) == 600
