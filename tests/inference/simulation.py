"""Cameras, lanes and the scheduler between them, played in simulated time.

A camera takes pictures at its own rate and answers a credit as a capture process does: at once with a picture that was
not sent yet, or, where it has none or a fresh one is wanted, with its next. A lane has two slots: in one a batch is
prepared while the other's runs, as in ``edge/inference/lane.py``.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from edge.inference.scheduler import Scheduler

PREPARE_S = 0.001
SLOTS = 2
BATCHES_WAITING = 4


class Picture:
    def __init__(self, camera: SimCamera, taken: float, users: int) -> None:
        self.camera, self.taken, self.users = camera, taken, users


class SimCamera:
    """``source_fps``: pictures it takes a second; 0 takes any moment for a picture. ``answers`` False: it is stuck."""

    def __init__(
        self, sim: Simulation, number: int, lanes: Sequence[int], source_fps: float = 0.0, answers: bool = True
    ) -> None:
        self.sim, self.number, self.lanes, self.answers = sim, number, list(lanes), answers
        self.source_fps = source_fps
        # Cameras do not take their pictures at the same moments.
        self.phase = (number * 0.618034) % 1.0 / source_fps if source_fps else 0.0
        self.sent: float = -1.0
        self.credits = 0
        self.held = 0
        self.credit_times: List[float] = []
        self.arrivals: List[float] = []
        self.analysed: Dict[int, List[float]] = {lane: [] for lane in lanes}

    def newest(self, now: float) -> float:
        if not self.source_fps:
            return now
        return int((now - self.phase) * self.source_fps + 1e-9) / self.source_fps + self.phase

    def take_credit(self, now: float, fresh: bool) -> None:
        assert self.credits == 0, "a second credit while one is not answered"
        assert self.held <= 1, "a credit while both slots are held"
        self.credits += 1
        self.credit_times.append(now)
        if not self.answers:
            return
        newest = self.newest(now)
        ready = newest > self.sent and (not fresh or now - newest <= 0.012)
        at = now if ready else newest + (1.0 / self.source_fps if self.source_fps else 0.0)
        self.sim.at(max(now, at) + 0.0002, lambda: self.send(max(newest, at)))

    def send(self, taken: float) -> None:
        self.sent = taken
        self.credits -= 1
        self.held += 1
        self.arrivals.append(self.sim.now)
        self.sim.scheduler.arrived(self.number)
        picture = Picture(self, taken, len(self.lanes))
        for lane in self.lanes:
            self.sim.lanes[lane].submit(picture)

    def released(self) -> None:
        self.held -= 1
        self.sim.scheduler.released(self.number)


class SimLane:
    def __init__(self, sim: Simulation, number: int, seconds: float, batch: int = 1) -> None:
        self.sim, self.number, self.seconds, self.batch = sim, number, seconds, batch
        self.queue: List[Picture] = []
        self.free = SLOTS
        self.running = False
        self.ready: List[List[Picture]] = []
        self.longest_queue = 0

    def submit(self, picture: Picture) -> None:
        self.queue.append(picture)
        self.longest_queue = max(self.longest_queue, len(self.queue))
        self.next_batch()

    def next_batch(self) -> None:
        if not self.free or not self.queue:
            return
        self.free -= 1
        taken, self.queue = self.queue[: self.batch], self.queue[self.batch :]
        self.sim.at(self.sim.now + PREPARE_S * len(taken), lambda: self.prepared(taken))

    def prepared(self, batch: List[Picture]) -> None:
        for picture in batch:
            picture.users -= 1
            if not picture.users:
                picture.camera.released()
        self.ready.append(batch)
        self.run()

    def run(self) -> None:
        if self.running or not self.ready:
            return
        self.running = True
        batch = self.ready.pop(0)
        self.sim.at(self.sim.now + self.seconds, lambda: self.finished(batch))

    def finished(self, batch: List[Picture]) -> None:
        for picture in batch:
            picture.camera.analysed[self.number].append(self.sim.now)
        self.running = False
        self.free += 1
        self.run()
        self.next_batch()


class Simulation:
    """``add_lane`` and ``add_camera``, then ``run``. Simulated seconds."""

    def __init__(self, start: float = 1000.0) -> None:
        self.scheduler = Scheduler()
        self.now = start
        self.cameras: Dict[int, SimCamera] = {}
        self.lanes: Dict[int, SimLane] = {}
        self.gone: Dict[int, bool] = {}
        self._events: List[Tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, time: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._order), what))

    def add_lane(self, number: int, seconds: float, batch: int = 1) -> SimLane:
        self.lanes[number] = SimLane(self, number, seconds, batch)
        return self.lanes[number]

    def add_camera(
        self, number: int, fps: float, lanes: Sequence[int] = (1,), source_fps: float = 0.0, answers: bool = True
    ) -> SimCamera:
        self.cameras[number] = SimCamera(self, number, lanes, source_fps, answers)
        self.scheduler.add(number, fps, lanes, self.now)
        return self.cameras[number]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            self._grant()
            due = self.scheduler.next_due(self.now)
            event: Optional[float] = self._events[0][0] if self._events else None
            # As the worker's loop: it wakes up for the next turn or for what happens, whichever is first.
            wake = min(t for t in (end, event, None if due is None else self.now + due) if t is not None)
            if wake >= end:
                self.now = end
                return
            self.now = max(self.now, wake)
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()

    def pause(self, seconds: float) -> None:
        """The process stands still; what others do goes on, and is seen afterwards."""
        self.now += seconds
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()

    def _grant(self) -> None:
        waiting = {number: len(lane.queue) for number, lane in self.lanes.items()}
        room = {number: BATCHES_WAITING * lane.batch for number, lane in self.lanes.items()}
        for grant in self.scheduler.grants(self.now, waiting, room):
            self.cameras[grant.camera].take_credit(self.now, grant.fresh)

    def rates(self, seconds: float, lane: int = 1) -> Dict[int, float]:
        """By camera, pictures/s that the lane has analysed in the last ``seconds``."""
        since = self.now - seconds
        return {n: sum(t > since for t in c.analysed.get(lane, [])) / seconds for n, c in self.cameras.items()}


def fair_shares(wishes: Dict[int, float], capacity: float) -> Dict[int, float]:
    """Max-min fairness: nobody gets more than is wished, and what that leaves is shared evenly by the others."""
    shares: Dict[int, float] = {}
    left = capacity
    for index, (camera, wish) in enumerate(sorted(wishes.items(), key=lambda w: w[1])):
        shares[camera] = min(wish, left / (len(wishes) - index))
        left -= shares[camera]
    return shares
