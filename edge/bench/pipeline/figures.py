"""What is counted while a benchmark runs, and the figures that come of it."""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

#: Of every picture, in the order of its way; ``total`` is from the capture to its events.
STAGES = ("decode", "wait", "prepare", "infer", "outputs", "events", "total")
_PERCENTILES = (50, 95, 99)
# Of so many pictures the times are kept; beyond, every second one of them, and so on.
_KEPT = 20000


class Stages:
    """Milliseconds by stage, of all the pictures or an even choice of them."""

    def __init__(self) -> None:
        self._kept: List[Sequence[float]] = []
        self._every = 1
        self._count = 0

    def add(self, stages: Mapping[str, float]) -> None:
        self._count += 1
        if self._count % self._every:
            return
        self._kept.append([stages[name] for name in STAGES])
        if len(self._kept) >= _KEPT:
            self._kept = self._kept[1::2]
            self._every *= 2

    def percentiles(self) -> Dict[str, Dict[str, float]]:
        """By stage p50, p95 and p99; nothing where there was no picture."""
        if not self._kept:
            return {}
        columns = [sorted(column) for column in zip(*self._kept)]
        return {
            name: {f"p{share}": round(_at(column, share), 2) for share in _PERCENTILES}
            for name, column in zip(STAGES, columns)
        }


def _at(ordered: Sequence[float], share: int) -> float:
    """The value that ``share`` percent do not exceed (nearest rank)."""
    return ordered[max(0, -(-share * len(ordered) // 100) - 1)]


class Mean:
    """Of a rate that is looked at now and then."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, value: float) -> None:
        self._sum += value
        self._count += 1

    @property
    def value(self) -> float:
        return self._sum / self._count if self._count else 0.0


class CameraTally:
    """Of one camera while it is measured. ``before``: its counts when that began."""

    def __init__(self) -> None:
        self.stages = Stages()
        self.decoded = Mean()
        self.pictures = self.lost = self.missed = self.expired = self.events = self.restarts = 0
        self.before: Tuple[int, ...] = ()


class LaneTally:
    """Of one model while it is measured: pictures a second, and nanoseconds of work in a second."""

    def __init__(self) -> None:
        self.rate, self.busy = Mean(), Mean()


class CameraFigures(NamedTuple):
    """Pictures a second. ``wished``: how many of those that were decoded should have been analysed. ``limits``: the
    source ends them at its own rate: it is live, or a file at its pace. ``source``: what the source itself brings,
    None where that is not known. ``asked``: what the configuration wishes."""

    name: str
    decoded: float
    wished: float
    analysed: float
    limits: bool
    source: Optional[float]
    asked: float
    cores: float


class LaneFigures(NamedTuple):
    """A model on its devices (``cpu``, ``gpu``, ``gpu+dla``): the share of the time in which its lanes were busy,
    pictures a second, and what one takes while a lane runs it."""

    model: str
    device: str
    busy: float
    rate: float
    picture_ms: float
    lanes: int


class Figures(NamedTuple):
    """What the verdict is drawn from. CPU in cores. ``fastest``: as fast as it goes, not as configured."""

    fastest: bool
    cameras: Sequence[CameraFigures]
    lanes: Sequence[LaneFigures]
    cores: int
    machine: float
    capture: float
    inference: float
    daemon: float
