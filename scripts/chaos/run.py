"""Faults side by side: one series for each camera and for each thing that cameras share, each from the seed alone.

What happens in a series follows from the seed; how the series fall together follows from how fast the machine is.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple
from typing import Counter as Counts

from scripts.chaos.faults import CAMERA, COMMON, LOCKED, Begin, End
from scripts.chaos.site import Site

#: Most cameras are hit once they are back (a wait with this bound), some while they are still busy with the last fault.
_PATIENT, _PATIENCE_S = 0.75, 10.0
_LOOK_S = 0.25


class Series(NamedTuple):
    """Faults one after the other. ``lasts`` and ``pause``: seconds, between these bounds."""

    name: str
    faults: Dict[str, Begin]
    lasts: Tuple[float, float]
    pause: Tuple[float, float]


class Turn(NamedTuple):
    """One fault of a series. ``patient``: it waits until what it hits is well; ``seed``: what it is like."""

    kind: str
    lasts: float
    pause: float
    patient: bool
    seed: float


def turns(series: Series, seed: int) -> Iterator[Turn]:
    """The faults of a series, without end."""
    rng = random.Random(f"{seed}/{series.name}")
    kinds = sorted(series.faults)
    while True:
        kind, lasts, pause = rng.choice(kinds), rng.uniform(*series.lasts), rng.uniform(*series.pause)
        yield Turn(kind, lasts, pause, rng.random() < _PATIENT, rng.random())


def all_series(site: Site) -> List[Series]:
    cameras = [Series(c, LOCKED if site.locked(c) else CAMERA, (0.2, 6.0), (0.0, 2.0)) for c in site.cameras]
    # None of these may hide what comes of the others; inference that fails too often is left alone for minutes, and
    # telemetry is not tried again within one.
    slow = {"open": 10.0, "locked": 10.0, "broker": 5.0, "inference": 20.0, "telemetry": 60.0}
    pauses = {name: (least, 3 * least) for name, least in slow.items()}
    common = [Series(name, faults, (0.2, 6.0), pauses.get(name, (1.0, 8.0))) for name, faults in COMMON.items()]
    return cameras + common


class Chaos:
    """``await run(count)`` does so many faults, or as many as there is time for until ``deadline`` (monotonic)."""

    def __init__(self, site: Site, deadline: float, tell: Callable[[str], None]) -> None:
        self.done: Counts[str] = Counter()
        self._site, self._deadline, self._tell = site, deadline, tell
        self._left = 0
        self._series = [(series, turns(series, site.seed)) for series in all_series(site)]

    async def run(self, count: int) -> None:
        """Returns when all that was begun has ended. What was broken is whole again then, as far as it is ours."""
        self._left = count
        watch = asyncio.ensure_future(self._progress())
        try:
            await asyncio.gather(*(self._go_through(*each) for each in self._series))
        finally:
            watch.cancel()

    async def _go_through(self, series: Series, coming: Iterator[Turn]) -> None:
        if series.name in COMMON:
            await self._pause(series.pause[0])
        while self._left > 0 and time.monotonic() < self._deadline:
            self._left -= 1
            turn = next(coming)
            # What the broker has taken must have been passed on before it is killed.
            if turn.patient or series.name == "broker":
                await self._until_ready(series.name)
            self.done[turn.kind] += 1
            end: End = series.faults[turn.kind](self._site, series.name, random.Random(turn.seed))
            try:
                await asyncio.sleep(turn.lasts)
            finally:
                end()
            await self._pause(turn.pause)

    async def _until_ready(self, name: str) -> None:
        """Until a camera is back, and the broker's subscriber too; not for ever."""
        until = time.monotonic() + _PATIENCE_S
        while not self._ready(name) and time.monotonic() < until:
            await asyncio.sleep(_LOOK_S)

    def _ready(self, name: str) -> bool:
        if name in self._site.cameras:
            return self._site.camera(name).get("state") == "online"
        return name != "broker" or self._site.numbers.connected

    async def _pause(self, seconds: float) -> None:
        """Shorter when there is nothing left to do."""
        until = time.monotonic() + seconds
        while self._left > 0 and time.monotonic() < min(until, self._deadline):
            await asyncio.sleep(_LOOK_S)

    async def _progress(self) -> None:
        while True:
            status = self._site.status()
            states = Counter(c["state"] for c in status["cameras"])
            cameras = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            said = f"{sum(self.done.values())} faults | {cameras} | inference {status['inference'].get('state')}"
            self._tell(f"{said} | broker {status['mqtt'].get('state')} | config {status['config'].get('state')}")
            await asyncio.sleep(1.0)
