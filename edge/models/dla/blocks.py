"""Which runs of layers go where, and how often the network changes between GPU and DLA.

Each device computes all that it can before the other takes over, which is the fewest changes that verdicts allow.
"""

from __future__ import annotations

import heapq
from typing import Dict, List, NamedTuple, Sequence, Tuple

from edge.errors import ModelError
from edge.models.dla.graph import Graph

DLA, GPU = "DLA", "GPU"


class Block(NamedTuple):
    """``layers``: places in the graph. ``loadables``: of those a DLA's parts that hang together, each one subgraph."""

    device: str
    layers: Tuple[int, ...]
    loadables: Tuple[Tuple[int, ...], ...]


class Flow:
    """What must be computed before what."""

    def __init__(self, graph: Graph) -> None:
        producers = graph.producers()
        self.before: List[List[int]] = [
            sorted({producers[name] for name in node.inputs if name in producers}) for node in graph.nodes
        ]
        self.after: List[List[int]] = [[] for _ in graph.nodes]
        for place, needed in enumerate(self.before):
            for earlier in needed:
                self.after[earlier].append(place)

    def blocks(self, on_dla: Sequence[bool]) -> List[Block]:
        """Alternating blocks. Raises ModelError for a network that runs in a circle."""
        if not on_dla:
            return []
        best = min((self._run(on_dla, start) for start in (on_dla[0], not on_dla[0])), key=len)
        return [
            Block(DLA if dla else GPU, tuple(sorted(layers)), self._parts(layers) if dla else ())
            for dla, layers in best
        ]

    def _run(self, on_dla: Sequence[bool], dla: bool) -> List[Tuple[bool, List[int]]]:
        waiting = [len(needed) for needed in self.before]
        ready: Dict[bool, List[int]] = {True: [], False: []}
        for place, count in enumerate(waiting):
            if not count:
                ready[on_dla[place]].append(place)
        runs: List[Tuple[bool, List[int]]] = []
        done = 0
        while ready[True] or ready[False]:
            run: List[int] = []
            while ready[dla]:
                place = heapq.heappop(ready[dla])
                run.append(place)
                for later in self.after[place]:
                    waiting[later] -= 1
                    if not waiting[later]:
                        heapq.heappush(ready[on_dla[later]], later)
            if run:
                runs.append((dla, run))
                done += len(run)
            dla = not dla
        if done < len(waiting):
            raise ModelError("the network runs in a circle: a layer needs its own result")
        return runs

    def _parts(self, layers: Sequence[int]) -> Tuple[Tuple[int, ...], ...]:
        """The layers in groups that hang together."""
        leader = {place: place for place in layers}

        def find(place: int) -> int:
            while leader[place] != place:
                leader[place] = leader[leader[place]]
                place = leader[place]
            return place

        for place in layers:
            for earlier in self.before[place]:
                if earlier in leader:
                    leader[find(place)] = find(earlier)
        parts: Dict[int, List[int]] = {}
        for place in sorted(layers):
            parts.setdefault(find(place), []).append(place)
        return tuple(tuple(part) for part in parts.values())
