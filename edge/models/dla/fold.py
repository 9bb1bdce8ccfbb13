"""What TensorRT takes away or melts together before it places layers: a verdict on those would mean nothing."""

from __future__ import annotations

from typing import Dict, List

from edge.models.dla.graph import Graph, Malformed, Node

# Layers that do nothing where their output has the shape (and for Cast the type) of their input.
_SAME_SHAPE = ("Reshape", "Expand", "Tile", "Pad", "Flatten", "Squeeze", "Unsqueeze")
_ONE_INPUT = ("Concat", "Sum", "Max", "Min", "Mean")


def fold(graph: Graph) -> int:
    """Change ``graph`` in place; how many layers went away."""
    before = len(graph.nodes)
    _drop_idle(graph)
    _melt_normalisation(graph)
    _drop_unused(graph)
    return before - len(graph.nodes)


def _drop_idle(graph: Graph) -> None:
    """Identity, Dropout, and what moves or casts nothing."""
    stands_for: Dict[str, str] = {}
    kept: List[Node] = []
    for node in graph.nodes:
        node = node._replace(inputs=[stands_for.get(name, name) for name in node.inputs])
        if node.inputs and node.outputs and _is_idle(graph, node):
            stands_for[node.outputs[0]] = node.inputs[0]
        else:
            kept.append(node)
    graph.nodes = kept
    graph.outputs = [stands_for.get(name, name) for name in graph.outputs]


def _is_idle(graph: Graph, node: Node) -> bool:
    if node.op in ("Identity", "Dropout"):
        return True
    if node.op in _ONE_INPUT:
        return len(node.inputs) == 1
    source, result = graph.tensor(node.inputs[0]), graph.tensor(node.outputs[0])
    if node.op == "Cast":
        return bool(source.type) and source.type == result.type
    if node.op == "Transpose":
        try:
            perm = node.integers("perm", ())
        except Malformed:
            return False
        return bool(perm) and perm == tuple(range(len(perm)))
    return node.op in _SAME_SHAPE and source.shape is not None and source.shape == result.shape


def _melt_normalisation(graph: Graph) -> None:
    """A BatchNormalization whose only input is a convolution's result is part of that convolution."""
    producers, consumers = graph.producers(), graph.consumers()
    gone = set()
    for place, node in enumerate(graph.nodes):
        if node.op != "BatchNormalization" or not node.outputs or len(graph.constants(node)) != 4:
            continue
        source = node.inputs[0]
        maker = producers.get(source)
        if maker is None or graph.nodes[maker].op not in ("Conv", "ConvTranspose"):
            continue
        weights_known = all(graph.tensor(name).constant for name in graph.nodes[maker].inputs[1:] if name)
        if weights_known and consumers.get(source) == [place] and source not in graph.outputs:
            graph.nodes[maker] = graph.nodes[maker]._replace(outputs=[node.outputs[0]])
            gone.add(place)
    graph.nodes = [node for place, node in enumerate(graph.nodes) if place not in gone]


def _drop_unused(graph: Graph) -> None:
    """Layers whose results nobody needs."""
    needed = set(graph.outputs)
    kept: List[Node] = []
    for node in reversed(graph.nodes):
        if any(name in needed for name in node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    graph.nodes = kept[::-1]
