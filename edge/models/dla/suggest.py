"""Changes of a network that put more of it on the DLA, and what each gains."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Tuple

from edge.models.dla.advice import advice
from edge.models.dla.blocks import DLA, Block, Flow
from edge.models.dla.graph import Graph
from edge.models.dla.patterns import Pattern, patterns
from edge.models.dla.verdict import YES, Verdict

#: So much more of the multiplications on the DLA is worth a change of device.
_WORTH = 0.1


class Outcome(NamedTuple):
    """``dla_share``: of the multiplications, 0 to 1."""

    switches: int
    dla_share: float


class Suggestion(NamedTuple):
    """``layers``: whose they are about; ``exact``: the results stay the same, else the network must be trained on.
    ``outcome``: with this change alone."""

    change: str
    layers: Tuple[str, ...]
    exact: bool
    outcome: Outcome


class Gains:
    """What a placement comes to when layers are put on the DLA."""

    def __init__(self, flow: Flow, macs: Sequence[int], on_dla: Sequence[bool]) -> None:
        self._flow = flow
        self._macs = macs
        self._on_dla = on_dla
        self.now = self.when(())

    def blocks(self, added: Sequence[int] = ()) -> List[Block]:
        where = list(self._on_dla)
        for place in added:
            where[place] = True
        return self._flow.blocks(where)

    def when(self, added: Sequence[int]) -> Outcome:
        return outcome(self.blocks(added), self._macs)


def outcome(blocks: Sequence[Block], macs: Sequence[int]) -> Outcome:
    total = sum(macs)
    there = sum(macs[place] for block in blocks if block.device == DLA for place in block.layers)
    return Outcome(max(0, len(blocks) - 1), there / total if total else 0.0)


def suggest(graph: Graph, verdicts: Sequence[Verdict], gains: Gains) -> Tuple[List[Suggestion], Outcome]:
    """What gains most first; and what all of them together come to."""
    found = patterns(graph, verdicts, gains.blocks()) + _grouped(graph, verdicts)
    found, together = _useful([pattern for pattern in found if not _covered(pattern, found)], gains)
    outcomes = {index: gains.when(pattern.places) for index, pattern in enumerate(found)}
    order = sorted(outcomes, key=lambda index: (outcomes[index].switches, -outcomes[index].dla_share, index))
    suggestions = [
        Suggestion(
            found[index].change,
            tuple(graph.nodes[place].name for place in found[index].places),
            found[index].exact,
            outcomes[index],
        )
        for index in order
    ]
    return suggestions, together


def _useful(found: List[Pattern], gains: Gains) -> Tuple[List[Pattern], Outcome]:
    """Less those without which the rest comes to as much, and that gain nothing alone; what the others come to."""
    kept = list(found)
    best = gains.when(_places(kept))
    for pattern in found[::-1]:
        rest = [other for other in kept if other is not pattern]
        without = gains.when(_places(rest))
        if not _better(best, without):
            kept, best = rest, without
    return [pattern for pattern in found if pattern in kept or _better(gains.when(pattern.places), gains.now)], best


def _places(found: Sequence[Pattern]) -> List[int]:
    return [place for pattern in found for place in pattern.places]


def _better(one: Outcome, other: Outcome) -> bool:
    """Fewer switches, or as many and more on the DLA, or so much more on it that a switch is worth it."""
    if one.dla_share >= other.dla_share + _WORTH:
        return True
    return (one.switches, -one.dla_share) < (other.switches, -other.dla_share)


def _grouped(graph: Graph, verdicts: Sequence[Verdict]) -> List[Pattern]:
    """Advice by layer, the same advice for several as one."""
    groups: Dict[Tuple[str, bool], List[int]] = {}
    for place, (node, verdict) in enumerate(zip(graph.nodes, verdicts)):
        given = advice(graph, node, verdict) if verdict.answer != YES else None
        if given is not None:
            groups.setdefault((given.change, given.exact), []).append(place)
    return [Pattern(change, exact, places) for (change, exact), places in groups.items()]


def _covered(pattern: Pattern, found: Sequence[Pattern]) -> bool:
    """Whether another change makes this one needless: it is about more, these layers among them."""
    places = set(pattern.places)
    return any(other is not pattern and places < set(other.places) for other in found)
