"""Second looks: the boxes that a first model has found, shown to a second one.

A picture in which a first model finds something worth a look stays in its slot when its RESULT goes to the daemon, and
is marked HELD. The daemon knows the tracks: it answers which of the boxes are looked at, by which models. Each becomes
a crop on the picture's own planes, which waits at the second model's lanes as any picture does, in one batch with those
of other cameras. What is found comes back in fractions of the whole picture. The slot is free when the last crop has
been copied out of it, or as soon as nobody is going to ask for one.
"""

import time
from typing import Any, Callable, Dict, FrozenSet, Iterable, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..wire.clock import monotonic_ns
from ..wire.messages import HELD, MOST_LOOKS, PictureHeader, ResultHeader, pack_result, unpack_result
from .crop import Box, Crop, crop, to_whole
from .decoders import Floors
from .job import Job
from .model import ModelLanes
from .scheduling.window import LONGEST_S

#: So long a picture waits for the daemon's answer, and for the first model's result: that may have been lost.
ANSWER_S = 1.0
_RESULT_S = 10.0
# A crop is a picture with a number of its own, from here on: no camera counts as far.
_FIRST_NUMBER = 1 << 63

Key = Tuple[int, int, int]  # camera, first model, the picture's sequence


class Wanted(NamedTuple):
    """What of a first model's boxes a camera wants looked at: of these classes, no side under ``min_size`` pixels.

    ``by``: the second models by number, each with its floors.
    """

    classes: FrozenSet[int]
    min_size: float
    by: Dict[int, Floors]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Wanted":
        by = {int(second): Floors(floor) for second, floor in told["by"].items()}
        return cls(frozenset(told["classes"]), float(told["min_size"]), by)

    def worth(self, rows: np.ndarray, width: int, height: int) -> bool:
        """Whether one of the boxes, (N, 6), is such a one."""
        for x1, y1, x2, y2, _score, label in rows.tolist():
            if int(label) in self.classes and min((x2 - x1) * width, (y2 - y1) * height) >= self.min_size:
                return True
        return False


class _Kept(NamedTuple):
    """A picture that stays in its slot until it is answered, or until ``until``."""

    job: Job
    wanted: Wanted
    until: float


class _UnderWay(NamedTuple):
    """A crop on its way: of which object, in which part of which picture."""

    model: int
    object: int
    header: PictureHeader
    part: Box


