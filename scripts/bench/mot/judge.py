"""Both trackers on the same boxes, judged by motmetrics. Runs on an interpreter of its own: see ``venv.py``.

    python -m scripts.bench.mot.judge FILE.json    what ``tracking.py`` wrote; prints JSON

``boxes``: for each picture rows of x1 y1 x2 y2 (fractions), score; ``truth``: for each picture rows of the person's
number, x1 y1 x2 y2. Everything is done at each of ``every``: the rates of analysis, as the step from one picture to the
next.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import motmetrics
import numpy as np
import supervision
from numpy.typing import NDArray

from edge.analytics import CameraAnalytics, Detections
from edge.analytics.start_rules import StartRules
from edge.analytics.tracker import Tracker

LABELS = ["person"]
PASSES = 7
#: The first is how each comes; what somebody who tunes it would try follows.
MIN_SCORES = (0.4, 0.3, 0.5)
ACTIVATIONS = (0.25, 0.4, 0.5)

Place = List[Tuple[int, List[float]]]  # (number, x1 y1 x2 y2 in pixels) of everybody in a picture


class Wanted(NamedTuple):
    min_score: float
    min_area: None = None
    max_area: None = None


class Area(NamedTuple):
    points: Sequence[Tuple[float, float]]
    dwell: Any = None
    objects: Any = None


class Rules(NamedTuple):
    objects: Dict[str, Wanted]
    zones: Dict[str, Area]
    lines: Dict[str, Area]


#: For what tracker and rules cost: two zones, one with a dwell, and a line.
ZONES = {
    "gate": Area([(0.1, 0.3), (0.6, 0.3), (0.6, 1.0), (0.1, 1.0)], dwell=5.0),
    "road": Area([(0.6, 0.3), (0.95, 0.3), (0.9, 0.8)]),
}
LINES = {"door": Area([(0.5, 0.0), (0.5, 1.0)])}


class Clip:
    """What the file says."""

    def __init__(self, file: Path) -> None:
        said = json.loads(file.read_text())
        self.fps, self.width, self.height = said["fps"], said["width"], said["height"]
        self.boxes = [np.array(rows, np.float32).reshape(-1, 5) for rows in said["boxes"]]
        self.truth: List[Place] = [[(int(row[0]), self.pixels(row[1:])) for row in rows] for rows in said["truth"]]
        self.every: List[int] = said["every"]

    def pixels(self, box: Sequence[float]) -> List[float]:
        return [box[0] * self.width, box[1] * self.height, box[2] * self.width, box[3] * self.height]

    def ours(self, rows: NDArray[np.float32], number: int) -> Detections:
        six = np.column_stack([rows, np.zeros(len(rows), np.float32)])
        return Detections.from_rows(six, number / self.fps, number, self.width, self.height)

    def theirs(self, rows: NDArray[np.float32]) -> Any:
        corners = rows[:, :4] * np.array([self.width, self.height] * 2, np.float32)
        return supervision.Detections(corners, confidence=rows[:, 4], class_id=np.zeros(len(rows), int))


def followed(clip: Clip, every: int, min_score: float) -> Iterator[Place]:
    """By our tracker."""
    numbers = itertools.count(1)
    rules = StartRules(LABELS, Rules({"person": Wanted(min_score)}, {}, {}))
    tracker = Tracker("m", LABELS, rules, lambda: next(numbers))
    for i in range(0, len(clip.boxes), every):
        step = tracker.update(clip.ours(clip.boxes[i], i))
        yield [(track.id, clip.pixels(track.box)) for track in step.seen]


def byte_track(clip: Clip, every: int, activation: float) -> Iterator[Place]:
    tracker = supervision.ByteTrack(activation, frame_rate=max(1, round(clip.fps / every)))
    for i in range(0, len(clip.boxes), every):
        seen = tracker.update_with_detections(clip.theirs(clip.boxes[i]))
        yield [(int(number), box.tolist()) for number, box in zip(seen.tracker_id, seen.xyxy)]


def judged(clip: Clip, every: int, places: Iterator[Place]) -> Dict[str, float]:
    """IDF1 and MOTA by motmetrics, boxes being the same from an IoU of 0.5 on."""
    account = motmetrics.MOTAccumulator(auto_id=True)
    for i, place in zip(range(0, len(clip.boxes), every), places):
        there = clip.truth[i]
        wide = [[[x1, y1, x2 - x1, y2 - y1] for _, (x1, y1, x2, y2) in some] for some in (there, place)]
        apart = motmetrics.distances.iou_matrix(*wide, max_iou=0.5) if there and place else []
        account.update([number for number, _ in there], [number for number, _ in place], apart)
    names = ["idf1", "mota", "num_switches", "num_false_positives", "num_misses", "num_objects"]
    table = motmetrics.metrics.create().compute(account, metrics=names)
    return {name: float(table[name].iloc[0]) for name in names}


def speed(clip: Clip, every: int) -> Dict[str, float]:
    """Milliseconds a picture: our tracker with all rules, and theirs alone, in turns.

    The pictures are two halves of the clip side by side, for as many objects as a busy camera has.
    """
    half = len(clip.boxes) // 2
    pictures = [_beside(clip.boxes[i], clip.boxes[i + half]) for i in range(0, half, every)]
    given = [clip.theirs(rows) for rows in pictures]
    pictures = [np.column_stack([rows, np.zeros(len(rows), np.float32)]) for rows in pictures]
    rules = Rules({"person": Wanted(MIN_SCORES[0])}, ZONES, LINES)
    spent: Dict[str, List[float]] = {"ours": [], "theirs": [], "reference": []}
    objects = told = 0
    for _ in range(PASSES):
        spent["reference"].append(_reference())
        ours = CameraAnalytics(rules, {"m": LABELS})
        began, counting = time.perf_counter(), 0.0
        for i, rows in enumerate(pictures):
            seen = Detections.from_rows(rows, i * every / clip.fps, i, clip.width, clip.height)
            told += len(ours.update("m", seen))
            paused = time.perf_counter()
            objects += ours.objects()
            counting += time.perf_counter() - paused
        spent["ours"].append((time.perf_counter() - began - counting) / len(pictures) * 1e3)
        theirs = supervision.ByteTrack(ACTIVATIONS[0], frame_rate=max(1, round(clip.fps / every)))
        began = time.perf_counter()
        for detections in given:
            theirs.update_with_detections(detections)
        spent["theirs"].append((time.perf_counter() - began) / len(pictures) * 1e3)
    # Whatever else the machine does makes it slower, never faster.
    figures = {name: min(times) for name, times in spent.items()}
    many = PASSES * len(pictures)
    return {**figures, "objects": objects / many, "told": told / many}


def _beside(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Two pictures' boxes as one picture's."""
    both = np.concatenate([left, right])
    both[:, [0, 2]] /= 2
    both[len(left) :, [0, 2]] += 0.5
    return both


def _reference() -> float:
    """Milliseconds of 10,000 multiplications in Python: how fast this interpreter is on this machine just now."""
    began, total = time.perf_counter(), 0.0
    for i in range(10000):
        total += i * 0.5
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    warnings.simplefilter("ignore")
    clip = Clip(Path(sys.argv[1]))
    out: Dict[str, Any] = {"speed": speed(clip, clip.every[0]), "judged": []}
    for every in clip.every:
        ours = [judged(clip, every, followed(clip, every, score)) for score in MIN_SCORES]
        theirs = [judged(clip, every, byte_track(clip, every, activation)) for activation in ACTIVATIONS]
        out["judged"].append({"fps": clip.fps / every, "ours": ours, "theirs": theirs})
    print(json.dumps(out))


if __name__ == "__main__":
    main()
