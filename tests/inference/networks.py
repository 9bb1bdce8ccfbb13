"""Small ONNX networks, made for a test: what they answer follows from the picture in a way that a test can foretell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Union

import numpy as np
import pytest

Batch = Union[int, str]


def brightness(to: Path, batch: Batch = "batch", size: int = 32, work: int = 0) -> Path:
    """Grey pictures (batch, 1, size, size) in 0..1; one box a picture, whose score is the picture's mean brightness.

    Outputs ``boxes`` (batch, 1, 4), always the middle quarter, and ``scores`` (batch, 1, 1). ``work``: how many
    convolutions it computes and throws away.
    """
    onnx = pytest.importorskip("onnx")
    helper, tensor = onnx.helper, onnx.TensorProto.FLOAT
    box = onnx.numpy_helper.from_array(np.array([[[0.25, 0.25, 0.75, 0.75]]], np.float32), "box")
    initialisers = [box, onnx.numpy_helper.from_array(np.zeros((), np.float32), "zero")]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[2, 3], keepdims=1),
        helper.make_node("Squeeze", ["mean"], ["scores_raw"], axes=[3]),
    ]
    last = "picture"
    for index in range(work):
        weights = np.full((8, 1 if index == 0 else 8, 9, 9), 0.001, np.float32)
        initialisers.append(onnx.numpy_helper.from_array(weights, f"w{index}"))
        nodes.append(helper.make_node("Conv", [last, f"w{index}"], [f"c{index}"], pads=[4, 4, 4, 4]))
        last = f"c{index}"
    if work:
        nodes += [
            helper.make_node("ReduceMean", [last], ["busy"], axes=[1, 2, 3], keepdims=1),
            helper.make_node("Mul", ["busy", "zero"], ["none4"]),
            helper.make_node("Squeeze", ["none4"], ["none"], axes=[3]),
            helper.make_node("Add", ["scores_raw", "none"], ["scores"]),
        ]
    else:
        nodes.append(helper.make_node("Add", ["scores_raw", "zero"], ["scores"]))
    nodes += [
        helper.make_node("Mul", ["scores", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "box"], ["boxes"]),
    ]
    return _save(to, nodes, initialisers, ["boxes", "scores"], batch, size, tensor)


def grades(to: Path, batch: Batch = "batch", size: int = 32) -> Path:
    """Grey pictures in 0..1; ``logits`` (batch, 3) say whether one is dark, middling or bright."""
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    initialisers = [
        onnx.numpy_helper.from_array(np.array([[0.1, 0.5, 0.9]], np.float32), "middles"),
        onnx.numpy_helper.from_array(np.array(-20.0, np.float32), "steep"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Sub", ["mean", "middles"], ["off"]),
        helper.make_node("Abs", ["off"], ["far"]),
        helper.make_node("Mul", ["far", "steep"], ["logits"]),
    ]
    return _save(to, nodes, initialisers, ["logits"], batch, size, onnx.TensorProto.FLOAT)


def fragile(to: Path, size: int = 32) -> Path:
    """Fails at run time for a picture whose mean brightness is above a half: it reaches behind its table's end."""
    onnx = pytest.importorskip("onnx")
    helper, tensor = onnx.helper, onnx.TensorProto.FLOAT
    initialisers = [
        onnx.numpy_helper.from_array(np.array([[[0.25, 0.25, 0.75, 0.75]]], np.float32), "box"),
        onnx.numpy_helper.from_array(np.array([1.0], np.float32), "table"),
        onnx.numpy_helper.from_array(np.array(1.99, np.float32), "twice"),
        onnx.numpy_helper.from_array(np.zeros((), np.float32), "zero"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["picture"], ["mean"], axes=[2, 3], keepdims=1),
        helper.make_node("Squeeze", ["mean"], ["flat"], axes=[3]),
        helper.make_node("Mul", ["flat", "twice"], ["index_f"]),
        helper.make_node("Cast", ["index_f"], ["index"], to=onnx.TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["scores"]),
        helper.make_node("Mul", ["scores", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "box"], ["boxes"]),
    ]
    return _save(to, nodes, initialisers, ["boxes", "scores"], 1, size, tensor)


def _save(to: Path, nodes: Any, initialisers: Any, outputs: Any, batch: Batch, size: int, tensor: int) -> Path:
    import onnx

    shapes = {"boxes": [batch, 1, 4], "scores": [batch, 1, 1], "logits": [batch, 3]}
    graph = onnx.helper.make_graph(
        nodes,
        to.stem,
        [onnx.helper.make_tensor_value_info("picture", tensor, [batch, 1, size, size])],
        [onnx.helper.make_tensor_value_info(name, tensor, shapes[name]) for name in outputs],
        initialisers,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)])
    model.ir_version = 6  # what ONNX Runtime 1.10 reads, the last for Python 3.6
    onnx.checker.check_model(model)
    onnx.save(model, str(to))
    return to


def order(onnx: Path, name: str = "brightness", **more: Any) -> Dict[str, Any]:
    """What the worker is told of such a network."""
    return {
        "name": name,
        "onnx": str(onnx),
        "input": {"color": "gray", "scale": 1 / 255, "fit": "stretch"},
        "output": {"decoder": "boxes_scores", "nms_iou": 0.45},
        "labels": ["bright"],
        "min_score": 0.1,
        **more,
    }


def fastestdet(shared: Path) -> Dict[str, Any]:
    return {
        "name": "people",
        "onnx": str(shared / "models" / "FastestDet.onnx"),
        "input": {"color": "bgr", "scale": 0.00392157, "fit": "stretch"},
        "output": {"decoder": "fastestdet", "nms_iou": 0.45},
        "labels": ["person"] + [f"label {n}" for n in range(1, 80)],
        "min_score": 0.4,
    }


def faces(shared: Path) -> Dict[str, Any]:
    return {
        "name": "faces",
        "onnx": str(shared / "models" / "version-RFB-320.onnx"),
        "input": {"color": "rgb", "mean": 127, "std": 128, "fit": "stretch"},
        "output": {"decoder": "rfb", "nms_iou": 0.3},
        "labels": ["face"],
        "min_score": 0.6,
    }
