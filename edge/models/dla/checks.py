"""Checks of the layers that do not multiply by weights; each is asked about a layer whose shapes are known."""

from __future__ import annotations

from typing import List, Optional

from edge.models.dla.checks_convolution import padding
from edge.models.dla.graph import Malformed, Shape, by
from edge.models.dla.verdict import Question, Verdict, maybe, no, yes

#: Ranks whose layers a DLA computes: NCHW, and N x C of a fully connected part.
_SPATIAL = (2, 4)


def pooling(question: Question) -> Verdict:
    node = question.node
    if len(question.shape()) != 4:
        return no(f"2-D alone (its input has {len(question.shape())} dimensions)")
    kernel = node.integers("kernel_shape", (), 2)
    stride, dilation = node.integers("strides", (1, 1), 2), node.integers("dilations", (1, 1), 2)
    pads = padding(question, kernel, stride, dilation)
    for wrong in (
        question.outside("window", kernel),
        question.outside("pad", pads),
        question.outside("stride", stride),
    ):
        if wrong:
            return no(wrong)
    if dilation != (1, 1):
        return no(f"dilation must be 1 (found {by(dilation)})")
    if len([name for name in node.outputs if name]) > 1:
        return no("where each maximum stood is asked for too")
    exclusive = node.op == "AveragePool" and any(pads) and not node.integer("count_include_pad", 0)
    if exclusive and "inclusive padding" in question.only:
        return no("Xavier's DLA averages over the padding too, this layer does not (count_include_pad 0)")
    return yes(f"window {by(kernel)}, stride {by(stride)}")


def activation(question: Question) -> Verdict:
    return _two_spatial(question) or yes(f"{question.node.op} is one that a DLA has")


def clip(question: Question) -> Verdict:
    node, graph = question.node, question.graph
    if node.opset < 11:
        low, high = node.number("min", float("-inf")), node.number("max", float("inf"))
    else:
        low = graph.numbers(node, 1)[0] if graph.given(node, 1) else float("-inf")
        high = graph.numbers(node, 2)[0] if graph.given(node, 2) else float("inf")
    first, last = question.limits["max"]
    if not first <= high <= last:
        return no(f"its upper bound {high:g} is outside {first} to {last}")
    if low != 0:
        return no(f"a DLA's clip begins at 0 (found {low:g})")
    return _two_spatial(question) or yes(f"from 0 to {high:g}")


def parametric_relu(question: Question) -> Verdict:
    if not question.graph.input(question.node, 1).constant:
        return no("its slope is no constant")
    return _two_spatial(question) or yes("constant slope")


def elementwise(question: Question) -> Verdict:
    """Two tensors, or a tensor and a constant, which is a Scale layer where it fits one."""
    graph, node = question.graph, question.node
    constants = graph.constants(node)
    scale = node.op in ("Mul", "Add") or (node.op == "Sub" and graph.input(node, 1).constant)
    if constants and scale and len(node.inputs) == 2:
        shape = constants[0].shape
        if shape is not None and _is_scale(shape, question.result()):
            return _two_spatial(question) or yes("a scale or shift by a constant")
    refused = _two_spatial(question)
    if refused:
        return refused
    forms = [_broadcast(question.shape(index), question.result()) for index in range(len(node.inputs))]
    if None in forms:
        shapes = " and ".join(by(question.shape(index)) or "one number" for index in range(len(node.inputs)))
        return no(f"of {shapes} one is broadcast otherwise than as NCHW, NC11 or N111")
    other = [form for form in forms if form not in (None, "NCHW")]
    if constants:
        return maybe(f"{node.op} with a constant that is no scale or shift")
    if other:
        return maybe(f"one input is broadcast as {other[0]}, which is said to be taken: unverified")
    if question.target.precision == "int8":
        return yes("inputs of equal shape, whose INT8 ranges must be equal too")
    return yes("inputs of equal shape")


def scale(question: Question) -> Verdict:
    if len(question.graph.constants(question.node)) != len(question.node.inputs) - 1:
        return no("its scale and shift are no constants")
    return _two_spatial(question) or yes("a scale and a shift for each channel")


def concat(question: Question) -> Verdict:
    node, rank = question.node, len(question.result())
    if rank != 4:
        return no(f"4-D alone (found {rank} dimensions)")
    axis = node.integer("axis", 1) % rank
    if axis != 1:
        return no(f"on axis {axis}, where a DLA joins channels alone (axis 1)")
    if len({question.shape(index)[2:] for index in range(len(node.inputs))}) != 1:
        return no("its inputs have different heights or widths")
    if question.graph.constants(node):
        return maybe("one of its inputs is a constant, of which the lists say nothing")
    return yes(f"{len(node.inputs)} inputs on the channel axis")


