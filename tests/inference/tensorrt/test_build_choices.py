"""Pictures, precision, placement and comparison by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

from edge.errors import BuildFailed, EngineError, Incompatible
from edge.inference.tensorrt.compare import Difference, judge
from edge.inference.tensorrt.pictures import Pictures
from edge.inference.tensorrt.placement import Told
from edge.inference.tensorrt.precision import Asked, by_flags, by_types


@pytest.mark.parametrize("kind", ["whole.npy", "whole.npz", "single.npz"])
def test_pictures(tmp_path: Path, kind: str) -> None:
    array = np.arange(7 * 12, dtype=np.float32).reshape(7, 3, 2, 2)
    path = tmp_path / kind
    if kind == "whole.npy":
        np.save(str(path), array)
    elif kind == "whole.npz":
        np.savez(str(path), array[:5], array[5:])
    else:
        np.savez(str(path), *array)
    found = Pictures(str(path), (3, 2, 2))
    assert found.count == 7 and found.number_of_batches(3) == 2
    np.testing.assert_array_equal(np.concatenate(list(found.batches(3))), array[:6])
    (filled,) = found.batches(16)
    np.testing.assert_array_equal(filled, array[np.arange(16) % 7])
    found.close()
    with pytest.raises(Incompatible, match="the network takes"):
        Pictures(str(path), (3, 4, 4))


def test_pictures_that_are_none(tmp_path: Path) -> None:
    np.save(str(tmp_path / "bytes.npy"), np.zeros((2, 3, 2, 2), np.uint8))
    with pytest.raises(Incompatible, match="uint8"):
        Pictures(str(tmp_path / "bytes.npy"), (3, 2, 2))
    np.save(str(tmp_path / "empty.npy"), np.zeros((0, 3, 2, 2), np.float32))
    with pytest.raises(Incompatible, match="no pictures in it"):
        Pictures(str(tmp_path / "empty.npy"), (3, 2, 2))
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(EngineError, match="no pictures can be read"):
        Pictures(str(tmp_path / "text.npz"), (3, 2, 2))


def asked(precision: str, **changes: Any) -> Asked:
    what: Dict[str, Any] = {
        "precision": precision, "dla": False, "fast_fp16": True, "fast_int8": True, "types": ["FLOAT"],
        "quantized": False, "calibration": False,
    }  # fmt: skip
    what.update(changes)
    return Asked(**what)


def test_precision_by_flags() -> None:
    assert by_flags(asked("fp32")).flags == {"TF32": False, "FP16": False, "INT8": False}
    assert by_flags(asked("fp16")).flags == {"TF32": True, "FP16": True, "INT8": False}
    best = by_flags(asked("best"))
    assert best.flags["FP16"] and not best.flags["INT8"] and not best.calibrate
    calibrated = by_flags(asked("best", calibration=True))
    assert calibrated.flags["INT8"] and calibrated.calibrate
    assert not by_flags(asked("best", calibration=True, fast_int8=False)).flags["INT8"]
    quantized = by_flags(asked("int8", quantized=True))
    assert quantized.flags["INT8"] and not quantized.calibrate
    # Its weights are fp16 in the file.
    half = by_flags(asked("fp32", types=["FLOAT", "HALF"]))
    assert half.flags["FP16"] and half.warnings
    on_dla = by_flags(asked("int8", dla=True, calibration=True, fast_fp16=False))
    assert on_dla.flags["FP16"] and on_dla.flags["INT8"]
    assert by_flags(asked("fp16", fast_fp16=False)).warnings
    for wrong in (asked("int8"), asked("fp32", dla=True), asked("int8", dla=True, quantized=True)):
        with pytest.raises(BuildFailed):
            by_flags(wrong)


def test_precision_by_types() -> None:
    assert by_types(asked("fp32"), "TensorRT 11.1").flags == {"TF32": False}
    assert by_types(asked("fp16", types=["FLOAT", "HALF"]), "TensorRT 11.1").warnings == []
    assert by_types(asked("int8", types=["FLOAT", "INT8"]), "TensorRT 11.1").warnings == []
    assert "says HALF" in by_types(asked("fp32", types=["FLOAT", "HALF"]), "TensorRT 11.1").warnings[0]
    for wrong in (asked("fp16", types=["FLOAT", "INT64"]), asked("int8", types=["HALF"]), asked("best", dla=True)):
        with pytest.raises(BuildFailed):
            by_types(wrong, "TensorRT 11.1")


def test_every_line_that_tells_of_placement() -> None:
    """As they stand in builders' logs."""
    told = Told()
    for line in (
        "Default DLA is enabled but layer softmax (Unnamed) is not supported on DLA, falling back to GPU.",
        "Layer 'flat' (SHUFFLE): Unsupported on DLA. Switching this layer's device type to GPU.",
        "Validation failed for DLA layer: conv.7. Switching to GPU fallback.",
        "Splitting DLA subgraph at: conv.9 because DLA validation failed",
        "DLA Layer pool does not support dynamic shapes in any dimension.",
        "[DlaLayer] {ForeignNode[conv1...relu5]}",
        "[GpuLayer] SHUFFLE: flat",
        "[GpuLayer] conv8 + relu8",
        "something else",
    ):
        told.hear("WARNING", line)
    assert told.fallen == {"softmax (Unnamed)", "flat", "conv.7", "pool"}
    assert len(told.messages) == 5
    assert told.dla == ["{ForeignNode[conv1...relu5]}"] and told.gpu == ["flat", "conv8 + relu8"]


def test_differences() -> None:
    difference = Difference()
    right = {"a": np.array([[0.0, 10.0]], np.float32), "b": np.array([[1.0, 2.0]], np.float16)}
    difference.add(right, right)
    difference.add({"a": np.array([[0.0, 10.0]]), "b": np.array([[1.0, 2.5]])}, right)
    assert difference.figures() == {"max_error": 0.5, "mean_error": 0.125, "pictures": 2}
    assert difference.worst() == "b"
    assert judge(difference, 0.5)["pictures"] == 2
    with pytest.raises(BuildFailed, match=r"output b differs from the GPU's by up to 0\.5 of its range"):
        judge(difference, 0.4)
    with pytest.raises(BuildFailed, match="no numbers"):
        difference.add({"a": np.array([[np.nan, 1.0]]), "b": right["b"]}, right)
    with pytest.raises(BuildFailed, match="the same output a"):
        difference.add({"b": right["b"]}, right)
