"""How many multiplications a layer does: those by weights, which nearly all of a network's time goes into."""

from __future__ import annotations

from edge.models.dla.graph import Graph, Malformed, Node


def macs(graph: Graph, node: Node) -> int:
    """Multiplications with addition of a convolution, deconvolution or matrix product; 0 for others and where a shape
    is not known."""
    count = _COUNTS.get(node.op)
    try:
        return count(graph, node) if count else 0
    except (Malformed, IndexError):
        return 0


def _convolution(graph: Graph, node: Node) -> int:
    weights = graph.input(node, 1).shape
    if weights is None:
        return 0
    each = 1  # for one number of the output: the group's channels and the kernel
    for length in weights[1:]:
        each *= length
    return graph.output(node).elements * each


def _deconvolution(graph: Graph, node: Node) -> int:
    weights = graph.input(node, 1).shape
    if weights is None:
        return 0
    each = 1  # for one number of the input: the group's output channels and the kernel
    for length in weights[1:]:
        each *= length
    return graph.input(node, 0).elements * each


def _product(graph: Graph, node: Node) -> int:
    first = graph.input(node, 0).shape
    if not first:
        return 0
    inner = first[0] if node.op == "Gemm" and node.integer("transA", 0) else first[-1]
    return graph.output(node).elements * inner


_COUNTS = {"Conv": _convolution, "ConvTranspose": _deconvolution, "Gemm": _product, "MatMul": _product}
