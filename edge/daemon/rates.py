"""Rates and latencies for the status table: small windows, no history."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Deque, Dict, Optional, Tuple

from edge.wire.messages import Times


def stages_ms(times: Times) -> Dict[str, float]:
    """Milliseconds of each stage of a picture.

    ``decode``: from the source to the end of the decoder; ``wait``: from there to the begin of the work on it.
    """
    return {
        "decode": (times.decoded - times.captured) / 1e6,
        "wait": (times.started - times.decoded) / 1e6,
        "prepare": (times.prepared - times.started) / 1e6,
        "infer": (times.inferred - times.prepared) / 1e6,
        "outputs": (times.finished - times.inferred) / 1e6,
    }


class CounterRate:
    """The rate of a counter that somebody reports now and then, over the last seconds."""

    def __init__(self, span: float = 5.0) -> None:
        self._span = span
        self._points: Deque[Tuple[float, int]] = deque()

    def add(self, time: float, count: int) -> None:
        if self._points and count < self._points[-1][1]:
            self._points.clear()  # it began anew
        self._points.append((time, count))
        while len(self._points) > 2 and self._points[0][0] < time - self._span:
            self._points.popleft()

    def rate(self, now: float) -> float:
        """Per second; 0 where nothing was reported lately."""
        if len(self._points) < 2 or self._points[-1][0] < now - self._span:
            return 0.0
        (first, a), (last, b) = self._points[0], self._points[-1]
        return (b - a) / (last - first) if last > first else 0.0


class EventRate:
    """How often something happened over the last ``span`` seconds."""

    def __init__(self, span: float = 5.0) -> None:
        self._span = span
        self._times: Deque[float] = deque(maxlen=4096)

    def add(self, time: float) -> None:
        self._times.append(time)

    def rate(self, now: float) -> float:
        while self._times and self._times[0] < now - self._span:
            self._times.popleft()
        steps = len(self._times) - 1
        if steps < 1:
            return 0.0
        lasted = max(self._times[-1] - self._times[0], 1e-9)
        # The time since the last one counts once it is longer than it should be.
        return steps / (lasted + max(0.0, now - self._times[-1] - lasted / steps))


class Latencies:
    """Medians of the last pictures' stages, in milliseconds."""

    def __init__(self, window: int = 50) -> None:
        self._pictures: Deque[Dict[str, float]] = deque(maxlen=window)

    def add(self, stages: Dict[str, float]) -> None:
        self._pictures.append(stages)

    def medians(self) -> Dict[str, Optional[float]]:
        names = {name: None for stages in self._pictures for name in stages}
        return {name: round(median(p[name] for p in self._pictures if name in p), 2) for name in names}
