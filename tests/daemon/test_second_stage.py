"""Second stages on the daemon's side: what a camera's watch makes of them, and what the worker is told to hold."""

from __future__ import annotations

import itertools
import sys
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pytest

from edge.analytics import Happening, Look
from edge.config import BoxesConfig, CameraConfig
from edge.daemon.engines import Engines
from edge.daemon.inference import Inference
from edge.daemon.models import Model, ModelSet
from edge.daemon.outlet import Shown
from edge.daemon.watch import Watch
from edge.wire.messages import HELD, ResultHeader, Times
from tests.daemon.watched import run

STEP = 200_000_000
PERSON = (0.4, 0.4, 0.5, 0.6, 0.9, 0)
FACES = {"output": {"decoder": "rfb"}}
HELMET = {"output": {"decoder": "classify"}}


def made(name: str, labels: List[str], boxes: Any = None, score: float = 0.5, **worker: Any) -> Model:
    return Model(0, name, labels, score, {"name": name, **worker}, boxes=boxes)


MODELS = {
    "people": made("people", ["person", "car"]),
    "faces": made("faces", ["face"], BoxesConfig(of="people", objects=["person"], min_size=24), 0.7, **FACES),
    "helmet": made("helmet", ["yes", "no"], BoxesConfig(of="people", every=1.0), 0.6, **HELMET),
    "dogs": made("dogs", ["dog"]),
    "tags": made("tags", ["tag"], BoxesConfig(of="dogs"), 0.6, **HELMET),
}
CAMERA = CameraConfig(source="test://", models=["people", "faces", "helmet"])


def a_set() -> ModelSet:
    """Inside a running loop."""
    inference = Inference(sys.executable, lambda _: None, lambda *_: None, lambda: None, lambda _: None)
    inference.rebuild = lambda: None  # type: ignore[method-assign]
    return ModelSet(inference, Engines(sys.executable, 1), lambda _: None)


def test_what_a_camera_makes_of_its_models() -> None:
    async def test() -> None:
        models = a_set()
        models.change(MODELS)
        number = {name: model.number for name, model in models.used.items()}
        # Neither a tracker nor a count for what second stages know.
        assert models.labels(CAMERA) == {"people": ["person", "car"]} and set(models.min_scores(CAMERA)) == {"people"}
        looks = models.looks(CAMERA)
        assert {name: (look.of, look.boxed) for name, look in looks.items()} == {
            "faces": ("people", True), "helmet": ("people", False),
        }  # fmt: skip
        told = {"classes": [0, 1], "min_size": 24, "by": {number["faces"]: [0.7], number["helmet"]: [0.6, 0.6]}}
        assert models.wanted(looks) == {number["people"]: told}
        gone = Look("gone", 5, (0.0, 0.0, 1.0, 1.0))
        order = models.look(3, number["people"], 17, [Look("faces", 5, (0.1, 0.2, 0.3, 0.4)), gone])
        assert order == {
            "op": "look", "camera": 3, "model": number["people"], "sequence": 17,
            "looks": [[number["faces"], 5, 0.1, 0.2, 0.3, 0.4]],
        }  # fmt: skip
        # An edit of how boxes are looked at is live: the network stays loaded, its cameras are told.
        other = MODELS["faces"]._replace(boxes=BoxesConfig(of="people", every=9.0))
        assert models.change({**MODELS, "faces": other}) == {"faces"}
        assert models.used["faces"].number == number["faces"] and models.looks(CAMERA)["faces"].every == 9.0
        assert models.looks(CAMERA)["faces"].objects is None
        models.drop({name: model for name, model in MODELS.items() if name != "people"})
        assert models.looks(CAMERA) == {} and models.wanted(looks) == {}

    run(test)


