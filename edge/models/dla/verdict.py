"""What the rules say of a layer, and what they are asked with."""

from __future__ import annotations

from typing import Callable, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from edge.models.dla.boards import ORIN, XAVIER, Target, Version
from edge.models.dla.graph import Graph, Malformed, Node, Shape, by

YES, NO, MAYBE = "yes", "no", "maybe"
Limits = Mapping[str, Tuple[int, ...]]
_NO_LIMITS: Dict[str, Tuple[int, ...]] = {}
BOTH = (XAVIER, ORIN)


class Verdict(NamedTuple):
    answer: str
    reason: str


def yes(reason: str) -> Verdict:
    return Verdict(YES, reason)


def no(reason: str) -> Verdict:
    return Verdict(NO, reason)


def maybe(reason: str) -> Verdict:
    return Verdict(MAYBE, reason)


class Question(NamedTuple):
    """One layer, for one target, under one rule's limits and conditions."""

    graph: Graph
    node: Node
    target: Target
    limits: Limits
    only: Tuple[str, ...] = ()

    def outside(self, limit: str, values: Sequence[int], what: str = "") -> Optional[str]:
        """What to say where a value is not within the rule's limit of that name."""
        low, high = self.limits[limit][:2]
        if all(low <= value <= high for value in values):
            return None
        return f"{what or limit} {by(values)} is outside {low} to {high}"

    def shape(self, index: int = 0) -> Shape:
        """Of an input. Raises Malformed where it is not known."""
        shape = self.graph.input(self.node, index).shape
        if shape is None:
            raise Malformed(f"the shape of input {index} is not known")
        return shape

    def result(self) -> Shape:
        shape = self.graph.output(self.node).shape
        if shape is None:
            raise Malformed("the output's shape is not known")
        return shape


Check = Callable[[Question], Verdict]


class Rule(NamedTuple):
    """One row of the list, or the half of a row that holds for some releases or for one generation.

    ``layer``: TensorRT's. ``ops``: ONNX operators that become it. It holds from TensorRT ``since`` until before
    ``before``, on the DLAs of ``dla``. ``limits``: least and most, by what is limited. ``only``: conditions that other
    releases or the other generation do not make, which ``check`` knows by name.
    """

    layer: str
    ops: Tuple[str, ...]
    check: Check
    limits: Limits = _NO_LIMITS
    only: Tuple[str, ...] = ()
    since: Version = (0,)
    before: Version = (99,)
    dla: Tuple[str, ...] = BOTH

    def holds(self, target: Target) -> bool:
        return self.since <= target.tensorrt < self.before and target.generation in self.dla


def never(reason: str) -> Check:
    return lambda question: no(reason)


def perhaps(reason: str) -> Check:
    return lambda question: maybe(reason)