def resize(question: Question) -> Verdict:
    node, graph = question.node, question.graph
    mode = node.text("mode", "nearest")
    if mode not in ("nearest", "linear", "bilinear"):
        return no(f"mode {mode}, where a DLA has nearest and linear")
    if node.op == "Resize" and graph.given(node, 3):
        return no("it has sizes, where a DLA takes scales alone")
    scales = _scales(question)
    if len(scales) != 4:
        return no(f"it has {len(scales)} scales, where a DLA takes exactly 4")
    if scales[:2] != [1.0, 1.0]:
        return no("it resizes batch or channels: the first two scales must be 1")
    limit = question.limits["nearest" if mode == "nearest" else "linear"]
    if not all(scale == int(scale) and limit[0] <= scale <= limit[1] for scale in scales[2:]):
        given = by(f"{scale:g}" for scale in scales[2:])
        return no(f"scales {given} are not whole numbers from {limit[0]} to {limit[1]} ({mode})")
    if "nearest, asymmetric, floor" in question.only:
        how = node.text("coordinate_transformation_mode", "half_pixel" if node.op == "Resize" else "asymmetric")
        if node.op == "Resize" and node.opset < 11:
            how = "asymmetric"
        rounding = node.text("nearest_mode", "round_prefer_floor") if node.opset >= 11 else "floor"
        if mode != "nearest" or how != "asymmetric" or rounding != "floor":
            found = ", ".join((mode, how, rounding) if mode == "nearest" else (mode, how))
            return no(f"before TensorRT 8.4 a DLA has nearest, asymmetric, floor alone (found {found})")
    return yes(f"{mode}, {by(f'{scale:g}' for scale in scales[2:])}")


def _scales(question: Question) -> List[float]:
    node = question.node
    if node.op == "Upsample" and "scales" in node.attributes:
        given = node.attributes["scales"]
        if not isinstance(given, list):
            raise Malformed("scales is no list")
        return [float(value) for value in given]
    return question.graph.numbers(node, 1 if node.op == "Upsample" or node.opset < 11 else 2)


def slices(question: Question) -> Verdict:
    node, graph = question.node, question.graph
    rank = len(question.shape())
    if rank != 4:
        return no(f"4-D alone (found {rank} dimensions)")
    if node.op == "Split":
        axes, steps = [node.integer("axis", 0)], [1]
    elif node.opset < 10:
        axes = list(node.integers("axes", range(len(node.integers("starts", ())))))
        steps = [1]
    else:
        starts = graph.numbers(node, 1)
        axes = [int(a) for a in graph.numbers(node, 3)] if graph.given(node, 3) else list(range(len(starts)))
        steps = [int(s) for s in graph.numbers(node, 4)] if graph.given(node, 4) else [1]
    if any(step != 1 for step in steps):
        return no(f"stride {by(steps)} must be 1")
    cut = [axis % rank for axis in axes]
    if 0 in cut and question.result()[0] != question.shape()[0]:
        return no("it cuts the batch")
    return yes(f"on axis {', '.join(str(axis) for axis in cut)}, stride 1")


def shuffle(question: Question) -> Verdict:
    """Reshape and Transpose, where they may be."""
    node, before, after = question.node, question.shape(), question.result()
    if len(before) != 4 or len(after) != 4:
        return no(f"4-D alone (found {len(before)} to {len(after)} dimensions)")
    kept = node.integers("perm", range(4)[::-1])[0] == 0 if node.op == "Transpose" else before[0] == after[0]
    if not kept:
        return no("it moves the batch")
    return maybe("4-D with the batch untouched: taken by some releases, not by all")


def softmax(question: Question) -> Verdict:
    return yes("Orin's DLA has it")


def reduce_max(question: Question) -> Verdict:
    node, rank = question.node, len(question.shape())
    if rank != 4 or (node.op == "ReduceMax" and not node.integer("keepdims", 1)):
        return no("4-D in and out alone")
    return maybe("a maximum over height and width: taken by some releases, not by all")


def normalisation_lrn(question: Question) -> Verdict:
    window = question.node.integer("size", 0)
    if window not in question.limits["windows"]:
        allowed = ", ".join(str(size) for size in question.limits["windows"])
        return no(f"window {window} is none of {allowed}")
    return _two_spatial(question) or yes(f"window {window}")


def comparison(question: Question) -> Verdict:
    return maybe("taken under conditions that cannot be seen here (INT8, a Cast right behind it)")


def _two_spatial(question: Question) -> Optional[Verdict]:
    rank = len(question.result())
    return None if rank in _SPATIAL else no(f"two spatial dimensions alone (found {rank} dimensions)")


def _is_scale(constant: Shape, tensor: Shape) -> bool:
    """Whether it is one number, one for each channel, or one for each element of a picture."""
    padded = (1,) * (len(tensor) - len(constant)) + constant
    if len(padded) != len(tensor) or padded[0] != 1:
        return False
    rest = tensor[1:]
    per_channel = (rest[0], *([1] * (len(rest) - 1))) if rest else ()
    return padded[1:] in ((1,) * len(rest), per_channel, rest)


def _broadcast(shape: Shape, result: Shape) -> Optional[str]:
    """How ``shape`` becomes ``result``: as NCHW, NC11, N111, or None for another way."""
    padded = (1,) * (len(result) - len(shape)) + shape
    if padded == result:
        return "NCHW"
    if padded[0] not in (1, result[0]) or any(length != 1 for length in padded[2:]):
        return None
    return "N111" if padded[1] == 1 else "NC11" if padded[1] == result[1] else None
