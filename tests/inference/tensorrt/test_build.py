"""The builder process on every simulated TensorRT: GPU engines of each precision, and what it tells of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
import pytest

from scripts.servers import ROOT
from tests.inference.tensorrt.builder import Builder, build_order, pictures
from tests.simulation.tensorrt.setting import VERSIONS, TensorRT

PERSON = ROOT / "models" / "person" / "person.onnx"
WEAK = [v for v in VERSIONS if v != "11.1"]
BATCH = {"min": 1, "opt": 2, "max": 4}
Make = Callable[..., TensorRT]


def calibration(folder: Path, **changes: Any) -> Dict[str, Any]:
    order = {"cache": str(folder / "person.calibration"), "pictures": pictures(folder / "p.npy", 8), "batch": 4}
    order.update(changes)
    return order


@pytest.mark.parametrize("version", VERSIONS)
def test_platform(tensorrt: Make, version: str) -> None:
    board = {"8.2": "nano", "11.1": "pc"}.get(version, "orin-nx")
    double = tensorrt(version, board)
    with Builder(environment=double.environment()) as builder:
        found = builder.order(op="platform", module="tensorrt", plugins=[])
    assert found["op"] == "platform", found
    assert found["module"] == "tensorrt"
    assert found["tensorrt"].startswith(version)
    assert found["cuda"] == {"8.2": "10.2", "8.5": "11.4", "8.6": "12.2", "10.3": "12.6", "11.1": "13.0"}[version]
    assert found["compute_capability"] == {"nano": "5.3", "orin-nx": "8.7", "pc": "8.6"}[board]
    assert found["dla_cores"] == (2 if board == "orin-nx" else 0)
    assert found["fast_fp16"] is (None if version == "11.1" else True)
    assert found["fast_int8"] is (None if version == "11.1" else board == "orin-nx")
    assert found["gpu"] and found["memory_mib"] > 3000 and found["missing"] == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_fp32_with_a_dynamic_batch(tensorrt: Make, tmp_path: Path, version: str) -> None:
    """Everything that a build tells, and what it leaves."""
    double = tensorrt(version, "pc" if version == "11.1" else "xavier-nx")
    cache = tmp_path / "timing.cache"
    order = build_order(PERSON, tmp_path, batch=BATCH, timing_cache=str(cache))
    with Builder(environment=double.environment()) as builder:
        built = builder.order(**order)
    assert built["op"] == "built", built
    plan = Path(order["plan"])
    assert plan.stat().st_size == built["bytes"] > 100000
    assert cache.stat().st_size > 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([plan.name, cache.name, "build.log"])
    assert built["inputs"] == [{"name": "images", "shape": [-1, 3, 288, 384], "dtype": "float32"}]
    assert [(o["name"], o["dtype"]) for o in built["outputs"]] == [("level8", "float32"), ("level16", "float32")]
    assert built["placement"] == {"dla": 0, "gpu": 79, "switches": 0, "messages": []}
    assert {layer["device"] for layer in built["layers"]} == {"GPU"}
    assert {layer["precision"] for layer in built["layers"]} == {"FP32"}
    assert all(layer["name"] and layer["type"] for layer in built["layers"])
    assert built["warnings"] == [] and built["compared"] is None
    assert built["seconds"] > 0 and len(built["log_digest"]) == 64
    assert "the workspace is" in (tmp_path / "build.log").read_text()
    phases = [message["phase"] for message in builder.said("progress")]
    assert phases[:2] == ["parse", "build"]
    assert builder.stderr == ""


def test_what_was_measured_is_used_again(tensorrt: Make, tmp_path: Path) -> None:
    """A timing cache that does not fit is put aside, and said."""
    double = tensorrt("8.5", "xavier-nx")
    cache = tmp_path / "timing.cache"
    order = build_order(PERSON, tmp_path, timing_cache=str(cache))
    with Builder(environment=double.environment()) as builder:
        assert builder.order(**order)["warnings"] == []
    first = cache.read_bytes()
    with Builder(environment=double.environment()) as builder:
        assert builder.order(**order)["warnings"] == []
    cache.write_bytes(b"of another board")
    with Builder(environment=double.environment()) as builder:
        (warning,) = builder.order(**order)["warnings"]
    assert str(cache) in warning and "begun anew" in warning
    assert cache.read_bytes()[:20] == first[:20]


@pytest.mark.parametrize("version", WEAK)
def test_fp16(tensorrt: Make, tmp_path: Path, version: str) -> None:
    with Builder(environment=tensorrt(version, "xavier-nx").environment()) as builder:
        built = builder.order(**build_order(PERSON, tmp_path, precision="fp16", batch=BATCH))
    assert built["op"] == "built", built
    assert "FP16" in {layer["precision"] for layer in built["layers"]}


@pytest.mark.parametrize("version", WEAK)
def test_int8_is_calibrated_once(tensorrt: Make, tmp_path: Path, version: str) -> None:
    double = tensorrt(version, "xavier-nx")
    given = calibration(tmp_path)
    order = build_order(PERSON, tmp_path, precision="int8", batch=BATCH, calibration=given)
    with Builder(environment=double.environment()) as builder:
        built = builder.order(**order)
    assert built["op"] == "built", built
    assert "INT8" in {layer["precision"] for layer in built["layers"]}
    assert built["warnings"] == []
    assert "calibrate" in [message["phase"] for message in builder.said("progress")]
    cache = Path(given["cache"])
    text = cache.read_bytes()
    assert text.startswith(b"TRT-") and b"EntropyCalibration2" in text.splitlines()[0] and b"images: " in text
    # The pictures are not needed any more, and the cache stays as it is: it is in the engine's key.
    os.unlink(given["pictures"])
    order["calibration"] = dict(given, pictures=None)
    with Builder(environment=double.environment()) as builder:
        assert builder.order(**order)["op"] == "built"
    assert cache.read_bytes() == text
    assert "calibrate" not in [message["phase"] for message in builder.said("progress")]


def test_int8_needs_something_to_calibrate_with(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.5", "xavier-nx")
    missing = dict(calibration(tmp_path), pictures=None)
    wrong = tmp_path / "wrong.npy"
    np.save(str(wrong), np.zeros((4, 3, 8, 8), np.float32))
    for given, words in (
        (None, "int8 needs a calibration: run edge models calibrate"),
        (missing, "no such calibration"),
        (dict(missing, pictures=str(wrong)), "pictures of shape [3, 8, 8]"),
        (dict(missing, pictures=str(tmp_path / "none.npz")), "no pictures can be read"),
    ):
        order = build_order(PERSON, tmp_path, precision="int8", calibration=given)
        with Builder(environment=double.environment()) as builder:
            end = builder.order(**order)
        assert end["op"] == "end" and words in end["reason"], end
        assert end["reason"].startswith("person: ")
        assert not Path(order["plan"]).exists()


def test_no_fast_int8(tensorrt: Make, tmp_path: Path) -> None:
    double = tensorrt("8.2", "nano")
    order = build_order(PERSON, tmp_path, precision="int8", calibration=calibration(tmp_path))
    with Builder(environment=double.environment()) as builder:
        assert builder.order(**order)["warnings"] == [
            "this GPU has no fast INT8: fp16 will be faster here, and more exact"
        ]
    # Of what there is, the best is fp16.
    with Builder(environment=double.environment()) as builder:
        built = builder.order(**dict(order, precision="best"))
    assert "FP16" in {layer["precision"] for layer in built["layers"]}
    assert "INT8" not in {layer["precision"] for layer in built["layers"]}


def test_the_file_says_the_precision_from_11_on(tensorrt: Make, tmp_path: Path) -> None:
    environment = tensorrt("11.1", "pc").environment()
    with Builder(environment=environment) as builder:
        end = builder.order(**build_order(PERSON, tmp_path, precision="fp16"))
    assert end["error"] == "BuildFailed"
    assert "takes the precision from the ONNX file, and this one has FLOAT alone; convert it" in end["reason"]
    with Builder(environment=environment) as builder:
        built = builder.order(**build_order(PERSON, tmp_path, precision="best"))
    assert built["op"] == "built"
    assert "the ONNX file is fp32 alone" in built["warnings"][0]


def test_optimization_level(tensorrt: Make, tmp_path: Path) -> None:
    order = build_order(PERSON, tmp_path, optimization_level=2, workspace_mib=64)
    with Builder(environment=tensorrt("8.6", "orin-nx").environment()) as builder:
        assert builder.order(**order)["warnings"] == []
    with Builder(environment=tensorrt("8.5", "orin-nx").environment()) as builder:
        (warning,) = builder.order(**order)["warnings"]
    assert "optimization_level: TensorRT 8.5.2.2 has none" in warning


def test_on_the_nano_s_python(tensorrt: Make, python36_tensorrt: Path, tmp_path: Path) -> None:
    """Python 3.6 with TensorRT 8.2: every way through the builder but the DLA's, which has a test of its own."""
    double = tensorrt("8.2", "nano")
    double.skip_without(python36_tensorrt)
    environment = double.environment()
    with Builder(python36_tensorrt, environment) as builder:
        assert builder.order(op="platform", module="tensorrt", plugins=[])["compute_capability"] == "5.3"
    orders: List[Dict[str, Any]] = [
        {},
        {"precision": "fp16", "batch": BATCH, "timing_cache": str(tmp_path / "timing.cache")},
        {"precision": "int8", "batch": BATCH, "calibration": calibration(tmp_path)},
    ]
    for changes in orders:
        with Builder(python36_tensorrt, environment) as builder:
            built = builder.order(**build_order(PERSON, tmp_path, **changes))
        assert built["op"] == "built", (built, builder.stderr)
        assert builder.stderr == ""
