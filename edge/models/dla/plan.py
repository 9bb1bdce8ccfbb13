"""The plan as a whole: from a file and a board to verdicts, blocks, suggestions and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from edge.errors import ModelError
from edge.models.dla.blocks import DLA, Flow
from edge.models.dla.boards import Target, Version, target, written
from edge.models.dla.fold import fold
from edge.models.dla.graph import Graph
from edge.models.dla.judge import Judge
from edge.models.dla.macs import macs
from edge.models.dla.read import read
from edge.models.dla.suggest import Gains, Outcome, Suggestion, outcome, suggest
from edge.models.dla.verdict import MAYBE, NO, YES, Verdict, no, yes
from edge.models.dla.warn import warnings
from edge.models.dla.whatif import elsewhere


class Layer(NamedTuple):
    """``verdict``: yes, no or maybe. ``device``: where it is drawn, ``maybe`` on the GPU."""

    name: str
    op: str
    verdict: str
    reason: str
    macs: int
    device: str


class PlacedBlock(NamedTuple):
    """A run of layers, by name, on one device. ``loadables``: the subgraphs that a DLA gets, 0 on the GPU."""

    device: str
    layers: Tuple[str, ...]
    macs: int
    loadables: int


@dataclass(frozen=True)
class Placement:
    """What the rules say. ``cores``: 0 where there is no DLA. ``layers``: as TensorRT sees them, in order.

    ``blocks`` in the order in which they run, GPU and DLA by turns; ``switches`` between them. ``dla_share``: of the
    multiplications, 0 to 1. ``if_maybe``: the same two where every maybe is a yes. ``with_suggestions``: where every
    suggestion is followed. ``folded``: layers of the file that TensorRT takes away before.
    """

    board: str
    tensorrt: str
    precision: str
    cores: int
    layers: Tuple[Layer, ...]
    blocks: Tuple[PlacedBlock, ...]
    switches: int
    dla_share: float
    if_maybe: Outcome
    with_suggestions: Outcome
    suggestions: Tuple[Suggestion, ...]
    warnings: Tuple[str, ...]
    folded: int

    @property
    def whole(self) -> bool:
        """Whether every layer may run on the DLA."""
        return bool(self.layers) and all(layer.verdict == YES for layer in self.layers)

    def plain(self) -> Dict[str, Any]:
        """As JSON has it: see docs/dla.md."""
        return {
            "board": self.board,
            "tensorrt": self.tensorrt,
            "precision": self.precision,
            "dla_cores": self.cores,
            "whole": self.whole,
            "layers": [layer._asdict() for layer in self.layers],
            "blocks": [{**block._asdict(), "layers": list(block.layers)} for block in self.blocks],
            "switches": self.switches,
            "dla_share": round(self.dla_share, 6),
            "if_maybe": _plain(self.if_maybe),
            "suggestions": [
                {"change": s.change, "layers": list(s.layers), "exact": s.exact, **_plain(s.outcome)}
                for s in self.suggestions
            ],
            "with_suggestions": _plain(self.with_suggestions),
            "warnings": list(self.warnings),
            "folded": self.folded,
        }


def _overruled(graph: Graph, verdicts: Sequence[Verdict], said: Mapping[str, bool]) -> List[Verdict]:
    """The verdicts, with the board's own word where it has one."""
    return [
        _the_boards(verdict, said[node.name]) if node.name in said else verdict
        for node, verdict in zip(graph.nodes, verdicts)
    ]


def _the_boards(verdict: Verdict, takes: bool) -> Verdict:
    if verdict.answer == (YES if takes else NO):
        return verdict
    against = f"TensorRT here says {'yes' if takes else 'no'}; by the rules {verdict.answer}: {verdict.reason}"
    return yes(against) if takes else no(against)


def plan(
    path: Union[str, Path],
    board: str,
    tensorrt: Union[str, Version, None] = None,
    precision: str = "int8",
    batch: int = 1,
    size: Optional[Tuple[int, int]] = None,
    said: Optional[Mapping[str, bool]] = None,
) -> Placement:
    """Where the layers of the ONNX file at ``path`` can run.

    ``said``: what the board's own TensorRT says of layers, by name: that overrules the rules.

    ``board``: a name from ``boards.BOARDS``, or ``xavier`` or ``orin``. ``tensorrt``: a version; by default that of the
    board's newest JetPack. ``batch`` and ``size`` (width, height): for a network that leaves them open. Raises
    EdgeError for a board, version or precision that cannot be, ModelError for a file that is no network.
    """
    aim = target(board, tensorrt, precision)
    network = read(Path(path), batch, size)
    graph = network.graph
    folded = network.folded + fold(graph)
    verdicts = _overruled(graph, judged(graph, aim), said or {})
    counts = [macs(graph, node) for node in graph.nodes]
    flow = Flow(graph)
    try:
        gains = Gains(flow, counts, [verdict.answer == YES for verdict in verdicts])
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    blocks = gains.blocks()
    suggestions: List[Suggestion] = []
    together = gains.now
    if aim.generation:
        suggestions, together = suggest(graph, verdicts, gains)
        suggestions += elsewhere(graph, flow, counts, aim, gains.now)
    device = {place: block.device for block in blocks for place in block.layers}
    return Placement(
        board=board,
        tensorrt=written(aim.tensorrt),
        precision=precision,
        cores=aim.cores,
        layers=tuple(
            Layer(node.name, node.op, verdict.answer, verdict.reason, count, device[place])
            for place, (node, verdict, count) in enumerate(zip(graph.nodes, verdicts, counts))
        ),
        blocks=tuple(
            PlacedBlock(
                block.device,
                tuple(graph.nodes[place].name for place in block.layers),
                sum(counts[place] for place in block.layers),
                len(block.loadables),
            )
            for block in blocks
        ),
        switches=gains.now.switches,
        dla_share=gains.now.dla_share,
        if_maybe=outcome(flow.blocks([v.answer in (YES, MAYBE) for v in verdicts]), counts),
        with_suggestions=together,
        suggestions=tuple(suggestions),
        warnings=tuple(warnings(graph, aim, verdicts, [b for b in blocks if b.device == DLA], network.symbolic)),
        folded=folded,
    )


def judged(graph: Graph, aim: Target) -> Sequence[Verdict]:
    judge = Judge(aim)
    return [judge.verdict(graph, node) for node in graph.nodes]


def _plain(result: Outcome) -> Dict[str, Any]:
    return {"switches": result.switches, "dla_share": round(result.dla_share, 6)}