class Looks:
    """Stands between the models and the daemon: ``tell`` takes every RESULT, and ``send`` gets it.

    Every method is the loop's. Times are seconds of one monotonic clock.
    """

    def __init__(
        self,
        models: Mapping[int, ModelLanes],
        send: Callable[[bytes], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models, self._send, self._clock = models, send, clock
        #: By camera and first model.
        self._wanted: Dict[int, Dict[int, Wanted]] = {}
        # Both in the order of their ``until``: of which no result has come yet, and which the daemon was told of.
        self._unseen: Dict[Key, _Kept] = {}
        self._told: Dict[Key, _Kept] = {}
        self._under_way: Dict[int, _UnderWay] = {}
        self._number = _FIRST_NUMBER

    def want(self, camera: int, looks: Mapping[str, Mapping[str, Any]]) -> None:
        """What this camera wants looked at from now on, by the first model's number."""
        wanted = self._wanted[camera] = {int(first): Wanted.of(told) for first, told in looks.items()}
        for of_first in wanted.values():
            for number, floors in of_first.by.items():
                if number in self._models:
                    self._models[number].floors[camera] = floors

    def arrived(self, job: Job, models: Iterable[int]) -> None:
        """Keep a picture that goes to these models, where one of them may find something to look at."""
        wanted = self._wanted.get(job.camera)
        if not wanted:
            return
        for model in models:
            if model in wanted and any(self._ready(number) is not None for number in wanted[model].by):
                job.keep()
                key = (job.camera, model, job.header.sequence)
                self._drop(self._unseen, key)  # of a link that was there before
                self._unseen[key] = _Kept(job, wanted[model], self._clock() + _RESULT_S)

    def tell(self, data: bytes) -> None:
        """A RESULT of any model."""
        if not self._unseen and not self._under_way:
            self._send(data)
            return
        header, boxes = unpack_result(data)
        rows = np.frombuffer(boxes, np.float32).reshape(-1, 6)
        under = self._under_way.pop(header.sequence, None)
        if under is not None:
            rows = rows.copy()
            to_whole(rows[:, :4], under.part)
            whole = under.header
            header = header._replace(
                sequence=whole.sequence, width=whole.width, height=whole.height, object=under.object
            )
            self._send(pack_result(header, rows.tobytes()))
        elif header.sequence < _FIRST_NUMBER:
            self._first(header, rows, data)

    def _first(self, header: ResultHeader, rows: np.ndarray, data: bytes) -> None:
        key = (header.camera, header.model, header.sequence)
        kept = self._unseen.pop(key, None)
        if kept is not None:
            if kept.wanted.worth(rows, header.width, header.height):
                self._drop(self._told, key)
                self._told[key] = kept._replace(until=self._clock() + ANSWER_S)
                data = pack_result(header._replace(flags=HELD), rows.tobytes())
            else:
                kept.job.done_with_pixels()
        self._send(data)

    def look(self, camera: int, model: int, sequence: int, looks: Sequence[Sequence[Any]]) -> None:
        """The daemon's answer: [second model's number, object's number, x1, y1, x2, y2] for each look."""
        kept = self._told.pop((camera, model, sequence), None)
        if kept is None:
            return
        for number, found, *box in looks[: MOST_LOOKS - kept.job.looks]:
            second = self._ready(number)
            part = crop(kept.job.picture, box)
            if second is not None and part is not None:
                self._submit(second, kept.job, found, part)
        kept.job.done_with_pixels()

    def _submit(self, second: ModelLanes, whole: Job, found: int, part: Crop) -> None:
        self._number += 1
        self._under_way[self._number] = _UnderWay(second.number, found, whole.header, part.box)
        header = whole.header._replace(sequence=self._number, width=part.picture.width, height=part.picture.height)
        whole.keep()
        whole.looks += 1
        job = Job(whole.camera, header, part.picture, 1, whole.done_with_pixels)
        # Of any age: the object is in the picture. It may wait a moment for those of other cameras.
        job.patient_until = monotonic_ns() + int(LONGEST_S * 1e9)
        second.submit(job, False)

    def lost(self, job: Job, model: int) -> None:
        """Nothing comes of this picture from that first model."""
        self._drop(self._unseen, (job.camera, model, job.header.sequence))

    def forget(self, camera: int) -> None:
        """The camera is gone. Crops under way still arrive."""
        self._wanted.pop(camera, None)
        self._let_go(lambda key: key[0] == camera)

    def gone(self, model: int) -> None:
        """No results come of this model any more."""
        self._let_go(lambda key: key[1] == model)
        for number in [number for number, under in self._under_way.items() if under.model == model]:
            del self._under_way[number]

    def next_due(self, now: float) -> Optional[float]:
        """Seconds until a picture has waited for too long; None when none waits."""
        firsts = [next(iter(kept.values())).until for kept in (self._unseen, self._told) if kept]
        return min(firsts) - now if firsts else None

    def expire(self, now: float) -> None:
        """Let go what has waited for too long."""
        for kept in (self._unseen, self._told):
            while kept:
                key = next(iter(kept))
                if kept[key].until > now:
                    break
                self._drop(kept, key)

    def _let_go(self, which: Callable[[Key], bool]) -> None:
        for kept in (self._unseen, self._told):
            for key in [key for key in kept if which(key)]:
                self._drop(kept, key)

    @staticmethod
    def _drop(kept: Dict[Key, _Kept], key: Key) -> None:
        found = kept.pop(key, None)
        if found is not None:
            found.job.done_with_pixels()

    def _ready(self, number: int) -> Optional[ModelLanes]:
        model = self._models.get(number)
        return model if model is not None and model.state == "ready" else None
