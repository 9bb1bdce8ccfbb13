"""The inference worker with a second model on what a first one has found, this test answering as the daemon does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np
import pytest

from edge.wire.messages import HELD
from tests.inference import networks
from tests.inference.harness import Autopilot, InferenceHarness, Result, grey

pytest.importorskip("onnxruntime")

FIRST, SECOND = 1, 2
GRADES = {"output": {"decoder": "classify"}, "labels": ["dark", "middling", "bright"]}


def looks(classes: Sequence[int] = (0,), min_size: int = 8, floor: float = 0.1, labels: int = 3) -> Dict[str, Any]:
    return {str(FIRST): {"classes": classes, "min_size": min_size, "by": {str(SECOND): [floor] * labels}}}


def stripes(*lumas: int, width: int = 64, height: int = 48) -> List[np.ndarray]:
    """An I420 picture of grey columns."""
    luma = np.repeat(np.array(lumas, np.uint8), width // len(lumas))
    _, u, v = grey(width, height)
    return [np.repeat(luma[None], height, 0), u, v]


def test_what_a_classifier_says_of_each_box(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(FIRST, networks.order(networks.brightness(tmp_path / "first.onnx")))
        worker.add_model(SECOND, networks.order(networks.grades(tmp_path / "second.onnx"), "grades", **GRADES))
        camera = worker.add_camera(1, floor=0.1, looks=looks())
        worker.ready(FIRST, SECOND)
        for _ in range(3):
            sequence = camera.answer(stripes(38, 126, 213, 126))
            (held,) = worker.take(1, model=FIRST, sequence=sequence)
            assert held.header.flags == HELD and held.header.object == 0
            columns = [(SECOND, 11 + n, n / 4, 0.1, (n + 1) / 4, 0.9) for n in range(4)]
            worker.look(held, *columns)
            found = {result.header.object: result for result in worker.take(4, model=SECOND, sequence=sequence)}
            for (_, number, *box), label in zip(columns, (0, 1, 2, 1)):
                result = found[number]
                assert (result.header.width, result.header.height, result.header.flags) == (64, 48, 0)
                assert result.header.times.captured == held.header.times.captured
                (row,) = result.boxes
                assert int(row[5]) == label and row[4] > 0.9
                np.testing.assert_allclose(row[:4], box, atol=2 / 48)  # to the next even pixel


def test_crops_of_many_cameras_are_one_batch(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(FIRST, networks.order(networks.brightness(tmp_path / "first.onnx")))
        slow = networks.order(networks.brightness(tmp_path / "second.onnx", size=128, work=6), "slow")
        worker.add_model(SECOND, slow, batch=8)
        lumas = {number: 60 + 25 * number for number in range(1, 7)}
        cameras = {n: worker.add_camera(n, floor=0.1, looks=looks(labels=1)) for n in lumas}
        worker.ready(FIRST, SECOND)
        sequences = {n: camera.answer(grey(80, 60, lumas[n])) for n, camera in cameras.items()}
        held = [worker.take(1, camera=n, sequence=s)[0] for n, s in sequences.items()]
        for result in held:
            worker.look(result, *[(SECOND, k, 0.0, 0.0, 0.5, 0.5) for k in (1, 2, 3)])
        found = worker.take(3 * len(cameras), model=SECOND)
        together: Dict[int, List[int]] = {}
        for result in found:
            (row,) = result.boxes
            # Its own picture's brightness, and the middle of the crop in fractions of the whole picture.
            expected = [0.125, 0.125, 0.375, 0.375, (lumas[result.header.camera] - 16) / 219, 0]
            np.testing.assert_allclose(row, expected, atol=0.006)
            together.setdefault(result.header.times.started, []).append(result.header.camera)
        assert sorted((r.header.camera, r.header.object) for r in found) == [(n, k) for n in lumas for k in (1, 2, 3)]
        assert max(len(set(batch)) for batch in together.values()) >= 2
        assert max(len(batch) for batch in together.values()) == 8


def test_second_stages_of_two_first_models(tmp_path: Path) -> None:
    # Numbers 1 and 3 look at the pictures, 2 at what the one has found, and 4 at what the other has.
    with InferenceHarness() as worker:
        for number in (FIRST, 3):
            network = networks.brightness(tmp_path / f"{number}.onnx", work=4 * (number - 1))
            worker.add_model(number, networks.order(network, f"first {number}"))
        for number in (SECOND, 4):
            network = networks.grades(tmp_path / f"{number}.onnx")
            worker.add_model(number, networks.order(network, f"second {number}", **GRADES))
        wanted = {**looks(), "3": {"classes": [0], "min_size": 8, "by": {"4": [0.1] * 3}}}
        camera = worker.add_camera(1, models=(FIRST, 3), fps=60, floor=0.1, looks=wanted)
        worker.ready(FIRST, SECOND, 3, 4)
        for luma, label in ((30, 0), (126, 1), (213, 2), (126, 1), (30, 0)):
            sequence = camera.answer(grey(luma=luma))
            for first, second in ((FIRST, SECOND), (3, 4)):
                (held,) = worker.take(1, model=first, sequence=sequence)
                if label == 0:
                    assert held.header.flags == 0, "too dark for the first model: nothing to look at"
                    continue
                assert held.header.flags == HELD
                worker.look(held, (second, 9, 0.0, 0.0, 1.0, 1.0))
                (found,) = worker.take(1, model=second, sequence=sequence)
                assert found.header.object == 9 and int(found.boxes[0, 5]) == label


def unanswered(worker: InferenceHarness, result: Result) -> None:
    """Nobody says anything."""


def nothing(worker: InferenceHarness, result: Result) -> None:
    worker.look(result)


def no_model(worker: InferenceHarness, result: Result) -> None:
    worker.look(result, (77, 1, 0.0, 0.0, 1.0, 1.0))


def no_box(worker: InferenceHarness, result: Result) -> None:
    worker.look(result, (SECOND, 1, 0.5, 0.5, 0.5, 0.5))


def unloaded(worker: InferenceHarness, result: Result) -> None:
    worker.look(result, *[(SECOND, k, 0.0, 0.0, 1.0, 1.0) for k in range(1, 17)])
    worker.control.send({"op": "unload", "id": SECOND})


def first_unloaded(worker: InferenceHarness, result: Result) -> None:
    """Another version of the first model takes its place, as the daemon does it."""
    worker.add_model(3, worker.models[FIRST])
    worker.ready(3)
    floors = {"3": [0.1]}
    worker.control.send({"op": "camera", "id": 1, "name": "gate", "fps": 60, "models": floors, "looks": {}})
    worker.control.send({"op": "unload", "id": FIRST})


@pytest.mark.parametrize("answer", [unanswered, nothing, no_model, no_box, unloaded, first_unloaded])
def test_slots_come_back_whatever_the_answer(tmp_path: Path, answer: Any) -> None:
    # A camera has two slots, and gets no third picture into them before one has come back.
    with InferenceHarness() as worker:
        worker.add_model(FIRST, networks.order(networks.brightness(tmp_path / "first.onnx")))
        slow = networks.brightness(tmp_path / "second.onnx", batch=1, size=160, work=12)
        worker.add_model(SECOND, networks.order(slow, "slow"))
        camera = worker.add_camera(1, fps=60, floor=0.1, looks=looks(labels=1))
        worker.ready(FIRST, SECOND)
        for number in range(5):
            camera.answer(grey(luma=60 + 40 * number))
            (result,) = worker.take(1, sequence=number + 1, **({"model": FIRST} if number == 0 else {}))
            assert result.boxes[0, 4] == pytest.approx((44 + 40 * number) / 219, abs=0.006)
            if number == 0:
                assert result.header.flags == HELD
                answer(worker, result)
            elif result.header.flags == HELD and answer is not unanswered:
                worker.look(result)


def test_a_second_model_that_fails_gives_back_what_it_was_given(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(FIRST, networks.order(networks.brightness(tmp_path / "first.onnx")))
        worker.add_model(SECOND, networks.order(networks.fragile(tmp_path / "second.onnx"), "fragile"))
        camera = worker.add_camera(1, fps=60, floor=0.1, looks=looks(labels=1))
        worker.ready(FIRST, SECOND)
        del worker.states[SECOND]
        camera.answer(grey(luma=220))
        (held,) = worker.take(1, model=FIRST)
        worker.look(held, *[(SECOND, k, 0.0, 0.0, 1.0, 1.0) for k in range(1, 17)])
        assert worker.state(SECOND)["state"] == "failed"
        for _ in range(4):
            (result,) = worker.take(1, sequence=camera.answer(grey(luma=220)))
            assert result.header.flags == 0, "nobody is there to look"


def test_a_camera_that_goes_while_it_is_held(tmp_path: Path) -> None:
    with InferenceHarness() as worker:
        worker.add_model(FIRST, networks.order(networks.brightness(tmp_path / "first.onnx")))
        worker.add_model(SECOND, networks.order(networks.brightness(tmp_path / "second.onnx"), "second"))
        worker.add_camera(2, floor=0.1, looks=looks(labels=1))
        neighbour = Autopilot(worker.add_camera(1, floor=0.1), grey())
        worker.ready(FIRST, SECOND)
        for _ in range(3):
            worker.cameras[2].answer(grey())
            (held,) = worker.take(1, camera=2, model=FIRST)
            assert held.header.flags == HELD
            worker.cameras[2].close()
            # Its process comes back, and counts from 1 again: what was held of the old one is no picture of the new.
            worker.add_camera(2, floor=0.1, looks=looks(labels=1))
            worker.look(held, (SECOND, 1, 0.0, 0.0, 1.0, 1.0))
        (result,) = worker.take(1, sequence=worker.cameras[2].answer(grey(luma=200)), camera=2)
        worker.look(result, (SECOND, 5, 0.0, 0.0, 1.0, 1.0))
        (found,) = worker.take(1, camera=2, model=SECOND)
        assert found.header.object == 5 and found.boxes[0, 4] == pytest.approx(184 / 219, abs=0.006)
        neighbour.close()
        assert neighbour.sent > 0
