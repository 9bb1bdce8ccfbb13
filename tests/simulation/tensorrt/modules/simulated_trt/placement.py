"""What the DLA takes, and how a network falls into blocks on DLA and GPU. NVIDIA's documented rules, not ours."""

from math import ceil
from typing import Any, Dict, List, Set

import numpy as np
from simulated_gpu import board

from .enums import has_flag
from .graph import Graph, Layer, attributes

_NEVER_WORDS = (
    "Cast Shape Gather TopK NonMaxSuppression Where Pad QuantizeLinear DequantizeLinear InstanceNormalization "
    "LayerNormalization GroupNormalization HardSwish Mish Elu HardSigmoid Softplus Exp Sqrt Ceil Round Flatten Squeeze "
    "Unsqueeze ReduceMean GlobalAveragePool Expand Erf Identity ArgMax Constant"
)
_NEVER = frozenset(_NEVER_WORDS.split())
_XAVIER = (7, 2)


def width_of(config: Any) -> int:
    """Bytes of a value on the DLA: 1 with INT8, 2 with FP16, 0 where neither is set."""
    if has_flag(config.flags, "INT8"):
        return 1
    return 2 if has_flag(config.flags, "FP16") or board.VERSION >= (11,) else 0


def refusal(graph: Graph, layer: Layer, width: int) -> str:
    """Why a layer cannot run on this board's DLA; empty when it can."""
    if not width:
        return "DLA only supports FP16 and Int8 precision type."
    for tensor in layer.inputs + layer.outputs:
        shape = graph.shape(tensor)
        if -1 in shape and not graph.is_constant(tensor):
            return f"DLA Layer {layer.name} does not support dynamic shapes in any dimension."
        if tensor in layer.outputs and shape and (shape[0] > 4096 or any(side > 8192 for side in shape[1:])):
            return f"dimensions {shape} exceed what the DLA takes"
    if layer.op in _NEVER or (layer.constant and layer.op not in ("Constant",)):
        return f"{layer.op} has no layer on the DLA"
    rule = _RULES.get(layer.op)
    return rule(graph, layer, attributes(layer), width) if rule else f"{layer.op} has no layer on the DLA"


def _within(values: Any, low: int, high: int, what: str) -> str:
    wrong = [value for value in values if not low <= value <= high]
    return f"{what} {wrong[0]} is not within [{low}, {high}]" if wrong else ""


