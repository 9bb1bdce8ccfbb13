"""Checks of the layers that multiply: convolution, deconvolution, fully connected."""

from __future__ import annotations

from typing import Optional, Tuple

from edge.models.dla.graph import Malformed, Shape, by
from edge.models.dla.verdict import Question, Verdict, maybe, no, yes

#: The convolution buffer: banks, and bytes of one.
BANKS, BANK = 16, 32768


def convolution(question: Question) -> Verdict:
    weights, refused = _weights(question)
    if refused:
        return refused
    maps, channels = weights[0], weights[1]
    kernel, stride, dilation, pads, groups = _window(question, weights)
    for wrong in (
        question.outside("kernel", kernel),
        question.outside("stride", stride),
        question.outside("pad", pads),
        question.outside("dilation", dilation),
        question.outside("maps", (maps,), "number of output maps"),
        question.outside("groups", (groups,), "number of groups"),
    ):
        if wrong:
            return no(wrong)
    banks = buffer_banks(channels, kernel, question.shape()[3], dilation[0], question.target.bytes)
    if banks > BANKS:
        return no(f"needs {banks} banks of the convolution buffer, which has {BANKS}")
    for pad, size, step in zip((*pads[:2], *pads[2:]), kernel * 2, dilation * 2):
        if pad >= (size - 1) * step + 1:
            return no(f"pad {by(pads)} is not below kernel {by(kernel)}")
        if pad >= size:
            return maybe(f"pad {by(pads)} is not below kernel {by(kernel)}, only below its reach when dilated")
    return yes(f"kernel {by(kernel)}, stride {by(stride)}, {banks} of {BANKS} banks of the convolution buffer")


def deconvolution(question: Question) -> Verdict:
    weights, refused = _weights(question)
    if refused:
        return refused
    kernel, stride, dilation, pads, groups = _window(question, weights)
    if any(pads) or any(question.node.integers("output_padding", (0, 0))) or "output_shape" in question.node.attributes:
        return no(f"padding must be 0 (found {by(pads)}, output_padding or output_shape)")
    if groups != 1:
        return no(f"groups must be 1 (found {groups})")
    if dilation != (1, 1):
        return no(f"dilation must be 1 (found {by(dilation)})")
    low, high = question.limits["slow square"]
    for what, size in (("kernel", kernel), ("stride", stride)):
        wrong = question.outside(what, size)
        if wrong and not (1 in size and max(size) in _LONG):
            return no(f"{wrong} and none of 64, 96, 128 by 1")
        if size[0] == size[1] and low <= size[0] <= high:
            return no(f"TensorRT refuses square {what}s of {low} to {high}: they take too long to build")
    if "stride is kernel" in question.only and kernel != stride:
        return no(f"stride {by(stride)} must be as kernel {by(kernel)} before TensorRT 8.4")
    return yes(f"kernel {by(kernel)}, stride {by(stride)}")


#: Lengths that a deconvolution's kernel and stride may also have, by 1.
_LONG = (64, 96, 128)


def fully_connected(question: Question) -> Verdict:
    graph, node = question.graph, question.node
    if not graph.input(node, 1).constant:
        return no("its second input is no constant")
    if graph.given(node, 2) and not graph.input(node, 2).constant:
        return no("its bias is no constant")
    if len(question.shape(1)) != 2:
        return no(f"its weights are {graph.input(node, 1)}, not a matrix")
    if node.integer("transA", 0):
        return no("its input is transposed")
    rank = len(question.shape())
    if rank not in (2, 4):
        return maybe(f"constant weights, but an input of {rank} dimensions, of which the lists say nothing")
    return yes("constant weights")


def buffer_banks(channels: int, kernel: Tuple[int, ...], width: int, dilation_h: int, number_bytes: int) -> int:
    """Banks of the convolution buffer that weights and data take. ``channels``: of one group."""

    def up(value: int, unit: int) -> int:
        return -(-value // unit)

    one_map = up(channels * kernel[0] * kernel[1] * number_bytes, 128) * 128
    entries = up(up(channels * number_bytes, 32) * width, 4)
    return up(one_map, BANK) + up(entries * ((kernel[0] - 1) * dilation_h + 1), 256)


def _weights(question: Question) -> Tuple[Shape, Optional[Verdict]]:
    """The shape of the kernel, and why it cannot be."""
    graph, node = question.graph, question.node
    if not graph.input(node, 1).constant:
        return (), no("its weights are no constant")
    shape = question.shape(1)
    if len(shape) != 4 or len(question.shape()) != 4:
        return (), no(f"2-D alone (its input has {len(question.shape())} dimensions, its weights {len(shape)})")
    return shape, None


def _window(question: Question, weights: Shape) -> Tuple[Shape, Shape, Shape, Shape, int]:
    """Kernel, stride, dilation, pads (top, left, bottom, right) and groups."""
    node = question.node
    kernel = node.integers("kernel_shape", weights[2:], 2)
    stride, dilation = node.integers("strides", (1, 1), 2), node.integers("dilations", (1, 1), 2)
    pads = padding(question, kernel, stride, dilation)
    return kernel, stride, dilation, pads, node.integer("group", 1)


def padding(question: Question, kernel: Shape, stride: Shape, dilation: Shape) -> Shape:
    """Top, left, bottom, right, as ``auto_pad`` or ``pads`` has it. Raises Malformed."""
    node = question.node
    automatic = node.text("auto_pad", "NOTSET")
    if automatic in ("NOTSET", ""):
        return node.integers("pads", (0, 0, 0, 0), 4)
    if automatic == "VALID":
        return (0, 0, 0, 0)
    if automatic not in ("SAME_UPPER", "SAME_LOWER") or min(stride) < 1:
        raise Malformed(f"auto_pad {automatic}")
    before, after = [], []
    transposed = node.op == "ConvTranspose"
    for axis in (0, 1):
        length = question.shape()[2 + axis]
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        if transposed:
            total = max(reach - stride[axis], 0)
        else:
            total = max((-(-length // stride[axis]) - 1) * stride[axis] + reach - length, 0)
        less, more = total // 2, total - total // 2
        before.append(less if automatic == "SAME_UPPER" else more)
        after.append(more if automatic == "SAME_UPPER" else less)
    return (*before, *after)
