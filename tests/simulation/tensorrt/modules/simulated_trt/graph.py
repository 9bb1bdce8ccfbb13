"""An ONNX file as a list of layers: shapes, types, what is constant, and which layer each node becomes."""

from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from simulated_gpu import board

_ACTIVATIONS = "Relu Sigmoid Tanh LeakyRelu Clip Elu HardSigmoid Softplus Softsign Selu ThresholdedRelu Celu"
_ELEMENTWISE = "Add Sub Mul Div Pow Max Min Sum Equal Greater Less GreaterOrEqual LessOrEqual And Or Xor Mod HardSwish"
_UNARY = (
    "Exp Log Sqrt Abs Neg Reciprocal Ceil Floor Round Erf Not Sign Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh "
    "Atanh IsInf"
)
_REDUCE = (
    "ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp "
    "ReduceSumSquare GlobalAveragePool GlobalMaxPool"
)
_TYPES = {
    "Conv": "CONVOLUTION",
    "ConvTranspose": "DECONVOLUTION",
    "MaxPool": "POOLING",
    "AveragePool": "POOLING",
    "PRelu": "PARAMETRIC_RELU",
    "BatchNormalization": "SCALE",
    "Concat": "CONCATENATION",
    "Resize": "RESIZE",
    "Upsample": "RESIZE",
    "Slice": "SLICE",
    "Split": "SLICE",
    "Expand": "SLICE",
    "Tile": "SLICE",
    "Reshape": "SHUFFLE",
    "Transpose": "SHUFFLE",
    "Flatten": "SHUFFLE",
    "Squeeze": "SHUFFLE",
    "Unsqueeze": "SHUFFLE",
    "DepthToSpace": "SHUFFLE",
    "SpaceToDepth": "SHUFFLE",
    "Softmax": "SOFTMAX",
    "LogSoftmax": "SOFTMAX",
    "MatMul": "MATRIX_MULTIPLY",
    "LRN": "LRN",
    "Gather": "GATHER",
    "GatherElements": "GATHER",
    "GatherND": "GATHER",
    "Shape": "SHAPE",
    "Constant": "CONSTANT",
    "ConstantOfShape": "FILL",
    "Range": "FILL",
    "TopK": "TOPK",
    "ArgMax": "TOPK",
    "ArgMin": "TOPK",
    "Identity": "IDENTITY",
    "Dropout": "IDENTITY",
    "QuantizeLinear": "QUANTIZE",
    "DequantizeLinear": "DEQUANTIZE",
    "Where": "SELECT",
    "Einsum": "EINSUM",
    "ScatterND": "SCATTER",
    "ScatterElements": "SCATTER",
    "Loop": "LOOP_OUTPUT",
    "If": "CONDITION",
}
for _word in _ACTIVATIONS.split():
    _TYPES[_word] = "ACTIVATION"
for _word in _ELEMENTWISE.split():
    _TYPES[_word] = "ELEMENTWISE"
for _word in _UNARY.split():
    _TYPES[_word] = "UNARY"
for _word in _REDUCE.split():
    _TYPES[_word] = "REDUCE"


def layer_type(op: str) -> Optional[str]:
    """The name of the LayerType that the parser makes of an op; None for one that it does not know."""
    old = board.VERSION < (8, 5)
    return {
        "Gemm": "FULLY_CONNECTED" if old else "MATRIX_MULTIPLY",
        "NonMaxSuppression": "PLUGIN_V2" if old else "NMS",
        "NonZero": None if old else "NON_ZERO",
        "OneHot": None if old else "ONE_HOT",
        "GridSample": None if old else "GRID_SAMPLE",
        "Cast": "CAST" if board.VERSION >= (8, 6) else "IDENTITY",
        "Pad": "PADDING" if old else "SLICE",
        "InstanceNormalization": "NORMALIZATION" if board.VERSION >= (8, 6) else "PLUGIN_V2",
        "LayerNormalization": "NORMALIZATION" if board.VERSION >= (8, 6) else None,
    }.get(op, _TYPES.get(op))


_TRT_TYPES = {
    TensorProto.FLOAT: "FLOAT",
    TensorProto.DOUBLE: "FLOAT",
    TensorProto.FLOAT16: "HALF",
    TensorProto.INT8: "INT8",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64" if board.VERSION >= (9,) else "INT32",
    TensorProto.BOOL: "BOOL",
    TensorProto.UINT8: "UINT8",
}
#: What a tensor of that type is on the device.
DTYPES = {
    "FLOAT": "float32",
    "HALF": "float16",
    "INT8": "int8",
    "INT32": "int32",
    "INT64": "int64",
    "BOOL": "bool",
    "UINT8": "uint8",
}


