"""A layer's verdict: the bounds that hold for every layer, then its own rule."""

from __future__ import annotations

from typing import Dict, List, Optional

from edge.models.dla.boards import FIRST_AFTER_PAUSE, Target, written
from edge.models.dla.graph import Graph, Malformed, Node, Tensor, by
from edge.models.dla.rules import MOST_BATCH, MOST_LENGTH, MOST_TENSOR, OLDEST, RULES
from edge.models.dla.verdict import NO, Question, Rule, Verdict, maybe, no

_COMPARISONS = ("Equal", "Greater", "Less")
_COMPUTED = ("", "float", "float16", "float32", "double")


class Judge:
    """The rules that hold for one target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        asked = target._replace(tensorrt=max(target.tensorrt, OLDEST))
        self._rules: Dict[str, Rule] = {}
        for rule in RULES:
            for op in rule.ops if rule.holds(asked) else ():
                self._rules.setdefault(op, rule)

    def verdict(self, graph: Graph, node: Node) -> Verdict:
        if not self._target.generation:
            return no(self._target.why)
        rule = self._rules.get(node.op)
        if rule is None:
            return no(f"{node.op} is not among the layers that a DLA takes")
        bounds = self._out_of_bounds(graph, node)
        try:
            found = rule.check(Question(graph, node, self._target, rule.limits, rule.only))
        except (Malformed, IndexError) as error:
            found = no(bounds or str(error))
        if bounds and found.answer != NO:
            return no(bounds)
        if found.answer != NO and self._target.tensorrt >= FIRST_AFTER_PAUSE:
            return maybe(f"{found.reason}; the rules of TensorRT {written(self._target.tensorrt)} are not known here")
        return found

    def layer(self, node: Node) -> str:
        """TensorRT's kind of layer; empty for what a DLA has none of."""
        rule = self._rules.get(node.op)
        return rule.layer if rule else ""

    def _out_of_bounds(self, graph: Graph, node: Node) -> Optional[str]:
        results = [graph.tensor(name) for name in node.outputs if name]
        if node.op in _COMPARISONS:  # a DLA makes FP16 or INT8 of them, where a Cast to that follows
            results = [tensor._replace(type="") for tensor in results]
        for tensor in (*graph.activations(node), *results):
            wrong = _wrong(tensor, self._target.bytes)
            if wrong:
                return f"{tensor.name[:60]}: {wrong}"
        return None


def _wrong(tensor: Tensor, number_bytes: int) -> Optional[str]:
    if tensor.type not in _COMPUTED:
        return f"{tensor.type}, where a DLA has FP16 and INT8"
    if tensor.shape is None:
        return f"its shape is not fixed ({tensor})"
    # The batch is what stands in front of channels, height and width: NVIDIA's note on tensors of more dimensions.
    batch = 1
    for length in tensor.shape[:-3] or tensor.shape[:1]:
        batch *= length
    if batch > MOST_BATCH:
        return f"a batch of {batch} is more than {MOST_BATCH}"
    if any(length > MOST_LENGTH for length in _inner(tensor)):
        return f"a dimension of {by(tensor.shape)} is more than {MOST_LENGTH}"
    if tensor.elements * number_bytes >= MOST_TENSOR:
        return f"{by(tensor.shape)} takes 1 GB or more"
    return None


def _inner(tensor: Tensor) -> List[int]:
    shape = tensor.shape or ()
    return list(shape[-3:]) if len(shape) > 3 else list(shape[1:])
