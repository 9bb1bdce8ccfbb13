"""The whole inference process on simulated TensorRTs: Python 3.6 with 8.2, lanes on GPU and DLA cores, and faults."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from tests.inference import networks
from tests.inference.harness import FakeCamera, InferenceHarness, grey
from tests.inference.tensorrt import engines
from tests.inference.tensorrt.builder import Builder
from tests.simulation.tensorrt.setting import TensorRT

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

Make = Callable[[str, str], TensorRT]
ONE = {"min": 1, "opt": 1, "max": 1}


def bright(harness: InferenceHarness, camera: FakeCamera, *levels: int) -> List[float]:
    """Each picture's score, as brightness in 0..255 of limited range's."""
    found = []
    for level in levels:
        sequence = camera.answer(grey(luma=level))
        (result,) = harness.take(1, sequence=sequence)
        found.append(float(result.boxes[0, 4]) * 219 + 16)
    return found


def test_python_36_with_tensorrt_82(tensorrt: Make, tmp_path: Path, python36_tensorrt: Path) -> None:
    double = tensorrt("8.2", "nano")
    double.skip_without(python36_tensorrt)
    model = networks.order(networks.brightness(tmp_path / "n.onnx"))
    batch = {"min": 1, "opt": 4, "max": 4}
    options = engines.plan(double, model, tmp_path / "plan", python=python36_tensorrt, batch=batch)
    with InferenceHarness(python36_tensorrt, environment=double.environment()) as harness:
        harness.add_lanes(1, model, options)
        state = harness.state(1)
        assert (state["state"], state["backend"], state["input"]) == ("ready", "tensorrt", [4, 1, 32, 32]), state
        assert (state["lane"], state["error"], state["note"]) == (0, "", "")
        camera = harness.add_camera(1, floor=0.01)
        assert bright(harness, camera, 60, 120, 200) == pytest.approx([60, 120, 200], abs=1)
        beat = harness.beat()
        assert beat["lanes"][0]["pictures"] == 3 and len(beat["lanes"][0]["each"]) == 1


def three(double: TensorRT, folder: Path) -> Any:
    """A model, and a lane for each of a Xavier's devices."""
    model = networks.order(networks.brightness(folder / "n.onnx", batch=1, work=2))
    gpu = engines.plan(double, model, folder / "gpu", batch=ONE)
    dla = engines.plan(double, model, folder / "dla", batch=ONE, device="dla", precision="fp16")
    return model, [gpu, {**dla, "device": "dla:0"}, {**dla, "device": "dla:1"}]


def ready(harness: InferenceHarness, count: int) -> Dict[int, Dict[str, Any]]:
    while len(harness.lane_states) < count:
        harness.hear()
    return {lane: state for (_model, lane), state in harness.lane_states.items()}


def test_lanes_on_all_devices(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    model, lanes = three(double, tmp_path)
    with InferenceHarness(environment=double.environment()) as harness:
        harness.add_lanes(1, model, *lanes)
        assert {lane: state["state"] for lane, state in ready(harness, 3).items()} == dict.fromkeys(range(3), "ready")
        camera = harness.add_camera(1, fps=1000, floor=0.01)
        assert bright(harness, camera, *range(40, 70)) == pytest.approx(list(range(40, 70)), abs=1)
        each = harness.beat()["lanes"][0]["each"]
        assert sum(lane[0] for lane in each) == 30 and all(lane[0] for lane in each), "each has its share"


def test_a_lane_whose_plan_is_wrong_leaves_the_others(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    model, lanes = three(double, tmp_path)
    lanes[1] = {**lanes[1], "plan_sha256": "0" * 64}
    lanes[2] = {**lanes[2], "device": "dla:5"}
    with InferenceHarness(environment=double.environment()) as harness:
        harness.add_lanes(1, model, *lanes)
        states = ready(harness, 3)
        assert (states[0]["state"], states[1]["state"], states[2]["state"]) == ("ready", "failed", "failed")
        assert states[1]["error"] == "Incompatible" and "hash" in states[1]["reason"]
        assert states[2]["error"] == "EngineError" and "dla:5" in states[2]["reason"]
        assert bright(harness, harness.add_camera(1, floor=0.01), 99) == pytest.approx([99], abs=1)


def test_a_lost_device_is_told_and_ends_the_process(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    model = networks.order(networks.brightness(tmp_path / "n.onnx", batch=1))
    options = engines.plan(double, model, tmp_path / "gpu", batch=ONE)
    with InferenceHarness(sys.executable, environment=double.environment()) as harness:
        harness.add_lanes(1, model, options)
        harness.ready(1)
        camera = harness.add_camera(1, floor=0.01)
        assert bright(harness, camera, 50) == pytest.approx([50], abs=1)
        double.order("device lost")
        camera.answer(grey(luma=51))
        while harness.states[1]["state"] != "failed":
            harness.hear()
        state = harness.states[1]
        assert state["error"] == "DeviceLost" and state["lane"] == 0, state
        assert harness.process.wait(60) == 1, "the daemon starts another"


def test_no_memory_is_told_as_that(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    model = networks.order(networks.brightness(tmp_path / "n.onnx", batch=1))
    options = engines.plan(double, model, tmp_path / "gpu", batch=ONE)
    double.order("memory free 0")
    with InferenceHarness(environment=double.environment()) as harness:
        harness.add_lanes(1, model, options)
        state = harness.state(1)
        assert (state["state"], state["error"]) == ("failed", "OutOfMemory"), state
        double.order()
        harness.add_lanes(2, model, options)
        harness.ready(2)


@pytest.mark.parametrize("version", ["8.2", "10.3"])
def test_bench_and_profile_by_the_builder_process(version: str, tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt(version, engines.BOARDS[version])
    model = networks.order(networks.brightness(tmp_path / "n.onnx", batch=1, work=2))
    options = engines.plan(double, model, tmp_path / "gpu", batch=ONE)
    with Builder(sys.executable, double.environment()) as builder:
        found = builder.order(op="bench", model=model, options=options, seconds=0.3, warm_up=0.01)
    assert (found["op"], found["backend"], found["batch"]) == ("bench", "tensorrt", 1), found
    spans = sum(found[name]["mean"] for name in ("h2d", "compute", "d2h"))
    assert found["latency"]["mean"] == pytest.approx(spans) and found["queries"] >= 10
    assert found["enqueue"]["median"] > 0
    with Builder(sys.executable, double.environment()) as builder:
        found = builder.order(op="profile", model=model, options=options, runs=3)
    assert found["op"] == "profile" and sum(layer["share"] for layer in found["layers"]) == pytest.approx(1), found
    with Builder(sys.executable, double.environment()) as builder:
        found = builder.order(op="bench", model=model, options={**options, "plan_sha256": "0" * 64})
    assert (found["op"], found["error"]) == ("end", "Incompatible")
