"""Pictures made of known objects, and cameras as plain as a test wants them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from edge.analytics.detections import Detections
from edge.analytics.happening import Happening
from edge.analytics.settings import DEFAULTS, TrackerSettings
from edge.analytics.start_rules import StartRules
from edge.analytics.track import Track
from edge.analytics.tracker import Tracker

LABELS = ["person", "car"]
Row = Tuple[float, float, float, float, float, int]  # x1 y1 x2 y2 score class


@dataclass
class Wanted:
    min_score: Optional[float] = None
    min_area: Optional[float] = None
    max_area: Optional[float] = None


@dataclass
class Area:
    """A zone, or a line."""

    points: Sequence[Tuple[float, float]]
    dwell: Optional[float] = None
    objects: Optional[List[str]] = None


@dataclass
class Camera:
    objects: Dict[str, Wanted] = field(default_factory=dict)
    zones: Dict[str, Area] = field(default_factory=dict)
    lines: Dict[str, Area] = field(default_factory=dict)


def picture(time: float, rows: Sequence[Row], width: int = 1000, height: int = 1000) -> Detections:
    return Detections.from_rows(np.array(rows, np.float32).reshape(-1, 6), time, 0, width, height)


def standing(x: float, y: float, score: float = 0.8, height: float = 0.2, label: int = 0) -> Row:
    """A box whose anchor, the middle of its lower edge, is at (x, y); half as wide as high."""
    return x - height / 4, y - height, x + height / 4, y, score, label


def tracker(camera: Optional[Camera] = None, settings: TrackerSettings = DEFAULTS) -> Tracker:
    numbers = itertools.count(1)
    return Tracker("m", LABELS, StartRules(LABELS, camera or Camera()), lambda: next(numbers), settings)


def times(fps: float, seconds: float, start: float = 100.0) -> List[float]:
    return [start + i / fps for i in range(round(seconds * fps) + 1)]


def follow(
    of: Tracker, when: Iterable[float], scene: Callable[[float], Sequence[Row]]
) -> Tuple[List[Track], List[Tuple[Track, str]], List[Tuple[float, List[Track]]]]:
    """Runs ``scene`` (seconds since the first picture -> rows): who started, who ended and why, who was seen when."""
    started: List[Track] = []
    ended: List[Tuple[Track, str]] = []
    seen: List[Tuple[float, List[Track]]] = []
    first = None
    for time in when:
        first = time if first is None else first
        step = of.update(picture(time, scene(time - first)))
        started += step.started
        ended += [(e.track, e.reason) for e in step.ended]
        seen.append((time - first, step.seen))
    return started, ended, seen


def brief(told: Iterable[Happening]) -> List[str]:
    """``zone.enter gate``, ``line.cross door left``, ``count gate person 1``: what a test compares."""
    out = []
    for h in told:
        words = [h.type, h.zone, h.line, h.direction, h.label, h.count, h.reason]
        out.append(" ".join(str(w) for w in words if w is not None))
    return out