class Scene:
    """A camera's watch, which is given results as the inference process tells them."""

    def __init__(self, looks: Any) -> None:
        self.told: List[Happening] = []
        self.stages: List[Dict[str, float]] = []
        self.answers: List[Tuple[int, List[Look]]] = []
        labels = {"people": ["person", "car"], "dogs": ["dog"]}
        self.watch = Watch(
            CAMERA, labels, {"people": 0.5, "dogs": 0.5}, itertools.count(1), self._publish, looks,
            lambda header, looks: self.answers.append((header.sequence, looks)),
        )  # fmt: skip

    def _publish(self, happening: Happening, stages: Dict[str, float], shown: Shown) -> None:
        self.told.append(happening)
        self.stages.append(stages)

    def result(self, model: str, sequence: int, *rows: Sequence[float], flags: int = 0, number: int = 0) -> None:
        times = Times(*[10**15 + sequence * STEP] * 7)
        header = ResultHeader(1, 1, sequence, times, 640, 360, number, flags)
        self.watch.result(model, header, memoryview(np.array(rows, np.float32).tobytes()))


@pytest.fixture
def scene() -> Scene:
    found: List[Any] = []

    async def test() -> None:
        models = a_set()
        models.change(MODELS)
        found.append(models.looks(CameraConfig(source="test://", models=[*MODELS])))

    run(test)
    return Scene(found[0])


def test_every_held_picture_is_answered_and_what_was_found_is_told(scene: Scene) -> None:
    for sequence in range(1, 21):
        scene.result("people", sequence, PERSON, flags=HELD)
        for look in scene.answers[-1][1]:
            box = (0.42, 0.42, 0.46, 0.47) if look.by == "faces" else look.box
            scene.result(look.by, sequence, (*box, 0.9, 0), number=look.object)
    assert [sequence for sequence, _ in scene.answers] == list(range(1, 21)), "also where nothing is to be looked at"
    assert {look.by for _, looks in scene.answers for look in looks} == {"faces", "helmet"}
    assert [h.type for h in scene.told[:2]] == ["object.start", "object.update"]
    found = scene.told[-1].object
    assert found is not None
    assert {name: one.label for name, one in found.attributes.items()} == {"faces": "face", "helmet": "yes"}
    assert found.attributes["faces"].box == pytest.approx((0.42, 0.42, 0.46, 0.47))
    assert found.attributes["helmet"].box is None
    # What second stages say is neither a picture nor an object.
    assert (scene.watch.pictures, scene.watch.lost, scene.watch.analytics.objects()) == (20, 0, 1)
    assert all({"infer", "total"} <= set(stages) for stages in scene.stages)


def test_a_look_that_comes_after_its_object_or_its_model_went_is_nothing(scene: Scene) -> None:
    for sequence in range(1, 6):
        scene.result("people", sequence, PERSON, flags=HELD)
    looks = [look for _, looks in scene.answers for look in looks]
    assert looks
    scene.watch.flush("camera")
    told = len(scene.told)
    scene.result("faces", 5, (0.4, 0.4, 0.5, 0.5, 0.9, 0), number=looks[0].object)
    scene.watch.change(CAMERA, {"people": ["person", "car"]}, {"people": 0.5}, {})
    scene.result("faces", 5, (0.4, 0.4, 0.5, 0.5, 0.9, 0), number=looks[0].object)
    assert len(scene.told) == told and (scene.watch.pictures, scene.watch.lost) == (5, 0)


def test_each_first_model_has_its_own_second_stages(scene: Scene) -> None:
    dog = (0.1, 0.6, 0.3, 0.9, 0.9, 0)
    for sequence in range(1, 21):
        # The quicker model is a picture ahead of the other.
        scene.result("dogs", sequence, dog, flags=HELD)
        if sequence > 1:
            scene.result("people", sequence - 1, PERSON, flags=HELD)
        for number, looks in scene.answers[-2:]:
            for look in looks:
                scene.result(look.by, number, (*look.box, 0.9, 0), number=look.object)
    by = {(look.by, look.object) for _, looks in scene.answers for look in looks}
    ids = {happening.object.label: happening.object.id for happening in scene.told if happening.object is not None}
    assert by == {("tags", ids["dog"]), ("faces", ids["person"]), ("helmet", ids["person"])}
    newest = {h.object.label: set(h.object.attributes) for h in scene.told if h.object is not None}
    assert newest == {"dog": {"tags"}, "person": {"faces", "helmet"}}
    assert (scene.watch.pictures, scene.watch.lost) == (20, 0), "a picture that two models look at is one picture"
