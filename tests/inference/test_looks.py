"""Pictures that are kept for a second look: whatever happens, the slot is given back, once."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, cast

import numpy as np
import pytest

from edge.inference.camera import view
from edge.inference.decoders import Floors
from edge.inference.job import Job
from edge.inference.looks import ANSWER_S, Looks
from edge.inference.model import ModelLanes
from edge.wire.messages import HELD, MOST_LOOKS, PictureHeader, ResultHeader, Times, pack_result, unpack_result

HEADER = PictureHeader(0, 0, 0, 1, 7, 1, 2, 3, 64, 48, (0, 3072, 3840), (64, 32, 32), -1.0)
PICTURE = view(HEADER, memoryview(bytes(4608)))
CAR, PERSON = 0, 1
FIRST, SECOND = 1, 2
BIG = (0.25, 0.25, 0.75, 0.75, 0.9, PERSON)
WANTED = {"1": {"classes": [PERSON], "min_size": 20, "by": {"2": [0.6]}}}


class Lanes:
    """Instead of a second model: keeps what it is given."""

    def __init__(self, number: int, state: str = "ready") -> None:
        self.number, self.state = number, state
        self.floors: Dict[int, Floors] = {}
        self.jobs: List[Job] = []

    def submit(self, job: Job, alone: bool) -> None:
        assert not alone
        self.jobs.append(job)


class Stage:
    """One camera, whose pictures a first model looks at; ``released`` counts the slots that came back."""

    def __init__(self, state: str = "ready") -> None:
        self.now = 100.0
        self.second = Lanes(SECOND, state)
        self.sent: List[bytes] = []
        self.released = 0
        models = {SECOND: self.second}
        self.looks = Looks(cast(Dict[int, ModelLanes], models), self.sent.append, lambda: self.now)
        self.looks.want(3, WANTED)

    def picture(self, *boxes: Any, sequence: int = 7) -> Optional[ResultHeader]:
        """A picture in which the first model finds these boxes; the header of its RESULT."""
        job = self.arrive(sequence)
        job.done_with_pixels()
        return self.result(*boxes, sequence=sequence)

    def arrive(self, sequence: int = 7) -> Job:
        job = Job(3, HEADER._replace(sequence=sequence), PICTURE, 1, self._release)
        self.looks.arrived(job, [FIRST])
        return job

    def result(self, *boxes: Any, sequence: int = 7, model: int = FIRST) -> ResultHeader:
        header = ResultHeader(3, model, sequence, Times(*range(7)), 64, 48)
        self.looks.tell(pack_result(header, np.array(boxes, np.float32).tobytes()))
        return unpack_result(self.sent[-1])[0]

    def _release(self) -> None:
        self.released += 1


def test_a_picture_with_nothing_to_look_at_is_not_kept() -> None:
    for box in ((0.25, 0.25, 0.75, 0.75, 0.9, CAR), (0.25, 0.25, 0.75, 0.6, 0.9, PERSON)):  # 17 pixels are too small
        stage = Stage()
        header = stage.picture(box)
        assert header is not None and header.flags == 0 and stage.released == 1
    stage = Stage()
    assert stage.result().flags == 0, "a picture that came before the camera wanted any looks"


def test_without_a_second_model_that_is_ready_nothing_is_kept() -> None:
    for state in ("loading", "failed"):
        stage = Stage(state)
        assert stage.result(BIG).flags == 0
        stage.picture(BIG)
        assert stage.released == 1


def test_a_held_picture_is_looked_at_and_given_back() -> None:
    stage = Stage()
    header = stage.picture(BIG, (0.0, 0.0, 1.0, 1.0, 0.5, CAR))
    assert header is not None and header.flags == HELD and not stage.released
    stage.looks.look(3, FIRST, 7, [[SECOND, 41, 0.25, 0.25, 0.75, 0.75], [SECOND, 42, 0.0, 0.0, 0.5, 1.0]])
    assert not stage.released, "no crop was copied yet"
    first, other = stage.second.jobs
    assert (first.picture.width, first.picture.height, first.expires) == (32, 24, 0)
    first.done_with_pixels()
    assert not stage.released
    other.done_with_pixels()
    assert stage.released == 1
    stage.result((0.5, 0.5, 1.0, 1.0, 0.8, 0), sequence=other.header.sequence, model=SECOND)
    told, boxes = unpack_result(stage.sent[-1])
    assert (told.camera, told.model, told.sequence, told.object) == (3, SECOND, 7, 42)
    assert (told.width, told.height, told.flags) == (64, 48, 0)
    np.testing.assert_allclose(np.frombuffer(boxes, np.float32), [0.25, 0.5, 0.5, 1.0, 0.8, 0], atol=1e-6)
    assert stage.second.floors[3].least == pytest.approx(0.6)


def test_never_more_than_so_many_looks_and_none_by_who_is_not_there() -> None:
    stage = Stage()
    stage.picture(BIG)
    looks = [[9, 1, 0.0, 0.0, 1.0, 1.0], [SECOND, 1, 0.3, 0.3, 0.3, 0.3]] + [[SECOND, 1, 0.0, 0.0, 1.0, 1.0]] * 20
    stage.looks.look(3, FIRST, 7, looks)
    assert len(stage.second.jobs) <= MOST_LOOKS
    for job in stage.second.jobs:
        assert not stage.released
        job.done_with_pixels()
    assert stage.released == 1


def no_answer(stage: Stage) -> None:
    stage.now += ANSWER_S - 0.01
    stage.looks.expire(stage.now)
    assert not stage.released
    due = stage.looks.next_due(stage.now)
    assert due is not None and 0 < due <= 0.011
    stage.now += 0.02
    stage.looks.expire(stage.now)


@pytest.mark.parametrize(
    "end",
    [
        no_answer,
        lambda stage: stage.looks.look(3, FIRST, 7, []),
        lambda stage: stage.looks.forget(3),
        lambda stage: stage.looks.gone(FIRST),
        lambda stage: stage.looks.expire(stage.now + 60),
        lambda stage: (stage.looks.look(3, FIRST, 8, []), stage.looks.look(3, FIRST, 7, [[9, 1, 0, 0, 1, 1]])),
    ],
)
def test_the_slot_is_always_given_back(end: Callable[[Stage], Any]) -> None:
    stage = Stage()
    stage.picture(BIG)
    assert not stage.released
    end(stage)
    assert stage.released == 1
    # Nothing of it is left: what comes too late changes nothing.
    stage.looks.look(3, FIRST, 7, [[SECOND, 1, 0.0, 0.0, 1.0, 1.0]])
    stage.looks.forget(3)
    stage.looks.expire(stage.now + 1000)
    assert stage.released == 1 and not stage.second.jobs and stage.looks.next_due(stage.now) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda stage, job: stage.looks.lost(job, FIRST),
        lambda stage, job: stage.looks.gone(FIRST),
        lambda stage, job: stage.looks.forget(3),
        lambda stage, job: stage.looks.expire(stage.now + 60),
    ],
)
def test_also_where_no_result_comes(end: Callable[[Stage, Job], Any]) -> None:
    stage = Stage()
    job = stage.arrive()
    job.done_with_pixels()
    assert not stage.released
    end(stage, job)
    assert stage.released == 1


def test_two_first_models_share_the_bound_of_a_picture() -> None:
    stage = Stage()
    stage.looks.want(3, {**WANTED, "5": WANTED["1"]})
    job = Job(3, HEADER, PICTURE, 2, stage._release)
    stage.looks.arrived(job, [FIRST, 5])
    for model in (FIRST, 5):
        job.done_with_pixels()
        assert stage.result(BIG, model=model).flags == HELD
    for model in (FIRST, 5):
        stage.looks.look(3, model, 7, [[SECOND, 1, 0.0, 0.0, 1.0, 1.0]] * 10)
    assert len(stage.second.jobs) == MOST_LOOKS
    for crop in stage.second.jobs:
        crop.done_with_pixels()
    assert stage.released == 1
