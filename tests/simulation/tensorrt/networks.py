"""Small networks for the doubles, with weights that are the same in every run."""

from __future__ import annotations

from typing import Any, List, Sequence, Union

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Side = Union[int, str]


def weights(name: str, *shape: int, scale: float = 0.3) -> Any:
    seed = sum(name.encode())
    return numpy_helper.from_array(np.random.RandomState(seed).normal(0, scale, shape).astype(np.float32), name)


def conv(name: str, source: str, made: str, side: int = 3) -> Any:
    pad = side // 2
    return helper.make_node(
        "Conv", [source, name + "_w", name + "_b"], [made], name=name, kernel_shape=[side, side], pads=[pad] * 4
    )


def conv_weights(name: str, out: int, into: int, side: int = 3) -> List[Any]:
    return [weights(name + "_w", out, into, side, side), weights(name + "_b", out)]


def model(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], initializers: Sequence[Any]) -> bytes:
    graph = helper.make_graph(list(nodes), "small", list(inputs), list(outputs), list(initializers))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    onnx.checker.check_model(made)
    data: bytes = made.SerializeToString()
    return data


def floats(name: str, *shape: Side) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))


def small(batch: Side = "batch") -> bytes:
    """Input ``picture`` (batch, 3, 16, 16), outputs ``scores`` (batch, 4, 8, 8) and ``heat`` (batch, 8, 16, 16)."""
    nodes = [
        conv("first", "picture", "a"),
        helper.make_node("Relu", ["a"], ["heat"], name="relu"),
        helper.make_node("MaxPool", ["heat"], ["b"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        conv("second", "b", "c", side=1),
        helper.make_node("Sigmoid", ["c"], ["scores"], name="sigmoid"),
    ]
    initializers = conv_weights("first", 8, 3) + conv_weights("second", 4, 8, 1)
    outputs = [floats("scores", batch, 4, 8, 8), floats("heat", batch, 8, 16, 16)]
    return model(nodes, [floats("picture", batch, 3, 16, 16)], outputs, initializers)


def broken(batch: Side = 1) -> bytes:
    """``first`` and ``last`` may be on the DLA, ``root`` and ``power`` between them may not."""
    nodes = [
        conv("first", "picture", "a"),
        helper.make_node("Relu", ["a"], ["b"], name="relu"),
        helper.make_node("Sqrt", ["b"], ["c"], name="root"),
        helper.make_node("Exp", ["c"], ["d"], name="power"),
        conv("last", "d", "scores"),
    ]
    initializers = conv_weights("first", 8, 3) + conv_weights("last", 4, 8)
    return model(
        nodes, [floats("picture", batch, 3, 16, 16)], [floats("scores", batch, 4, 16, 16)], initializers
    )  # fmt: skip


def striped(count: int) -> bytes:
    """As many blocks for the DLA as ``count``, each followed by a layer that only the GPU has."""
    nodes, initializers, before = [], [], "picture"
    for number in range(count):
        name = f"conv{number}"
        nodes += [conv(name, before, f"a{number}")]
        nodes += [helper.make_node("Softplus", [f"a{number}"], [f"b{number}"], name=f"gpu{number}")]
        initializers += conv_weights(name, 3, 3)
        before = f"b{number}"
    nodes[-1].output[0] = "scores"
    return model(nodes, [floats("picture", 1, 3, 8, 8)], [floats("scores", 1, 3, 8, 8)], initializers)


def unknown_op() -> bytes:
    node = helper.make_node("Whirl", ["picture"], ["scores"], name="whirl", domain="elsewhere")
    graph = helper.make_graph([node], "unknown", [floats("picture", 1, 3, 8, 8)], [floats("scores", 1, 3, 8, 8)])
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("elsewhere", 1)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=7).SerializeToString()
    return data


def bytes_to_floats() -> bytes:
    """A uint8 picture, and an int64 output beside a float one."""
    nodes = [
        helper.make_node("Cast", ["picture"], ["a"], name="cast", to=TensorProto.FLOAT),
        conv("first", "a", "scores"),
        helper.make_node("ArgMax", ["scores"], ["best"], name="best", axis=1),
    ]
    picture = helper.make_tensor_value_info("picture", TensorProto.UINT8, [1, 3, 8, 8])
    best = helper.make_tensor_value_info("best", TensorProto.INT64, [1, 1, 8, 8])
    return model(nodes, [picture], [floats("scores", 1, 4, 8, 8), best], conv_weights("first", 4, 3))


def half() -> bytes:
    """All of it in FP16, as a strongly typed build wants it."""
    array = np.random.RandomState(5).normal(0, 0.3, (4, 3, 3, 3)).astype(np.float16)
    node = helper.make_node("Conv", ["picture", "w"], ["scores"], name="conv", kernel_shape=[3, 3], pads=[1] * 4)
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT16, [1, c, 8, 8]) for n, c in (("picture", 3),)]
    out = helper.make_tensor_value_info("scores", TensorProto.FLOAT16, [1, 4, 8, 8])
    return model([node], ends, [out], [numpy_helper.from_array(array, "w")])
