"""What TensorRT takes away before it places layers is gone from the plan, and shapes that files compute are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from edge.models.dla.constants import evaluate
from edge.models.dla.graph import Node
from edge.models.dla.plan import plan
from tests.models.dla.networks import Net


def ops(net: Net, folder: Path, *outputs: str, **how: Any) -> List[str]:
    return [layer.op for layer in plan(net.save(folder, *outputs), "xavier-nx", **how).layers]


def test_layers_that_do_nothing_are_gone(tmp_path: Path) -> None:
    net = Net(x=[1, 8, 4, 4])
    x = net.Identity("x")
    x = net.Dropout(net.Relu(net.Cast(x, to=1)))
    x = net.Transpose(net.Reshape(x, net.constant([1, 8, 4, 4], np.int64)), perm=[0, 1, 2, 3])
    x = net.Concat(net.Pad(x, net.constant([0] * 8, np.int64)), axis=1)
    net.Sigmoid("x")  # nobody needs it
    assert ops(net, tmp_path, net.Tanh(x)) == ["Relu", "Tanh"]


def test_a_network_of_nothing_has_no_layers(tmp_path: Path) -> None:
    placement = plan(Net(x=[1, 3]).save(tmp_path, "x"), "xavier-nx")
    assert placement.layers == () and placement.blocks == () and not placement.whole and placement.dla_share == 0.0


@pytest.mark.parametrize(
    ("kept", "expected"), [(False, ["Conv", "Relu"]), (True, ["Conv", "BatchNormalization", "Relu"])]
)
def test_normalisation_is_part_of_a_convolution_that_nobody_else_reads(
    kept: bool, expected: List[str], tmp_path: Path
) -> None:
    net = Net(x=[1, 3, 8, 8])
    before = net.conv("x", 3, 8)
    after = net.Relu(net.batch_norm(before, 8))
    assert ops(net, tmp_path, after, *([before] if kept else [])) == expected


def test_a_resize_to_another_tensors_size_is_followed(tmp_path: Path) -> None:
    """As exporters wrote it: Shape, Slice, Cast, Concat, and a float's detour; twice, the second by the first."""
    net = Net(x=["batch", 4, 8, 8], big=[1, 4, 16, 16], bigger=[1, 4, 48, 48])
    x, empty = "x", net.constant(np.zeros(0))
    for other in ("big", "bigger"):
        shape = net.Shape(other)
        cut = (net.constant([n], np.int64) for n in (2, 4, 0))
        wanted = net.Cast(net.Floor(net.Cast(net.Slice(shape, *cut), to=1)), to=7)
        front = net.Unsqueeze(net.Gather(net.Shape(x), net.constant(0, np.int64)), net.constant([0], np.int64))
        sizes = net.Concat(front, net.constant([4], np.int64), wanted, axis=0)
        x = net.Add(net.Resize(x, empty, empty, sizes, mode="nearest"), other)
    placement = plan(net.save(tmp_path, x), "xavier-nx")
    assert [layer.op for layer in placement.layers] == ["Resize", "Add", "Resize", "Add"]
    assert sorted(s.change for s in placement.suggestions if "Resize" in s.change) == [
        "Resize with sizes → with scales [1, 1, 2, 2]",
        "Resize with sizes → with scales [1, 1, 3, 3]",
    ]


def test_the_size_is_taken_where_the_file_leaves_it_open(tmp_path: Path) -> None:
    net = Net(x=["n", 3, "h", "w"])
    path = net.save(tmp_path, net.conv("x", 3, 8))
    unknown = plan(path, "xavier-nx")
    assert "not fixed (1x3x?x?)" in unknown.layers[0].reason
    assert any("--size" in warning for warning in unknown.warnings)
    known = plan(path, "xavier-nx", batch=4, size=(20, 10))
    assert known.whole and known.layers[0].macs == 4 * 8 * 10 * 20 * 27
    assert any("leaves batch and height and width open" in warning for warning in known.warnings)


