"""Cameras, models' lanes and the scheduler between them, played in simulated time.

A camera takes pictures at its own rate and answers a credit as a capture process does: at once with a picture that was
not sent yet, or, where it has none or a fresh one is wanted, with its next. A lane has two slots: in one a batch is
prepared while the other's runs, as in ``edge/inference/lane.py``, and the same decisions are taken.
"""

from __future__ import annotations

import heapq
import itertools
import random
import time
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from edge.inference.scheduling.balance import soonest
from edge.inference.scheduling.budget import Budget
from edge.inference.scheduling.pace import Pace
from edge.inference.scheduling.scheduler import MOST_HELD, Scheduler
from edge.inference.scheduling.window import BUDGET_SHARE, LONGEST_S

PREPARE_S = 0.001
SLOTS = 2
ANSWER_S = 0.0002
TUNE_S = 1.0


class Picture:
    def __init__(self, camera: SimCamera, taken: float, sent: float, users: int) -> None:
        self.camera, self.taken, self.users = camera, taken, users
        self.lanes, self.begun = users, False
        until = camera.budget.until(int(taken * 1e9), int(sent * 1e9))
        self.expires = until / 1e9 if until else float("inf")
        self.patient_until = sent + min(LONGEST_S, BUDGET_SHARE * camera.budget.seconds)

    def read(self) -> None:
        self.users -= 1
        if not self.users:
            self.camera.released()


class SimCamera:
    """``source_fps``: pictures it takes a second; 0 takes any moment for a picture. ``answers`` False: it is stuck.
    ``late_s``: how old its pictures are when they come out of the decoder."""

    def __init__(
        self, sim: Simulation, number: int, models: Sequence[int], source_fps: float = 0.0, answers: bool = True,
        late_s: float = 0.0, budget: float = 1.0,
    ) -> None:  # fmt: skip
        self.sim, self.number, self.models, self.answers = sim, number, list(models), answers
        self.source_fps, self.late_s, self.budget = source_fps, late_s, Budget(budget)
        # Cameras do not take their pictures at the same moments.
        self.phase = (number * 0.618034) % 1.0 / source_fps if source_fps else 0.0
        self.sent: float = -1.0
        self.credits = 0
        self.held = 0
        self.credit_times: List[float] = []
        self.arrivals: List[float] = []
        self.analysed: Dict[int, List[float]] = {model: [] for model in models}
        #: How old its pictures were when a lane began with them.
        self.ages: List[float] = []

    def newest(self, now: float) -> float:
        if not self.source_fps:
            return now
        return int((now - self.phase) * self.source_fps + 1e-9) / self.source_fps + self.phase

    def take_credit(self, now: float, fresh: bool) -> None:
        assert self.credits == 0, "a second credit while one is not answered"
        assert self.held <= MOST_HELD, "a credit while both slots are held"
        self.credits += 1
        self.credit_times.append(now)
        if not self.answers:
            return
        newest = self.newest(now)
        ready = newest > self.sent and (not fresh or now - newest <= 0.012)
        at = now if ready else newest + (1.0 / self.source_fps if self.source_fps else 0.0)
        self.sim.at(max(now, at) + self.sim.answer_s(), lambda: self.send(max(newest, at)))

    def send(self, taken: float) -> None:
        now = self.sim.now
        self.sent = taken
        self.credits -= 1
        self.held += 1
        self.arrivals.append(now)
        self.sim.timed(lambda: self.sim.scheduler.arrived(self.number, now))
        picture = Picture(self, taken - self.late_s, now, len(self.models))
        if picture.expires < now:
            self.released()
            self.give_way()
            return
        for model in self.models:
            self.sim.models[model].submit(picture)

    def give_way(self) -> None:
        self.budget.gave_way()
        self.sim.scheduler.again(self.number, self.sim.now)

    def released(self) -> None:
        self.held -= 1
        self.sim.timed(lambda: self.sim.scheduler.released(self.number, self.sim.now))


class SimLane:
    """``seconds``: what a run takes, by its size."""

    def __init__(self, sim: Simulation, model: int, seconds: Callable[[int], float], batch: int) -> None:
        self.sim, self.model, self.seconds = sim, model, seconds
        self.pace = Pace(batch)
        self.queue: List[Picture] = []
        self.free = SLOTS
        self.running = False
        self.ready: List[List[Picture]] = []
        self.longest_queue = 0
        self.sizes: List[int] = []
        self.busy_s = 0.0
        self.open_until = -1.0

    def submit(self, picture: Picture) -> None:
        self.queue.append(picture)
        self.longest_queue = max(self.longest_queue, len(self.queue))
        self.pace.came(self.sim.now)
        self.fill()

    def fill(self) -> None:
        now = self.sim.now
        self.open_until = -1.0
        while self.free:
            self.let_go()
            if not self.queue:
                return
            patience = min(picture.patient_until for picture in self.queue) - now
            hold = self.pace.hold_s(len(self.queue), patience, now)
            if hold > 0.0:
                self.open_until = now + hold
                self.sim.at(self.open_until, lambda until=now + hold: self.open_until == until and self.fill())
                return
            count = self.pace.times.take(len(self.queue))
            taken, self.queue = self.queue[:count], self.queue[count:]
            self.free -= 1
            self.pace.began(count, now)
            for picture in taken:
                picture.begun = True
                picture.lanes -= 1
                picture.camera.ages.append(now - picture.taken)
            self.sim.at(now + PREPARE_S * count, lambda taken=taken: self.prepared(taken))

    def let_go(self) -> None:
        old = [picture for picture in self.queue if picture.expires < self.sim.now]
        if old:
            self.queue = [picture for picture in self.queue if picture not in old]
        for picture in old:
            picture.lanes -= 1
            picture.read()
            if not picture.lanes and not picture.begun:
                picture.camera.give_way()

    def prepared(self, batch: List[Picture]) -> None:
        self.pace.prepared(len(batch), PREPARE_S * len(batch), self.sim.now)
        for picture in batch:
            picture.read()
        self.ready.append(batch)
        self.run()

    def run(self) -> None:
        if self.running or not self.ready:
            return
        self.running = True
        batch = self.ready.pop(0)
        seconds = self.seconds(len(batch))
        self.sim.at(self.sim.now + seconds, lambda: self.finished(batch, seconds))

    def finished(self, batch: List[Picture], seconds: float) -> None:
        for picture in batch:
            picture.camera.analysed[self.model].append(self.sim.now)
        self.busy_s += seconds
        self.sizes.append(len(batch))
        self.pace.ended(len(batch), seconds, self.sim.now)
        self.running = False
        self.free += 1
        self.run()
        self.fill()


