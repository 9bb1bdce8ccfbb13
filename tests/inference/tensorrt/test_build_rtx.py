"""Engines built for real, by our build code: TensorRT-RTX's builder needs no GPU.

Its wheels are 100 MB and unpack to 330 MB; they are fetched once, in about 15 s, into .cache/. A build takes a second.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest

from scripts.servers import ROOT
from tests.inference.tensorrt.builder import Builder, build_order

#: Their input and their outputs' shapes.
MODELS: Dict[str, Any] = {
    "shared/FastestDet": ([1, 3, 352, 352], [[1, 85, 22, 22]]),
    "shared/version-RFB-320": ([1, 3, 240, 320], [[1, 4420, 2], [1, 4420, 4]]),
    "shared/version-RFB-640": ([1, 3, 480, 640], [[1, 17640, 2], [1, 17640, 4]]),
    "person": ([-1, 3, 288, 384], [[-1, 6, 36, 48], [-1, 6, 18, 24]]),
}
BATCH = {"min": 1, "opt": 4, "max": 8}


@pytest.fixture(scope="module")
def rtx() -> Path:
    """A Python with TensorRT-RTX."""
    done = subprocess.run([str(ROOT / "scripts" / "rtx_python")], capture_output=True, text=True, timeout=900)
    if done.returncode:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    return Path(done.stdout.strip())


def order_for(onnx: Path, folder: Path, **changes: Any) -> Dict[str, Any]:
    return build_order(onnx, folder, module="tensorrt_rtx", **{"batch": BATCH, **changes})


@pytest.mark.timeout(1000)
def test_platform_without_a_gpu(rtx: Path) -> None:
    with Builder(rtx) as builder:
        found = builder.order(op="platform", module="tensorrt_rtx", plugins=[])
    assert found["op"] == "platform", found
    assert (found["module"], found["tensorrt"][:4]) == ("tensorrt_rtx", "1.7.")
    assert found["compute_capability"] == "" and found["gpu"] == ""
    assert found["missing"].startswith("pycuda cannot be imported")
    assert found["fast_fp16"] is None and found["dla_cores"] == 0 and found["memory_mib"] > 0


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model(rtx: Path, request: pytest.FixtureRequest, tmp_path: Path, name: str) -> None:
    onnx = ROOT / "models" / "person" / "person.onnx"
    if name.startswith("shared/"):
        onnx = request.getfixturevalue("shared") / "models" / (name[7:] + ".onnx")
    order = order_for(onnx, tmp_path)
    with Builder(rtx) as builder:
        built = builder.order(**order)
    assert built["op"] == "built", built
    assert Path(order["plan"]).stat().st_size == built["bytes"] > onnx.stat().st_size // 2
    assert built["inputs"][0]["shape"] == MODELS[name][0]
    assert [output["shape"] for output in built["outputs"]] == MODELS[name][1]
    assert {tensor["dtype"] for tensor in built["inputs"] + built["outputs"]} == {"float32"}
    # It cannot be read back without a GPU, but what it is made of stands in the builder's log.
    (warning,) = built["warnings"]
    assert warning.startswith("the engine was not read back: pycuda cannot be imported")
    assert len(built["layers"]) > 20 and {layer["device"] for layer in built["layers"]} == {"GPU"}
    assert {layer["precision"] for layer in built["layers"]} == {"FP32", ""}
    assert built["placement"]["gpu"] > 50 and built["placement"]["dla"] == 0
    told = builder.said("progress")
    assert told[0]["phase"] == "parse" and any((message["done"] or 0) > 0.5 for message in told), told
    log = (tmp_path / "build.log").read_text()
    assert "Engine generation completed" in log and "ERROR" not in log
    assert builder.stderr == ""


def test_one_batch_for_good(rtx: Path, tmp_path: Path) -> None:
    onnx = ROOT / "models" / "person" / "person.onnx"
    with Builder(rtx) as builder:
        built = builder.order(**order_for(onnx, tmp_path, batch={"min": 2, "opt": 2, "max": 2}))
    assert built["inputs"][0]["shape"] == [2, 3, 288, 384]
    assert [output["shape"][0] for output in built["outputs"]] == [2, 2]


@pytest.mark.parametrize("workspace", [None, 64])
def test_fp16_comes_from_the_file(rtx: Path, tmp_path: Path, workspace: int) -> None:
    onnx = network(tmp_path / "half.onnx", "Conv", np.float16)
    order = order_for(
        onnx, tmp_path, precision="fp16", workspace_mib=workspace, timing_cache=str(tmp_path / "timing.cache")
    )
    with Builder(rtx) as builder:
        built = builder.order(**order)
    assert built["op"] == "built", built
    assert built["inputs"][0]["dtype"] == "float16"
    assert "FP16" in {layer["precision"] for layer in built["layers"]}


def test_refused(rtx: Path, tmp_path: Path) -> None:
    person = ROOT / "models" / "person" / "person.onnx"
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"hello world")
    plugin = tmp_path / "libnone.so"
    plugin.write_bytes(b"no library")
    for onnx, changes, error, words in (
        (person, {"precision": "fp16"}, "BuildFailed", "this one has FLOAT alone; convert it"),
        (person, {"precision": "int8"}, "BuildFailed", "quantise it to Q/DQ"),
        (person, {"device": "dla", "batch": {"min": 1, "opt": 1, "max": 1}}, "Incompatible", "finds no DLA here"),
        (person, {"batch": {"min": 4, "opt": 2, "max": 8}}, "BuildFailed", "batches of [4, 2, 8]"),
        (person, {"input": {"color": "gray"}}, "Incompatible", "has a channels of 3, model.yaml says 1"),
        (person, {"plugins": [str(plugin)]}, "BuildFailed", "libnone.so: the plugin library cannot be loaded"),
        (garbage, {}, "BuildFailed", "not an ONNX network"),
        (network(tmp_path / "fish.onnx", "Fish", np.float32), {}, "BuildFailed", "node 0 (Fish 'only')"),
    ):
        order = order_for(onnx, tmp_path, **changes)
        with Builder(rtx) as builder:
            end = builder.order(**order)
        assert (end["op"], end["error"]) == ("end", error), end
        assert end["reason"].startswith(onnx.stem + ": ") and words in end["reason"], end
        assert not Path(order["plan"]).exists()


def test_weights_beside_the_file(rtx: Path, tmp_path: Path) -> None:
    """External data is found from the file's own folder, wherever the builder runs."""
    onnx = pytest.importorskip("onnx")
    folder = tmp_path / "deep"
    folder.mkdir()
    path = network(folder / "apart.onnx", "Conv", np.float32)
    model = onnx.load(str(path))
    onnx.save(
        model, str(path), save_as_external_data=True, location="apart.onnx.data", size_threshold=0,
    )  # fmt: skip
    assert (folder / "apart.onnx.data").stat().st_size > 0
    order = order_for(path, tmp_path)
    with Builder(rtx) as builder:
        assert builder.order(**order)["op"] == "built"
    os.unlink(str(folder / "apart.onnx.data"))
    with Builder(rtx) as builder:
        end = builder.order(**order)
    assert end["error"] == "BuildFailed" and "cannot read this network" in end["reason"]


def network(path: Path, op: str, dtype: Any) -> Path:
    """One node with weights: a Conv, or something that nobody knows."""
    onnx = pytest.importorskip("onnx")
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    weights = onnx.numpy_helper.from_array(np.ones((8, 3, 3, 3), dtype), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(op, ["x", "w"], ["y"], name="only")],
        "one",
        [onnx.helper.make_tensor_value_info("x", kind, ["batch", 3, 32, 32])],
        [onnx.helper.make_tensor_value_info("y", kind, ["batch", 8, 30, 30])],
        [weights],
    )
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return path