class Tensor(NamedTuple):
    """``shape``: -1 for what is open. ``kind``: DataType's name."""

    name: str
    shape: Tuple[int, ...]
    kind: str


class Layer(NamedTuple):
    """A node as the parser names it. ``weights``: the constant inputs' arrays by place."""

    name: str
    op: str
    node: Any
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]
    constant: bool


class Graph:
    """``model``: checked, and with its shapes inferred. Raises ValueError for what TensorRT would not parse."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.values: Dict[str, Any] = {i.name: i for i in model.graph.initializer}
        self.inputs = [_tensor(v) for v in model.graph.input if v.name not in self.values]
        self.outputs = [_tensor(v) for v in model.graph.output]
        self.tensors: Dict[str, Tensor] = {}
        for value in [*model.graph.input, *model.graph.value_info, *model.graph.output]:
            if value.type.HasField("tensor_type"):
                self.tensors[value.name] = _tensor(value)
        self.layers: List[Layer] = []
        self._constants: Set[str] = set(self.values)
        for place, node in enumerate(model.graph.node):
            self._add(place, node)

    def _add(self, place: int, node: Any) -> None:
        inputs = tuple(name for name in node.input)
        fixed = all(name in self._constants for name in inputs if name)
        if node.op_type == "Shape" and -1 not in self.shape(node.input[0], (-1,)):
            fixed = True
        if node.op_type == "Constant":
            tensors = [a.t for a in node.attribute if a.name == "value"]
            if tensors:
                self.values[node.output[0]] = tensors[0]
        if fixed:
            self._constants.update(node.output)
        kind = layer_type(node.op_type) or "PLUGIN_V2"
        if board.VERSION < (8, 6):
            name = node.name or f"(Unnamed Layer* {place}) [{kind.replace('_', ' ').title()}]"
        else:
            name = node.name or "node_of_" + node.output[0]
        self.layers.append(Layer(name, node.op_type, node, inputs, tuple(node.output), fixed))

    def shape(self, tensor: str, otherwise: Tuple[int, ...] = ()) -> Tuple[int, ...]:
        if tensor in self.values:
            return tuple(self.values[tensor].dims)
        return self.tensors[tensor].shape if tensor in self.tensors else otherwise

    def is_constant(self, tensor: str) -> bool:
        return tensor in self._constants

    def array(self, tensor: str) -> Optional[np.ndarray]:
        """A constant's value; None where it is computed."""
        found = self.values.get(tensor)
        return None if found is None else numpy_helper.to_array(found)

    def consumers(self, tensor: str) -> List[Layer]:
        return [layer for layer in self.layers if tensor in layer.inputs]

    def multiplications(self, layer: Layer) -> int:
        """How much work a layer is; 1 at least for every element."""
        made = max(1, int(np.prod([abs(n) for n in self.shape(layer.outputs[0], (1,))] or [1])))
        if layer.op in ("Conv", "ConvTranspose", "Gemm", "MatMul") and len(layer.inputs) > 1:
            weights = self.shape(layer.inputs[1])
            deep = weights[1:] if layer.op == "Conv" else weights[:1]
            return made * max(1, int(np.prod(deep or [1])))
        return made


def attributes(layer: Layer) -> Dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in layer.node.attribute}


def _tensor(value: Any) -> Tensor:
    form = value.type.tensor_type
    kind = _TRT_TYPES.get(form.elem_type, "FLOAT")
    sides = (d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else -1 for d in form.shape.dim)
    return Tensor(value.name, tuple(sides), kind)


def load(data: bytes) -> Graph:
    """Raises ValueError with the parser's words; onnx's own exceptions for what it refuses."""
    model = onnx.load_model_from_string(data)
    if not model.graph.node:
        raise ValueError("Failed to parse the ONNX model.")
    onnx.checker.check_model(model)
    return Graph(onnx.shape_inference.infer_shapes(model))


def with_shapes(model: Any, shapes: Dict[str, Tuple[int, ...]]) -> Graph:
    """The same network, its inputs' shapes settled (a profile's optimum)."""
    settled = onnx.ModelProto()
    settled.CopyFrom(model)
    del settled.graph.value_info[:]
    for value in settled.graph.input:
        for side, dim in zip(shapes.get(value.name, ()), value.type.tensor_type.shape.dim):
            dim.dim_value = int(side)
    for value in settled.graph.output:
        value.type.tensor_type.ClearField("shape")
    return Graph(onnx.shape_inference.infer_shapes(settled))
