"""What to write in place of a layer that a DLA does not take."""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from edge.models.dla.graph import Graph, Malformed, Node, Shape, by
from edge.models.dla.verdict import Verdict

#: The longest window of a pooling, and the largest kernel.
_WINDOW, _KERNEL = 8, 32


class Advice(NamedTuple):
    """``exact``: the network's results stay the same; else it must be trained on."""

    change: str
    exact: bool


def advice(graph: Graph, node: Node, verdict: Verdict) -> Optional[Advice]:
    """None where nothing better is known."""
    tell = _ADVICE.get(node.op)
    try:
        return tell(graph, node, verdict.reason) if tell else None
    except (Malformed, IndexError):
        return None


def _average(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    shape = graph.input(node, 0).shape
    if shape is None or len(shape) != 4 or not _over_picture(graph, node):
        return None
    kind = "MaxPool" if "Max" in node.op else "AveragePool"
    what = f"{node.op} of {by(shape[2:])} → "
    flat = node.op.startswith("Reduce") and not node.integer("keepdims", 1)
    behind = ", and a 1x1 Conv in place of the Gemm behind it" if flat else ""
    steps = _windows(shape[2], shape[3])
    if steps is not None:
        return Advice(f"{what}{kind} {_chain(steps)}{behind}", True)
    if kind == "AveragePool" and max(shape[2:]) <= _KERNEL:
        weight = f"1/{shape[2] * shape[3]}"
        return Advice(f"{what}Conv {by(shape[2:])} of {shape[1]} groups with every weight {weight}{behind}", True)
    return Advice(f"{what}a picture's size that leaves a multiple of 2 to 8 here, and {kind}", False)


def _over_picture(graph: Graph, node: Node) -> bool:
    if not node.op.startswith("Reduce"):
        return True
    axes = graph.numbers(node, 1) if graph.given(node, 1) else node.integers("axes", ())
    return sorted(int(axis) % 4 for axis in axes) == [2, 3]


def _windows(height: int, width: int) -> Optional[List[Shape]]:
    """Windows up to 8x8, one behind the other, that come to one number; None where there are none."""
    chains: List[List[int]] = []
    for length in (height, width):
        chain: List[int] = []
        while length > 1:
            window = next((size for size in range(_WINDOW, 1, -1) if length % size == 0), 0)
            if not window:
                return None
            chain.append(window)
            length //= window
        chains.append(chain)
    most = max(1, *(len(chain) for chain in chains))
    rows, columns = (chain + [1] * (most - len(chain)) for chain in chains)
    return list(zip(rows, columns))


def _chain(steps: Sequence[Shape]) -> str:
    if len(steps) == 1:
        return by(steps[0])
    if len(set(steps)) == 1:
        count = "twice" if len(steps) == 2 else f"{len(steps)} times"
        return f"{by(steps[0])} {count}, each with its window as stride"
    return ", then ".join(by(step) for step in steps) + ", each with its window as stride"


def _pooling(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    if reason.startswith("Xavier"):
        return Advice("AveragePool without padding, or with count_include_pad 1", False)
    if not reason.startswith("window"):
        return None
    kernel, stride = node.integers("kernel_shape", (), 2), node.integers("strides", (1, 1), 2)
    if node.op == "MaxPool" and stride == (1, 1) and kernel[0] == kernel[1]:
        size = next((size for size in (5, 7, 3, 2) if (kernel[0] - 1) % (size - 1) == 0), 2)
        count = (kernel[0] - 1) // (size - 1)
        return Advice(f"MaxPool {by(kernel)} → MaxPool {size}x{size} {count} times, one behind the other", True)
    return Advice(f"{node.op} {by(kernel)} → two smaller ones, one behind the other", False)


def _resize(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    before, after = graph.input(node, 0).shape, graph.output(node).shape
    if before is None or after is None or len(before) != 4 or before[:2] != after[:2] or 0 in before:
        return None
    if any(long % short for short, long in zip(before, after)):
        return Advice("Resize by a whole number", False)
    scales = [long // short for short, long in zip(before, after)]
    if reason.startswith("it has sizes"):
        mode = node.text("mode", "nearest")
        most = 32 if mode == "nearest" else 4
        return Advice(f"Resize with sizes → with scales {scales}", True) if max(scales) <= most else None
    if reason.startswith("mode"):
        return Advice("Resize cubic → linear or nearest", False)
    if reason.startswith("before TensorRT"):
        same = node.text("coordinate_transformation_mode", "half_pixel") == "half_pixel"
        exact = same and node.text("mode", "nearest") == "nearest"
        return Advice("Resize → nearest, asymmetric, floor (or TensorRT 8.4)", exact)
    if reason.startswith("scales"):
        return Advice("Resize → two by less, one behind the other", node.text("mode", "nearest") == "nearest")
    return None


def _clip(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    if node.opset < 11:
        low, high = node.number("min", float("-inf")), node.number("max", float("inf"))
    else:
        low = graph.numbers(node, 1)[0] if graph.given(node, 1) else float("-inf")
        high = graph.numbers(node, 2)[0] if graph.given(node, 2) else float("inf")
    if low == 0 and high > 127:
        return Advice("Clip from 0 without a useful upper bound → Relu", high > 60000)
    if low == 0 and 0 < high < 1:
        return Advice(f"Clip(x, 0, {high:g}) → Clip(x · {1 / high:g}, 0, 1) · {high:g}", True)
    if 1 <= high - low <= 127:
        return Advice(f"Clip(x, {low:g}, {high:g}) → Clip(x + {-low:g}, 0, {high - low:g}) + {low:g}", True)
    return None


_CONVOLUTION = {
    "2-D": Advice("a 1-D Conv → a 2-D one of height 1 on a 4-D tensor", True),
    "kernel": Advice("a large kernel → two smaller Convs, one behind the other", False),
    "stride": Advice("a long stride → stride 8 at most, and a pooling", False),
    "pad": Advice("a pad as large as the kernel → a smaller one", False),
    "dilation": Advice("a dilation above 32 → a smaller one", False),
    "number": Advice("more than 8192 maps or groups → several Convs and a Concat", True),
    "needs": Advice("a Conv too large for the buffer → fewer channels before it, a smaller kernel or picture", False),
}


def _convolution(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    return _CONVOLUTION.get(reason.split()[0])


def _deconvolution(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    if reason.startswith(("padding", "stride", "kernel", "TensorRT")):
        return Advice("ConvTranspose → kernel as stride and pad 0, or Resize nearest and Conv", False)
    if reason.startswith("groups"):
        return Advice("a grouped ConvTranspose → groups 1", True)
    return None


def _divide(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    return Advice("Div by a constant → Mul by its reciprocal", True) if graph.input(node, 1).constant else None


def _power(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    return Advice("Pow(x, 2) → Mul(x, x)", True) if graph.numbers(node, 1) == [2.0] else None


def _slice(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    if node.op == "Slice" and node.opset >= 10 and graph.given(node, 4) and max(graph.numbers(node, 4)) == 2:
        return Advice("Focus (Slices of stride 2, Concat, Conv 3x3) → Conv 6x6 stride 2, its weights rearranged", True)
    if reason.startswith("no DLA"):
        return Advice(f"{node.op} behind a Conv → a Conv for each part (or TensorRT 8.5)", True)
    return None


def _blocks(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    layer = "ConvTranspose" if node.op == "DepthToSpace" else "Conv"
    size = node.integer("blocksize", 0)
    return Advice(f"{node.op} by {size} → {layer} of kernel and stride {size} with weights of 0 and 1", True)


def _pad(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    pads = graph.numbers(node, 1) if graph.given(node, 1) else [float(pad) for pad in node.integers("pads", ())]
    value = graph.numbers(node, 2) if graph.given(node, 2) else [node.number("value", 0.0)]
    zeros = node.text("mode", "constant") == "constant" and value == [0.0]
    if not zeros or len(pads) != 8 or any((*pads[:2], *pads[4:6])) or min(pads) < 0:
        return None
    behind = [later.op for later in graph.nodes if node.outputs[0] in later.inputs]
    if behind and all(op in ("Conv", "MaxPool", "AveragePool") for op in behind):
        return Advice("Pad → the padding of the Conv or pooling behind it", "MaxPool" not in behind)
    return None


def _concat(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    return Advice("Concat on another axis → on the channels, before tensors are reshaped", False)


def _transpose(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    return Advice("an NHWC input and a Transpose → an NCHW input", True) if node.inputs[0] in graph.inputs else None


def _always(change: str, exact: bool) -> Callable[[Graph, Node, str], Optional[Advice]]:
    return lambda graph, node, reason: Advice(change, exact)


def _hard_sigmoid(graph: Graph, node: Node, reason: str) -> Optional[Advice]:
    slope, shift = node.number("alpha", 0.2), node.number("beta", 0.5)
    return Advice(f"HardSigmoid → Clip({slope:.4g} · x + {shift:.4g}, 0, 1)", True)


_RELU = "→ Relu"
_ADVICE: Dict[str, Callable[[Graph, Node, str], Optional[Advice]]] = {
    "GlobalAveragePool": _average,
    "GlobalMaxPool": _average,
    "ReduceMean": _average,
    "ReduceMax": _average,
    "MaxPool": _pooling,
    "AveragePool": _pooling,
    "Resize": _resize,
    "Upsample": _resize,
    "Clip": _clip,
    "Conv": _convolution,
    "ConvTranspose": _deconvolution,
    "Div": _divide,
    "Pow": _power,
    "Slice": _slice,
    "Split": _slice,
    "DepthToSpace": _blocks,
    "SpaceToDepth": _blocks,
    "Pad": _pad,
    "Concat": _concat,
    "Transpose": _transpose,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _always("HardSwish → x · Clip(x + 3, 0, 6) · 1/6, in layers of their own", True),
    "Neg": _always("Neg → Mul by -1", True),
    **{op: _always(f"{op} {_RELU}", False) for op in ("Elu", "Selu", "Celu", "Softplus", "ThresholdedRelu")},
    **{op: _always(f"{op} → x · Sigmoid(x)", False) for op in ("Mish", "Gelu", "Erf")},
    **{
        op: _always(f"{op} → BatchNormalization", False)
        for op in ("InstanceNormalization", "LayerNormalization", "GroupNormalization")
    },
    "LRN": _always("LRN → window 3, 5, 7 or 9, or BatchNormalization", False),
    "QuantizeLinear": _always("Q/DQ layers → a network without them, calibrated", False),
    "DequantizeLinear": _always("Q/DQ layers → a network without them, calibrated", False),
}
