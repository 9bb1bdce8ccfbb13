"""A model's lanes: the same network on several devices, and each picture to the one that will be done with it soonest.

A lane that fails leaves the others: what waits at it goes to them. A camera's results leave in the order of its
pictures, though a later one may be done before an earlier one on a slower device: a tracker cannot go back.
"""

from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence

from .decoders import Floors
from .job import Job
from .lane import Lane
from .scheduling.balance import soonest


class _Place:
    """Of a picture in its camera's order; ``data`` when it has a result."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.data: Optional[bytes] = None


class ModelLanes:
    """Every method is the loop's. ``options``: one for each lane. ``send`` takes each RESULT, ``too_old`` the pictures
    that were not computed because they waited for too long; ``wake`` as for Lane.
    """

    def __init__(
        self,
        number: int,
        model: Dict[str, Any],
        options: Sequence[Dict[str, Any]],
        send: Callable[[bytes], None],
        wake: Callable[[], None],
        too_old: Callable[[int, Job], None] = lambda *_: None,
    ) -> None:
        self.number = number
        #: By camera: what scores below is of no use to anyone.
        self.floors: Dict[int, Floors] = {}
        self._send = send
        self._orders: Dict[int, Deque[_Place]] = {}
        self.lanes = [
            Lane(number, index, model, given, self.floors, self._result, self._orphan, partial(too_old, number), wake)
            for index, given in enumerate(options)
        ]

    @property
    def state(self) -> str:
        """``ready`` while one lane is, ``loading`` while one may become so, else ``failed``."""
        states = {lane.state for lane in self.lanes}
        return "ready" if "ready" in states else "loading" if "loading" in states else "failed"

    @property
    def waiting(self) -> int:
        """Pictures that are not in a slot yet."""
        return sum(lane.waiting for lane in self.lanes)

    @property
    def room(self) -> int:
        """How many may wait."""
        return sum(lane.room for lane in self.lanes)

    def tune(self, answer_s: float, budget_s: float) -> None:
        """As for Lane."""
        for lane in self.lanes:
            lane.tune(answer_s, budget_s)

    def due(self) -> Optional[float]:
        """Seconds until some lane begins a batch that it left open; None where none did."""
        dues = [due for due in (lane.due() for lane in self.lanes) if due is not None]
        return min(dues) if dues else None

    @property
    def has_news(self) -> bool:
        return any(lane.has_news for lane in self.lanes)

    @property
    def pictures(self) -> int:
        return sum(lane.pictures for lane in self.lanes)

    @property
    def busy_ns(self) -> int:
        return sum(lane.busy_ns for lane in self.lanes)

    def submit(self, job: Job, alone: bool) -> None:
        """``alone``: nothing else waits for the loop, so the job may keep it."""
        lane = self._soonest()
        if lane is None:
            job.done_with_pixels()
            return
        if len(self.lanes) > 1:
            self._orders.setdefault(job.camera, deque()).append(_Place(job))
        lane.submit(job, alone and len(self.lanes) == 1)

    def collect(self) -> List[Lane]:
        """Take what the lanes' threads have done; the lanes whose state has changed."""
        return [lane for lane in self.lanes if lane.has_news and lane.collect()]

    def retire(self) -> None:
        """Take no more; each lane frees its network when it is done with what it has."""
        for lane in self.lanes:
            lane.retire()

    def close(self, timeout: float) -> None:
        """End it, within ``timeout`` seconds."""
        self.retire()
        for lane in self.lanes:
            lane.close(timeout)

    def _soonest(self) -> Optional[Lane]:
        ready = [lane for lane in self.lanes if lane.state == "ready"]
        if len(ready) < 2:
            return ready[0] if ready else None
        return ready[soonest([lane.load() for lane in ready])]

    def _result(self, job: Job, data: Optional[bytes]) -> None:
        """A lane is done with a picture; ``data`` is None when nothing came of it."""
        order = self._orders.get(job.camera)
        if order is None:
            if data is not None:
                self._send(data)
            return
        place = next(place for place in order if place.job is job)
        if data is None:
            order.remove(place)
        else:
            place.data = data
        while order and order[0].data is not None:
            self._send(order.popleft().data or b"")
        if not order:
            del self._orders[job.camera]

    def _orphan(self, job: Job) -> None:
        """The picture waited at a lane that takes no more."""
        lane = self._soonest()
        if lane is not None:
            lane.submit(job, alone=False)
            return
        job.done_with_pixels()
        self._result(job, None)
