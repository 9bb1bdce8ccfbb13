"""What somebody should know before building an engine of a plan."""

from __future__ import annotations

from typing import Iterator, List, Sequence

from edge.models.dla.blocks import Block
from edge.models.dla.boards import FIRST_AFTER_PAUSE, ORIN, Target, jetpacks, written
from edge.models.dla.graph import Graph
from edge.models.dla.rules import MOST_WEIGHTS, OLDEST, loadables
from edge.models.dla.verdict import YES, Verdict

#: From here on the cost of changing between GPU and DLA is worth a word.
_MANY_SWITCHES = 4


def warnings(
    graph: Graph, aim: Target, verdicts: Sequence[Verdict], dla: Sequence[Block], symbolic: Sequence[str]
) -> List[str]:
    """``dla``: the blocks on the DLA; ``symbolic``: the axes that the file leaves open."""
    if not aim.generation:
        return [f"{aim.why}: everything runs on the GPU"]
    return [
        *_of_target(aim),
        *_of_precision(graph, aim, verdicts),
        *_of_blocks(graph, aim, dla),
        *_of_shapes(graph, symbolic),
    ]


def _of_target(aim: Target) -> Iterator[str]:
    if aim.tensorrt < OLDEST:
        yield f"the rules begin with TensorRT {written(OLDEST)}: taken for {written(aim.tensorrt)} too"
    versions = [version for _, version in jetpacks(aim.board)]
    if versions and aim.tensorrt[:2] < min(versions):
        yield f"NVIDIA never made TensorRT {written(aim.tensorrt)} for {aim.board}"
    if versions and aim.tensorrt[0] > max(versions)[0] and aim.tensorrt < FIRST_AFTER_PAUSE:
        yield f"NVIDIA never made TensorRT {written(aim.tensorrt)} for {aim.board}"
    if aim.tensorrt >= FIRST_AFTER_PAUSE:
        yield "TensorRT 11.4.1 and later take strongly typed networks alone: precision comes from the ONNX file's types"


def _of_precision(graph: Graph, aim: Target, verdicts: Sequence[Verdict]) -> Iterator[str]:
    if aim.precision == "fp16":
        if aim.generation == ORIN:
            yield (
                "FP16 IS SLOW ON ORIN'S DLA: ResNet-50 took 17.7 ms there, 1.28 ms in INT8 (and 1.01 ms in INT8 on the "
                "GPU; one user's AGX Orin, TensorRT 10.3). Use --precision int8, or the GPU"
            )
        return
    if aim.tensorrt < FIRST_AFTER_PAUSE:
        yield "INT8 needs calibration with pictures of your cameras"
    equal = sum(verdict.answer == YES and "ranges" in verdict.reason for verdict in verdicts)
    if equal:
        yield f"element-wise layers ({equal}) need inputs of equal INT8 ranges, or they fall back to the GPU"


def _of_blocks(graph: Graph, aim: Target, dla: Sequence[Block]) -> Iterator[str]:
    parts = [part for block in dla for part in block.loadables]
    most = loadables(aim.tensorrt)
    if len(parts) > most:
        yield f"{len(parts)} subgraphs for the DLA, and a core holds {most} at once: not all will run there"
    for part in parts:
        weights = sum(tensor.elements for place in part for tensor in graph.constants(graph.nodes[place]))
        if weights * aim.bytes >= MOST_WEIGHTS:
            name = graph.nodes[part[0]].name
            yield f"the subgraph from {name} on has 512 MB of weights or more, and TensorRT will not take it whole"
    switches = len(dla) * 2 - 1
    if switches >= _MANY_SWITCHES:
        yield (
            "every change between GPU and DLA costs: making five blocks one raised one model from 306 to 650 "
            "inferences a second"
        )


def _of_shapes(graph: Graph, symbolic: Sequence[str]) -> Iterator[str]:
    if symbolic:
        yield (
            f"the file leaves {' and '.join(symbolic)} open: a DLA's engine is built for one, and runs that alone "
            "(better export it with fixed shapes)"
        )
    unknown = [node.name for node in graph.nodes if any(graph.tensor(n).shape is None for n in node.outputs if n)]
    if unknown:
        yield (
            f"the shapes of {len(unknown)} layers are not fixed, from {unknown[0]} on: no DLA takes them "
            "(give the input's with --size, or export it with fixed shapes)"
        )
