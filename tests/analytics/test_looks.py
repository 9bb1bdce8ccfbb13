"""Who is looked at, when, and what is believed of what was found."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import pytest

from edge.analytics import CameraAnalytics, Look, Looked
from edge.analytics.track import Attribute
from edge.wire.messages import MOST_LOOKS
from tests.analytics.scenes import LABELS, Camera, Row, brief, picture, standing

EVERY = 2.0
STEP = 0.2


def looked(**other: Any) -> Looked:
    whole = {
        "of": "m", "labels": ["yes", "no"], "objects": None, "every": EVERY, "margin": 0.0, "min_size": 32.0,
        "min_score": 0.5, "boxed": False,
    }  # fmt: skip
    return Looked(**{**whole, **other})


class Scene:
    """A camera of 1000x1000 pixels at 5 pictures a second, whose held pictures are answered at once."""

    def __init__(self, **looks: Looked) -> None:
        self.analytics = CameraAnalytics(Camera(), {"m": LABELS, "other": LABELS}, looks=looks)
        self.time = 100.0
        self.told: List[Any] = []

    def show(self, *rows: Row, model: str = "m") -> List[Look]:
        """One picture more; the looks at it."""
        self.time += STEP
        self.told += self.analytics.update(model, picture(self.time, rows))
        return self.analytics.look(model, self.time)

    def find(self, look: Look, *rows: Sequence[float]) -> List[Any]:
        told = self.analytics.found(look.by, look.object, np.array(rows, np.float32).reshape(-1, 6))
        self.told += told
        return told

    def attributes(self) -> Dict[str, Attribute]:
        """Of the object that was told last."""
        return dict(self.told[-1].object.attributes)


def verdict(score: float, label: int, box: Tuple[float, float, float, float] = (0.4, 0.4, 0.5, 0.5)) -> Sequence[float]:
    return (*box, score, label)


YES, NO = 0, 1


def test_a_new_object_at_once_and_again_after_a_while() -> None:
    scene = Scene(helmet=looked())
    when: List[float] = []
    for _ in range(50):
        for look in scene.show(standing(0.5, 0.5)):
            when.append(scene.time)
            assert (look.by, look.object) == ("helmet", 1)
            np.testing.assert_allclose(look.box, (0.45, 0.3, 0.55, 0.5), atol=0.01)
            scene.find(look, verdict(0.9, YES))
    assert when[0] <= 100.0 + 3 * STEP, "as soon as it is an object"
    assert np.diff(when) == pytest.approx([EVERY] * (len(when) - 1), abs=STEP + 1e-6) and len(when) >= 4


def test_sooner_when_it_has_become_clearly_larger() -> None:
    scene = Scene(helmet=looked(every=600.0))
    heights = np.linspace(0.1, 0.8, 100)
    sides: List[float] = []
    for height in heights:
        for look in scene.show(standing(0.5, 0.9, height=float(height))):
            sides.append(look.box[3] - look.box[1])
            scene.find(look)
    # Each look shows about 1.3 times as much a side as the one before; 8 times as large in all.
    assert np.all(np.diff(np.log(sides)) > np.log(1.25)) and 6 <= len(sides) <= 10


def test_a_look_of_which_nothing_is_heard_is_made_again() -> None:
    scene = Scene(helmet=looked(every=600.0))
    when = [scene.time for _ in range(40) for _ in scene.show(standing(0.5, 0.5))]
    assert np.diff(when) == pytest.approx([2.0] * (len(when) - 1), abs=STEP + 1e-6) and len(when) >= 3


def test_new_ones_first_then_who_has_waited_longest_and_never_too_many() -> None:
    scene = Scene(helmet=looked())
    crowd = [standing(0.05 + 0.045 * n, 0.3) for n in range(20)]
    order: List[List[int]] = []
    for _ in range(14):
        looks = scene.show(*crowd)
        assert len(looks) <= MOST_LOOKS
        for look in looks:
            scene.find(look, verdict(0.9, YES))
        if looks:
            order.append([look.object for look in looks])
    first, rest = order[0], order[1]
    assert len(first) == MOST_LOOKS and sorted(first + rest) == list(range(1, 21))
    # When all are due again a newcomer goes before them, and then come those that were looked at first.
    late = standing(0.5, 0.9)
    looks = scene.show(*crowd, late) and scene.show(*crowd, late)
    while not any(look.object == 21 for look in looks):
        looks = scene.show(*crowd, late)
    assert looks[0].object == 21
    assert set(first) >= {look.object for look in looks[1:]} or not looks[1:]


def test_only_what_is_wanted_and_large_enough() -> None:
    scene = Scene(
        faces=looked(objects=frozenset(["person"])), plates=looked(objects=frozenset(["car"])), far=looked(of="other")
    )
    small = standing(0.8, 0.9, height=0.06)  # 60 pixels high, 30 wide
    looks = {look for _ in range(3) for look in scene.show(standing(0.2, 0.5), standing(0.5, 0.5, label=1), small)}
    by = {(look.by, look.object) for look in looks}
    assert len(by) == 2 and {name for name, _ in by} == {"faces", "plates"}
    looks = {look for _ in range(3) for look in scene.show(standing(0.2, 0.5), model="other")}
    assert {look.by for look in looks} == {"far"}, "each first model has its own"


def test_the_box_grows_by_its_margin_inside_the_picture() -> None:
    scene = Scene(helmet=looked(margin=0.5))
    (look,) = [look for _ in range(3) for look in scene.show((0.0, 0.4, 0.1, 0.6, 0.9, 0))]
    np.testing.assert_allclose(look.box, (0.0, 0.3, 0.15, 0.7), atol=0.01)


def test_one_look_gone_wrong_changes_nothing_and_a_change_is_believed_after_a_few() -> None:
    scene = Scene(helmet=looked(every=0.2))
    said = [YES] * 6 + [NO] + [YES] * 3 + [NO] * 4
    believed: List[Optional[str]] = []
    while len(believed) < len(said):
        for look in scene.show(standing(0.5, 0.5)):
            scene.find(look, verdict(0.9, said[len(believed)]))
            track = scene.analytics._tracks()[0]
            believed.append(track.attributes["helmet"].label)
    assert believed[:10] == ["yes"] * 10
    assert believed[10:] == ["yes", "no", "no", "no"]


def test_a_new_label_is_told_at_once_but_no_more_than_once_a_second() -> None:
    scene = Scene(helmet=looked(every=0.4))
    looks: List[Look] = []
    while not looks:
        looks = scene.show(standing(0.5, 0.5))
    assert brief(scene.told) == ["object.start"]
    assert scene.find(looks[0], verdict(0.9, YES)) == [], "it was told of a moment ago"
    start = scene.time
    while len(scene.told) == 1:
        scene.show(standing(0.5, 0.5))
    assert brief(scene.told[1:]) == ["object.update"] and scene.time - start == pytest.approx(1.0, abs=STEP + 1e-6)
    assert scene.attributes() == {"helmet": Attribute("yes", pytest.approx(0.9), None)}
    for _ in range(12):
        for look in scene.show(standing(0.5, 0.5)):
            scene.find(look, verdict(0.7, YES))
    assert len(scene.told) == 2, "the same label again is nothing new"
    told: List[Any] = []
    while not told:
        for look in scene.show(standing(0.5, 0.5)):
            told = scene.find(look, verdict(0.95, NO))
    assert brief(told) == ["object.update"] and told[0].time == pytest.approx(scene.time), "at once: not at a picture"
    assert told[0].model == "m" and scene.attributes()["helmet"].label == "no"
    scene.told += scene.analytics.flush(scene.time, "stop")
    assert scene.told[-1].type == "object.end" and scene.attributes()["helmet"].label == "no"


def test_what_counts_as_found() -> None:
    scene = Scene(faces=looked(boxed=True, labels=["face"], every=0.2))
    looks = [look for _ in range(3) for look in scene.show(standing(0.5, 0.5))]
    scene.find(looks[0])
    scene.find(looks[0], verdict(0.4, 0), verdict(0.9, 3), verdict(float("nan"), 0))
    track = scene.analytics._tracks()[0]
    assert track.attributes == {}, "too low a score, a label that is none"
    scene.find(looks[0], verdict(0.6, 0), verdict(0.8, 0, (0.46, 0.31, 0.5, 0.35)))
    box = pytest.approx((0.46, 0.31, 0.5, 0.35))
    assert track.attributes == {"faces": Attribute("face", pytest.approx(0.8), box)}
    scene.find(looks[0])
    assert "faces" in track.attributes, "a face that is turned away is still that object's"
    assert scene.analytics.found("faces", 99, np.zeros((1, 6), np.float32)) == [], "an object that is gone"
    assert scene.analytics.found("nobody", 1, np.zeros((1, 6), np.float32)) == []


def test_a_second_model_that_goes_takes_along_what_it_said() -> None:
    scene = Scene(helmet=looked(), vest=looked())
    for _ in range(3):
        for look in scene.show(standing(0.5, 0.5)):
            scene.find(look, verdict(0.9, YES))
    track = scene.analytics._tracks()[0]
    assert set(track.attributes) == {"helmet", "vest"}
    scene.analytics.update_config(Camera(), looks={"helmet": looked(every=9.0), "vest": looked(labels=["a", "b"])})
    assert set(track.attributes) == {"helmet"}, "other labels are another model's"
    assert [look.by for look in scene.show(standing(0.5, 0.5))] == ["vest"]