def _convolution(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    if not graph.is_constant(layer.inputs[1]):
        return "its weights are computed"
    weights, image = graph.shape(layer.inputs[1]), graph.shape(layer.inputs[0])
    if len(weights) != 4:
        return "only 2-D convolutions"
    kernel = given.get("kernel_shape", weights[2:])
    pads, dilations = given.get("pads", [0] * 4), given.get("dilations", [1, 1])
    problem = (
        _within(kernel, 1, 32, "kernel")
        or _within(given.get("strides", [1, 1]), 1, 8, "stride")
        or _within(pads, 0, 31, "padding")
        or _within(dilations, 1, 32, "dilation")
        or _within([weights[0]], 1, 8192, "output maps")
        or _within([given.get("group", 1)], 1, 8192, "groups")
    )
    if not problem and any(pad >= side for pad, side in zip(pads, list(kernel) * 2)):
        problem = "padding is not smaller than the kernel"
    if problem or len(image) != 4:
        return problem or "its input is not 4-D"
    channels = weights[1]
    banks = ceil((channels * kernel[0] * kernel[1] * width + 127) // 128 * 128 / 32768)
    entries = ceil(ceil(channels * width / 32) * image[3] / 4)
    data = ceil(entries * ((kernel[0] - 1) * dilations[0] + 1) / 256)
    return f"convolution buffer: {banks} + {data} banks of 16" if banks + data > 16 else ""


def _deconvolution(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    kernel, stride = given.get("kernel_shape", [1, 1]), given.get("strides", [1, 1])
    if any(given.get("pads", [])) or given.get("group", 1) != 1 or any(d != 1 for d in given.get("dilations", [])):
        return "deconvolution with padding, groups or dilation"
    for sizes in (kernel, stride):
        if not all(1 <= side <= 32 for side in sizes) and tuple(sizes) not in ((64, 1), (96, 1), (128, 1)):
            return f"deconvolution of {tuple(sizes)}"
    if board.VERSION < (8, 5) and list(kernel) != list(stride):
        return "deconvolution whose stride is not its kernel"
    return "square kernels of 23 to 32" if kernel[0] == kernel[1] and 23 <= kernel[0] <= 32 else ""


def _pooling(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    pads = given.get("pads", [0] * 4)
    padded = layer.op == "AveragePool" and any(pads) and not given.get("count_include_pad", 0)
    if padded and board.BOARD.compute == _XAVIER:
        return "exclusive padding"
    return (
        _within(given["kernel_shape"], 1, 8, "window")
        or _within(pads, 0, 7, "padding")
        or _within(given.get("strides", [1, 1]), 1, 16, "stride")
    )


def _constant(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    return "" if graph.is_constant(layer.inputs[1]) else "its second input is computed"


def _clip(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    top = given.get("max")
    if top is None and len(layer.inputs) > 2:
        found = graph.array(layer.inputs[2])
        top = None if found is None else float(found)
    return "" if top is not None and 1 <= top <= 127 else f"clipping at {top}"


def _elementwise(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    if len(layer.inputs) != 2:
        return "more than two operands"
    made = graph.shape(layer.outputs[0])
    for tensor in layer.inputs:
        shape = graph.shape(tensor)
        shape = (1,) * (len(made) - len(shape)) + shape
        ones = 1, 1, 1
        fitting = made, (*made[:2], 1, 1), (*made[:1], *ones), (1, *made[1:2], 1, 1)
        scalar = graph.is_constant(tensor) and int(np.prod(shape)) == 1
        if not scalar and (len(shape) != 4 or shape not in fitting):
            return f"broadcast of {shape}"
    return ""


def _divide(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    return f"{layer.op} before 10" if board.VERSION < (10,) else _elementwise(graph, layer, given, width)


def _concat(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    deep = len(graph.shape(layer.outputs[0]))
    if deep != 4 or given.get("axis") not in (1, -3) or len(layer.inputs) < 2:
        return "concatenation on another axis than the channels"
    return ""


def _resize(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    scales = graph.array(layer.inputs[2 if layer.op == "Resize" and len(layer.inputs) > 2 else 1])
    if len(layer.inputs) > 3 and layer.inputs[3]:
        return "sizes instead of scales"
    if scales is None or scales.size != 4 or list(scales[:2]) != [1, 1] or any(s != int(s) for s in scales):
        return "scales that are not whole, or not of height and width alone"
    mode = given.get("mode", b"nearest").decode()
    if board.VERSION < (8, 5) and mode != "nearest":
        return "only nearest"
    return _within(scales[2:], 1, 32 if mode == "nearest" else 4, "scale")


def _slice(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    if board.VERSION < (8, 5):
        return "no slices before 8.5"
    if len(graph.shape(layer.inputs[0])) != 4:
        return "only 4-D"
    if layer.op == "Split":
        return "" if given.get("axis", 0) != 0 else "the batch axis"
    parts = [graph.array(name) if name else None for name in layer.inputs[1:]]
    if any(part is None for part in parts[:2]) or len(parts) < 3 or parts[2] is None or 0 in parts[2]:
        return "the batch axis, or computed bounds"
    return "" if len(parts) < 4 or parts[3] is None or all(step == 1 for step in parts[3]) else "steps"


def _shuffle(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    if board.VERSION < (8, 6):
        return "no shuffles before 8.6"
    before, after = graph.shape(layer.inputs[0]), graph.shape(layer.outputs[0])
    return "" if len(before) == len(after) == 4 and before[0] == after[0] else "only 4-D, the batch untouched"


def _softmax(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    return "softmax on Xavier" if board.BOARD.compute == _XAVIER else ""


def _lrn(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    return "" if given.get("size") in (3, 5, 7, 9) else "window"


def _yes(graph: Graph, layer: Layer, given: Dict[str, Any], width: int) -> str:
    return ""


_RULES: Dict[str, Any] = {
    "Conv": _convolution,
    "ConvTranspose": _deconvolution,
    "MaxPool": _pooling,
    "AveragePool": _pooling,
    "Gemm": _constant,
    "MatMul": _constant,
    "PRelu": _constant,
    "Clip": _clip,
    "Concat": _concat,
    "Resize": _resize,
    "Upsample": _resize,
    "Slice": _slice,
    "Split": _slice,
    "Reshape": _shuffle,
    "Transpose": _shuffle,
    "Softmax": _softmax,
    "LRN": _lrn,
}
for _word in ("Relu", "Sigmoid", "Tanh", "LeakyRelu", "BatchNormalization", "GlobalMaxPool", "Abs"):
    _RULES[_word] = _yes
for _word in ("Add", "Sub", "Mul", "Max", "Min", "Sum", "Equal"):
    _RULES[_word] = _elementwise
for _word in ("Div", "Pow", "Greater", "Less"):
    _RULES[_word] = _divide


def blocks(graph: Graph, on_dla: Set[str]) -> List[List[Layer]]:
    """The layers that run, in order, those that make one block on the DLA together; each on the GPU by itself.

    Two layers on the DLA are of one block when one feeds the other and the way between them leaves the DLA nowhere.
    """
    level: Dict[str, int] = {}
    maker: Dict[str, Layer] = {tensor: layer for layer in graph.layers for tensor in layer.outputs}
    joined: Dict[str, str] = {}

    def root(name: str) -> str:
        while joined[name] != name:
            name = joined[name]
        return name

    running = [layer for layer in graph.layers if not layer.constant]
    for layer in running:
        before = [maker[t] for t in layer.inputs if t in maker and not maker[t].constant]
        mine = layer.name in on_dla
        level[layer.name] = max([level[p.name] + ((p.name in on_dla) != mine) for p in before] or [0])
        joined[layer.name] = layer.name
        for other in before:
            if mine and other.name in on_dla and level[other.name] == level[layer.name]:
                joined[root(layer.name)] = root(other.name)
    found: Dict[str, List[Layer]] = {}
    for layer in running:
        found.setdefault(root(layer.name), []).append(layer)
    return list(found.values())
