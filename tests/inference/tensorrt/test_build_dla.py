"""Engines for a DLA core: placed, looked into, and held against the GPU's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from scripts.servers import ROOT
from tests.inference.tensorrt.builder import Builder, build_order, pictures
from tests.simulation.tensorrt.setting import TensorRT

PERSON = ROOT / "models" / "person" / "person.onnx"
WITH_DLA = ("8.2", "8.5", "8.6", "10.3")
TWO = {"min": 2, "opt": 2, "max": 2}
Make = Callable[..., TensorRT]


def dla_order(folder: Path, precision: str = "fp16", bound: float = 0.1, **changes: Any) -> Dict[str, Any]:
    seen = pictures(folder / "seen.npz", 5)
    order = build_order(PERSON, folder, precision=precision, device="dla", core=1, batch=TWO)
    order["compare"] = {"pictures": seen, "bound": bound}
    if precision == "int8":
        order["calibration"] = {"cache": str(folder / "calibration"), "pictures": seen, "batch": 8}
    order.update(changes)
    return order


@pytest.mark.parametrize("version", WITH_DLA)
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_whole_on_the_dla(tensorrt: Make, tmp_path: Path, version: str, precision: str) -> None:
    double = tensorrt(version, "xavier-nx" if version in ("8.2", "8.5") else "orin-nx")
    with Builder(environment=double.environment()) as builder:
        built = builder.order(**dla_order(tmp_path, precision))
    assert built["op"] == "built", built
    assert built["placement"] == {"dla": 79, "gpu": 0, "switches": 0, "messages": []}
    block = [layer for layer in built["layers"] if layer["device"] == "DLA"]
    assert len(block) == 1 and block[0]["precision"] == precision.upper()
    assert built["inputs"][0]["shape"] == [2, 3, 288, 384]
    compared = built["compared"]
    # Of 5 pictures two batches of 2 are full.
    assert compared["pictures"] == 4 and 0 < compared["mean_error"] <= compared["max_error"] < 0.1
    loud = [words for words in built["warnings"] if "Orin's DLA" in words]
    assert len(loud) == (1 if double.board == "orin-nx" and precision == "fp16" else 0)
    left = sorted(path.name for path in tmp_path.iterdir() if path.name not in ("seen.npz", "calibration"))
    assert left == ["build.log", "engine.plan.tmp"]


def test_layers_that_fall_back(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    layer = "/stage8/stage8.0/stage8.0.0/Conv"
    double.order("dla reject " + layer)
    with Builder(environment=double.environment()) as builder:
        built = builder.order(**dla_order(tmp_path))
    assert built["op"] == "built", built
    placed = built["placement"]
    assert (placed["dla"], placed["gpu"]) == (78, 1)
    assert placed["switches"] == 2
    assert any(layer in words for words in placed["messages"])


def test_nothing_runs_there(tensorrt: Make, tmp_path: Path) -> None:
    """What was asked for is done or refused, never silently changed."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Softplus", ["x"], ["y"], name="soft")],
        "soft",
        [helper.make_tensor_value_info("x", kind, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", kind, [1, 3, 8, 8])],
    )
    path = tmp_path / "soft.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    order = build_order(path, tmp_path, precision="fp16", device="dla")
    environment = tensorrt("8.6", "orin-nx").environment()
    with Builder(environment=environment) as builder:
        end = builder.order(**order)
    assert end["error"] == "BuildFailed"
    assert end["reason"].startswith("soft: not one of its layers runs on the DLA (")
    assert "soft" in end["reason"].split("(", 1)[1] and "use device: gpu" in end["reason"]
    assert not Path(order["plan"]).exists()
    with Builder(environment=environment) as builder:
        end = builder.order(**dict(order, gpu_fallback=False))
    assert end["error"] == "BuildFailed" and "soft" in end["reason"]
    with Builder(environment=environment) as builder:
        told = builder.order(**dict(order, op="placement"))
    assert told == {"op": "placement", "layers": [{"name": "soft", "type": "ACTIVATION", "dla": False}]}


def test_outputs_that_are_wrong_are_refused(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    double.order("dla wrong 0")
    order = dla_order(tmp_path)
    with Builder(environment=double.environment()) as builder:
        end = builder.order(**order)
    assert end["error"] == "BuildFailed"
    assert end["reason"].startswith("person: the DLA's output level")
    assert "of its range" in end["reason"] and "on 4 pictures and 0.1 is the bound" in end["reason"]
    assert not Path(order["plan"]).exists()


@pytest.mark.parametrize(
    "version, board, changes, words",
    [
        ("8.2", "nano", {}, "finds no DLA here; use device: gpu"),
        ("11.1", "orin-nx", {}, "finds no DLA here; use device: gpu"),
        ("8.5", "xavier-nx", {"core": 2}, "DLA core 2, and TensorRT 8.5.2.2 finds 2 DLA cores here"),
        ("8.5", "xavier-nx", {"precision": "fp32"}, "a DLA computes in fp16 and int8 only"),
        ("8.5", "xavier-nx", {"batch": {"min": 1, "opt": 2, "max": 4}}, "a DLA runs batches of one size only"),
        ("8.5", "xavier-nx", {"dla_pools": {"sram_kib": 1000}}, "sram_kib of 1024000 bytes is refused"),
    ],
)
def test_refused(
    tensorrt: Make, tmp_path: Path, version: str, board: str, changes: Dict[str, Any], words: str
) -> None:
    with Builder(environment=tensorrt(version, board).environment()) as builder:
        end = builder.order(**dla_order(tmp_path, **changes))
    assert end["op"] == "end" and end["reason"].startswith("person: ") and words in end["reason"], end


def test_on_xavier_s_python36(tensorrt: Make, python36_tensorrt: Path, tmp_path: Path) -> None:
    double = tensorrt("8.2", "xavier-nx")
    double.skip_without(python36_tensorrt)
    with Builder(python36_tensorrt, double.environment()) as builder:
        built = builder.order(**dla_order(tmp_path, "int8"))
    assert built["op"] == "built", (built, builder.stderr)
    assert built["placement"]["gpu"] == 0 and built["compared"]["max_error"] < 0.1