def test_unnamed_layers_are_called_as_tensorrts_parser_calls_them(tmp_path: Path) -> None:
    net = Net(x=[1, 3, 8, 8])
    net.Relu("x")
    model = net.model(net.nodes[-1].output[0])
    model.graph.node[0].name = ""
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    assert plan(path, "xavier-nx").layers[0].name == f"node_of_{net.nodes[-1].output[0]}"


INTS = np.array([[7, -7, 3], [2, 2, 2]], np.int64)
FLOATS = np.array([[1.5, -2.5, 4.0]], np.float32)
COMPUTED: Dict[str, Any] = {
    "Add": ([INTS, INTS[:, :1]], {}),
    "Sub": ([INTS, INTS[0]], {}),
    "Mul": ([FLOATS, FLOATS], {}),
    "Div": ([INTS, np.array([2, 2, -2], np.int64)], {}),
    "Max": ([FLOATS, -FLOATS], {}),
    "Min": ([FLOATS, -FLOATS], {}),
    "Floor": ([FLOATS], {}),
    "Ceil": ([FLOATS], {}),
    "Neg": ([INTS], {}),
    "Cast": ([FLOATS], {"to": 7}),
    "Gather": ([INTS, np.array([2, 0], np.int64)], {"axis": 1}),
    "Unsqueeze": ([INTS, np.array([0, 3], np.int64)], {}),
    "Squeeze": ([FLOATS, np.array([0], np.int64)], {}),
    "Reshape": ([INTS, np.array([0, 1, -1], np.int64)], {}),
    "Flatten": ([INTS.reshape(1, 2, 3)], {"axis": 2}),
    "Transpose": ([INTS], {"perm": [1, 0]}),
    "Concat": ([INTS, INTS], {"axis": -1}),
    "Slice": ([INTS, *(np.array([n], np.int64) for n in (2, -4, 1, -1))], {}),
    "ConstantOfShape": ([np.array([2, 3], np.int64)], {}),
    "Expand": ([FLOATS, np.array([2, 1], np.int64)], {}),
    "Range": ([np.int64(2), np.int64(9), np.int64(3)], {}),
    "ReduceProd": ([FLOATS], {"axes": [1], "keepdims": 0}),
    "Equal": ([INTS, INTS[0]], {}),
    "Where": ([INTS > 2, INTS, -INTS], {}),
    "Pow": ([FLOATS, np.float32(2)], {}),
    "Sqrt": ([FLOATS**2], {}),
}


@pytest.mark.parametrize("op", COMPUTED)
def test_constants_are_computed_as_onnx_defines_it(op: str) -> None:
    values, attributes = COMPUTED[op]
    names = [f"i{n}" for n in range(len(values))]
    made = onnx.helper.make_node(op, names, ["out"], **attributes)
    graph = onnx.helper.make_graph(
        [made],
        "one",
        [
            onnx.helper.make_tensor_value_info(n, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(v).dtype), None)
            for n, v in zip(names, values)
        ],
        [onnx.helper.make_empty_tensor_value_info("out")],
    )
    evaluator = ReferenceEvaluator(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)]))
    expected = evaluator.run(None, dict(zip(names, map(np.asarray, values))))[0]
    found = evaluate(Node("n", op, names, ["out"], attributes, 13), [np.asarray(v) for v in values])
    assert found is not None
    np.testing.assert_array_equal(found[0], expected)


@pytest.mark.parametrize(
    ("op", "values"),
    [
        ("ConstantOfShape", [np.array([1 << 40], np.int64)]),
        ("Expand", [FLOATS, np.array([1 << 40, 1 << 40, 1], np.int64)]),
        ("Range", [np.int64(0), np.int64(1 << 60), np.int64(1)]),
        ("Range", [np.int64(0), np.int64(9), np.int64(0)]),
        ("Reshape", [INTS, np.array([5], np.int64)]),
        ("Gather", [INTS, np.array([99], np.int64)]),
        ("NoSuchOp", [INTS]),
    ],
)
def test_what_is_large_or_wrong_is_left_alone(op: str, values: List[Any]) -> None:
    assert evaluate(Node("n", op, [], ["out"], {}, 13), [np.asarray(value) for value in values]) is None