class SimModel:
    """The same network on several devices."""

    def __init__(self, sim: Simulation, lanes: List[SimLane]) -> None:
        self.sim, self.lanes = sim, lanes

    def submit(self, picture: Picture) -> None:
        loads = [lane.pace.load(len(lane.queue), self.sim.now) for lane in self.lanes]
        self.lanes[soonest(loads) if len(loads) > 1 else 0].submit(picture)


class Simulation:
    """``add_lane`` (or ``add_model``) and ``add_camera``, then ``run``. Simulated seconds."""

    def __init__(self, start: float = 1000.0, answer_s: Optional[Callable[[], float]] = None) -> None:
        self.scheduler = Scheduler()
        self.now = start
        self.answer_s = answer_s or (lambda: ANSWER_S)
        self.cameras: Dict[int, SimCamera] = {}
        self.models: Dict[int, SimModel] = {}
        #: CPU seconds that the scheduler took.
        self.decided_s = 0.0
        self._events: List[Tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._tune = start

    def at(self, time: float, what: Callable[[], object]) -> None:
        heapq.heappush(self._events, (time, next(self._order), what))

    def add_lane(self, number: int, seconds: float, batch: int = 1) -> SimLane:
        """A model on one device, whose run takes so long whatever its size."""
        return self.add_model(number, [lambda _: seconds], batch)[0]

    def add_model(self, number: int, devices: Sequence[Callable[[int], float]], batch: int = 1) -> List[SimLane]:
        lanes = [SimLane(self, number, seconds, batch) for seconds in devices]
        self.models[number] = SimModel(self, lanes)
        return lanes

    def add_camera(
        self, number: int, fps: float, models: Sequence[int] = (1,), source_fps: float = 0.0, answers: bool = True,
        weight: float = 1.0, priority: int = 0, late_s: float = 0.0, budget: float = 1.0,
    ) -> SimCamera:  # fmt: skip
        self.cameras[number] = SimCamera(self, number, models, source_fps, answers, late_s, budget)
        self.scheduler.add(number, fps, models, self.now, weight, priority)
        return self.cameras[number]

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            if self.now >= self._tune:
                self._tune = self.now + TUNE_S
                budget = min((camera.budget.seconds for camera in self.cameras.values()), default=1.0)
                for model in self.models.values():
                    for lane in model.lanes:
                        lane.pace.tune(self.scheduler.answer_s, budget)
            self.timed(self._grant)
            due = self.scheduler.next_due(self.now)
            event: Optional[float] = self._events[0][0] if self._events else None
            # As the worker's loop: it wakes up for the next turn or for what happens, whichever is first.
            dues = (end, event, self._tune, None if due is None else self.now + due)
            wake = min(t for t in dues if t is not None)
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

    def timed(self, what: Callable[[], object]) -> None:
        began = time.thread_time()
        what()
        self.decided_s += time.thread_time() - began

    def _grant(self) -> None:
        if not self.scheduler.any_due(self.now):
            return
        waiting = {number: sum([len(lane.queue) for lane in model.lanes]) for number, model in self.models.items()}
        room = {number: sum([lane.pace.room for lane in model.lanes]) for number, model in self.models.items()}
        for grant in self.scheduler.grants(self.now, waiting, room):
            self.cameras[grant.camera].take_credit(self.now, grant.fresh)

    def rates(self, seconds: float, model: int = 1) -> Dict[int, float]:
        """By camera, pictures/s that the model has analysed in the last ``seconds``."""
        since = self.now - seconds
        return {n: sum(t > since for t in c.analysed.get(model, [])) / seconds for n, c in self.cameras.items()}


def noisy(rng: random.Random, first: float, more: float, noise: float = 0.3) -> Callable[[int], float]:
    """A device that takes ``first`` seconds for a run and ``more`` for each picture, give or take."""
    return lambda count: (first + more * count) * rng.uniform(1 - noise, 1 + noise)


def fair_shares(
    wishes: Dict[int, float], capacity: float, weights: Optional[Dict[int, float]] = None
) -> Dict[int, float]:
    """Max-min fairness: nobody gets more than is wished, and what that leaves is shared by weight by the others."""
    weights = weights or dict.fromkeys(wishes, 1.0)
    shares: Dict[int, float] = {}
    left, heavy = capacity, sum(weights[camera] for camera in wishes)
    for camera in sorted(wishes, key=lambda n: wishes[n] / weights[n]):
        shares[camera] = min(wishes[camera], left * weights[camera] / heavy)
        left -= shares[camera]
        heavy -= weights[camera]
    return shares
