"""What another TensorRT of the same board, or INT8 in place of FP16, would change."""

from __future__ import annotations

from typing import List, Sequence

from edge.models.dla.blocks import Flow
from edge.models.dla.boards import Target, jetpacks, target, written
from edge.models.dla.graph import Graph
from edge.models.dla.judge import Judge
from edge.models.dla.suggest import Outcome, Suggestion, outcome
from edge.models.dla.verdict import YES


def elsewhere(graph: Graph, flow: Flow, macs: Sequence[int], aim: Target, now: Outcome) -> List[Suggestion]:
    """Those that better ``now``."""
    others = [
        (f"TensorRT {written(version)} (JetPack {name})", target(aim.board, version, aim.precision), True)
        for name, version in jetpacks(aim.board)[::-1]
        if version > aim.tensorrt
    ][:1]
    if aim.precision == "fp16":
        others.append(("INT8", target(aim.board, aim.tensorrt, "int8"), False))
    found = []
    for change, other, exact in others:
        judge = Judge(other)
        verdicts = [judge.verdict(graph, node) for node in graph.nodes]
        then = outcome(flow.blocks([verdict.answer == YES for verdict in verdicts]), macs)
        if then.switches < now.switches or then.dla_share > now.dla_share:
            found.append(Suggestion(change, (), exact, then))
    return found
