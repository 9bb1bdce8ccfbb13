"""What to write in place of several layers together."""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set

import numpy as np

from edge.models.dla.blocks import GPU, Block
from edge.models.dla.constants import evaluate
from edge.models.dla.graph import Graph, by
from edge.models.dla.verdict import YES, Verdict

# Layers that move numbers and compute none.
_MOVES = ("Reshape", "Transpose", "Gather", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Split")
#: Numbers of a tensor whose way through such layers is followed.
_FOLLOWED = 1 << 20
_MOST_MOVES = 64
_MULTIPLY = ("Conv", "ConvTranspose", "Gemm", "MatMul")


class Pattern(NamedTuple):
    """``places``: the layers in the graph that the change is about."""

    change: str
    exact: bool
    places: List[int]


def patterns(graph: Graph, verdicts: Sequence[Verdict], blocks: Sequence[Block]) -> List[Pattern]:
    """Each change once, with all the layers that it is about."""
    merged: Dict[str, Pattern] = {}
    for pattern in (*_flattened(graph, verdicts), *_moved_channels(graph, verdicts), *_tail(graph, blocks)):
        before = merged.get(pattern.change)
        merged[pattern.change] = pattern._replace(places=before.places + pattern.places) if before else pattern
    return list(merged.values())


def _flattened(graph: Graph, verdicts: Sequence[Verdict]) -> Iterator[Pattern]:
    """Flatten and Gemm, which is a convolution over all of the picture."""
    consumers = graph.consumers()
    for place, node in enumerate(graph.nodes):
        if node.op not in ("Flatten", "Reshape", "Squeeze") or verdicts[place].answer == YES:
            continue
        before, after = graph.tensor(node.inputs[0]).shape, graph.output(node).shape
        behind = consumers.get(node.outputs[0], [])
        if before is None or after is None or len(before) != 4 or len(after) != 2 or before[0] != after[0]:
            continue
        fits = max(before[2:]) <= 32
        if fits and behind and all(graph.nodes[later].op in ("Gemm", "MatMul") for later in behind):
            change = f"{node.op} and Gemm → Conv {by(before[2:])}"
            yield Pattern(change, True, [place, *behind])


def _moved_channels(graph: Graph, verdicts: Sequence[Verdict]) -> Iterator[Pattern]:
    """Layers that only change the channels' order or choose some: a 1x1 convolution with weights of 0 and 1."""
    producers, consumers = graph.producers(), graph.consumers()
    seen: Set[int] = set()
    for place, node in enumerate(graph.nodes):
        source = graph.tensor(node.inputs[0]) if node.inputs else None
        if place in seen or node.op not in _MOVES or source is None or source.shape is None:
            continue
        maker = producers.get(source.name)
        if len(source.shape) != 4 or (maker is not None and graph.nodes[maker].op in _MOVES):
            continue
        group = _followed(graph, consumers, source.name)
        if group is None:
            continue
        seen.update(group)
        if any(verdicts[member].answer != YES for member in group):
            ops = ", ".join(dict.fromkeys(graph.nodes[member].op for member in group))
            yield Pattern(f"a change of the channels' order ({ops}) → a 1x1 Conv with weights of 0 and 1", True, group)


def _followed(graph: Graph, consumers: Dict[str, List[int]], source: str) -> Optional[List[int]]:
    """The layers from ``source`` on that move numbers, where all that they do is to choose channels; else None."""
    shape = graph.tensor(source).shape
    if shape is None or not 0 < int(np.prod([float(length) for length in shape])) <= _FOLLOWED:
        return None
    start = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    values = {source: start}
    group: List[int] = []
    waiting = [place for place in consumers.get(source, []) if graph.nodes[place].op in _MOVES]
    while waiting:
        place = waiting.pop(0)
        node = graph.nodes[place]
        if place in group:
            continue
        inputs = [
            values[name] if name in values else graph.tensor(name).value if name else None for name in node.inputs
        ]
        results = evaluate(node, inputs, limit=_FOLLOWED) if node.inputs[0] in values else None
        if results is None or len(results) != len(node.outputs) or len(group) >= _MOST_MOVES:
            return None
        group.append(place)
        for name, value in zip(node.outputs, results):
            later = consumers.get(name, [])
            moved = [reader for reader in later if graph.nodes[reader].op in _MOVES]
            leaves = len(moved) < len(later) or name in graph.outputs
            if leaves and not _chooses_channels(start, value):
                return None
            values[name] = value
            waiting += moved
    return sorted(group) or None


def _chooses_channels(start: np.ndarray, value: np.ndarray) -> bool:
    if value.ndim != 4 or value.shape[0] != start.shape[0] or value.shape[2:] != start.shape[2:]:
        return False
    picture = start.shape[2] * start.shape[3]
    channels = value[0, :, 0, 0] // picture
    return bool(np.array_equal(value, start[:, channels]))


def _tail(graph: Graph, blocks: Sequence[Block]) -> Iterator[Pattern]:
    """What comes last, from a block of the GPU on, without a multiplication by weights: the decoder can do it."""
    first = len(blocks)
    while first and not any(graph.nodes[place].op in _MULTIPLY for place in blocks[first - 1].layers):
        first -= 1
    first += first < len(blocks) and blocks[first].device != GPU
    if not 0 < first < len(blocks):
        return
    places = sorted(place for block in blocks[first:] for place in block.layers)
    made = {name for place in places for name in graph.nodes[place].outputs}
    needed = [name for place in places for name in graph.nodes[place].inputs if name and name not in made]
    ends = [name for name in dict.fromkeys(needed) if not graph.tensor(name).constant]
    shown = ", ".join(ends[:3]) + (f" and {len(ends) - 3} more" if len(ends) > 3 else "")
    yield Pattern(f"end the network at {shown}, and leave the rest to the outputs' decoder", True, places)
