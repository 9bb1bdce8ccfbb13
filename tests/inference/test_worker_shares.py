"""The inference worker with more to do than it can: old pictures give way, and who is limited is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest

from edge.wire.clock import monotonic_ns
from edge.wire.messages import LATE
from tests.inference import networks
from tests.inference.harness import PATIENCE, Autopilot, InferenceHarness, grey

pytest.importorskip("onnxruntime")

# On a machine that stands still for a while a picture of now must not be too old.
BUDGET = PATIENCE
SECOND = 10**9


@pytest.fixture
def model(tmp_path: Path) -> Dict[str, Any]:
    return networks.order(networks.brightness(tmp_path / "network.onnx"))


def test_a_picture_that_is_too_old_gives_way_to_a_newer_one_which_is_asked_for_at_once(model: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, model)
        camera = worker.add_camera(1, fps=0.01, budget=BUDGET)  # the next turn would be in 100 s
        worker.ready(1)
        now = monotonic_ns()
        old = now - int(BUDGET * 3 * SECOND)
        # It was young when it was sent, and lay here.
        camera.answer(grey(luma=200), captured=old, decoded=old, sent=old)
        sequence = camera.answer(grey(luma=200))
        (result,) = worker.take(1, camera=1)
        assert result.header.sequence == sequence
        assert worker.beat()["expired"] == {"1": 1}
        # Both slots are free again, so that a next turn can come.
        worker.control.send({"op": "camera", "id": 1, "name": "again", "fps": 50, "models": {"1": [0.4]}})
        worker.take(1, sequence=camera.answer(grey(luma=200)))


def test_a_picture_of_the_ring_may_be_of_any_age(model: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, model)
        camera = worker.add_camera(1, budget=BUDGET)
        worker.ready(1)
        old = monotonic_ns() - int(BUDGET * 3 * SECOND)
        worker.take(1, sequence=camera.answer(grey(), captured=old, decoded=old, sent=old, flags=LATE))
        assert worker.beat()["expired"] == {"1": 0}


def test_pictures_that_come_old_from_their_source_are_computed(model: Dict[str, Any]) -> None:
    with InferenceHarness() as worker:
        worker.add_model(1, model)
        camera = worker.add_camera(1, budget=BUDGET)
        worker.ready(1)
        for _ in range(5):
            old = monotonic_ns() - int(BUDGET * 3 * SECOND)
            worker.take(1, sequence=camera.answer(grey(), captured=old))
        assert worker.beat()["expired"] == {"1": 0}


def test_who_wishes_more_than_a_model_can_do_is_told_with_the_model(tmp_path: Path, model: Dict[str, Any]) -> None:
    slow = networks.order(networks.brightness(tmp_path / "slow.onnx", batch=1, size=160, work=12), "slow")
    with InferenceHarness() as worker:
        worker.add_model(1, model)
        worker.add_model(2, slow)
        cameras = [worker.add_camera(n, models=(2,), fps=200, weight=weight) for n, weight in ((1, 1.0), (2, 4.0))]
        cameras.append(worker.add_camera(3, models=(1,), fps=0.5))
        pilots = [Autopilot(camera, grey()) for camera in cameras]
        worker.ready(1, 2)
        worker.take(8, model=2)
        worker.beat()
        limits = worker.beat()["limits"]
        assert limits.get("1") == 2 and "3" not in limits, limits
        for pilot in pilots:
            pilot.close()
        assert pilots[1].sent > pilots[0].sent, "the heavier one had more"
