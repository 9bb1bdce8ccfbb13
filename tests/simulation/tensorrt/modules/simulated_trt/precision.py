"""What a precision does to a network: weights in FP16, or weights and activations on INT8's grid. Computed for real."""

from typing import Any, Dict, List, Set

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .graph import Graph

#: Ops whose weights are of lower precision: (place of the weights, axis of the output channels).
WEIGHTED = {"Conv": (1, 0), "ConvTranspose": (1, 1), "Gemm": (1, None), "MatMul": (1, None)}


def lowered(graph: Graph, precisions: Dict[str, str], scales: Dict[str, float], rounded_outputs: bool) -> bytes:
    """The network as it is run. ``precisions``: FP16 or INT8 by layer; ``scales`` by tensor, for INT8's activations.
    ``rounded_outputs``: the network's outputs are FP16's numbers."""
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    del model.graph.value_info[:]
    nodes: List[Any] = []
    extra: Dict[str, np.ndarray] = {}
    done: Set[str] = set()
    for layer in graph.layers:
        node = onnx.NodeProto()
        node.CopyFrom(layer.node)
        how = precisions.get(layer.name, "FP32")
        if layer.op in WEIGHTED and how != "FP32":
            place, axis = WEIGHTED[layer.op]
            weights = graph.array(layer.inputs[place])
            if weights is not None and weights.dtype == np.float32:
                name = layer.inputs[place] + "_as_" + how
                extra[name] = _half(weights) if how == "FP16" else _eighth(weights, axis)
                node.input[place] = name
            if how == "INT8" and layer.inputs[0] in scales:
                source = layer.inputs[0]
                if source not in done:
                    done.add(source)
                    nodes += _grid(source, scales[source], extra)
                node.input[0] = source + "_on_grid"
        nodes.append(node)
    if rounded_outputs:
        nodes = _round_outputs(model, nodes)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in extra.items())
    if model.ir_version < 4:  # initializers that are no inputs
        model.ir_version = 4
    return bytes(model.SerializeToString())


def _half(weights: np.ndarray) -> np.ndarray:
    # Older numpys make float64 of a float32 array that is clipped.
    top = np.float32(65504)
    return np.minimum(np.maximum(weights, -top), top).astype(np.float16).astype(np.float32)


def _eighth(weights: np.ndarray, axis: Any) -> np.ndarray:
    """Rounded to 255 steps, of each output channel by itself."""
    over = tuple(n for n in range(weights.ndim) if n != axis) if axis is not None else None
    top = np.max(np.abs(weights), axis=over, keepdims=True)
    step = np.where(top > 0, top / 127, 1).astype(np.float32)
    return (np.clip(np.round(weights / step), -127, 127) * step).astype(np.float32)


def _grid(tensor: str, scale: float, extra: Dict[str, np.ndarray]) -> List[Any]:
    """Nodes that round a tensor to INT8's 255 steps and back; of ops that every opset has."""
    step = np.float32(scale if scale > 0 else 1)
    names = {}
    for word, value in (("inverse", 1 / step), ("half", 0.5), ("low", -127), ("high", 127), ("step", step)):
        names[word] = f"{tensor}_grid_{word}"
        extra[names[word]] = np.array([value], np.float32)
    steps = [
        ("Mul", "inverse"),
        ("Add", "half"),
        ("Floor", ""),
        ("Max", "low"),
        ("Min", "high"),
        ("Mul", "step"),
    ]
    nodes, before = [], tensor
    for number, (op, word) in enumerate(steps):
        after = tensor + "_on_grid" if number == len(steps) - 1 else f"{tensor}_grid_{number}"
        nodes.append(helper.make_node(op, [before] + ([names[word]] if word else []), [after]))
        before = after
    return nodes


def _round_outputs(model: Any, nodes: List[Any]) -> List[Any]:
    """FP32 outputs through FP16 and back."""
    floats = {
        v.name for v in model.graph.output if v.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    }  # fmt: skip
    for node in nodes:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name in floats:
                    names[place] = name + "_exact"
    made = list(nodes)
    for name in sorted(floats):
        made.append(helper.make_node("Cast", [name + "_exact"], [name + "_half"], to=onnx.TensorProto.FLOAT16))
        made.append(helper.make_node("Cast", [name + "_half"], [name], to=onnx.TensorProto.FLOAT))
    return made


def observed(graph: Graph) -> bytes:
    """The network with every tensor that INT8 needs a scale for as an output."""
    model = onnx.ModelProto()
    model.CopyFrom(graph.model)
    known = {v.name for v in model.graph.output}
    for name in quantised_tensors(graph):
        if name not in known and name not in {v.name for v in model.graph.input}:
            model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return bytes(model.SerializeToString())


def quantised_tensors(graph: Graph) -> List[str]:
    """The FP32 tensors between layers, inputs and outputs of the network with them, in order."""
    found = [t.name for t in graph.inputs if t.kind == "FLOAT"]
    for layer in graph.layers:
        if not layer.constant:
            found += [name for name in layer.outputs if name in graph.tensors and graph.tensors[name].kind == "FLOAT"]
    return list(dict.fromkeys(found))
