"""A network as the planner sees it: layers, and what is known of the tensors between them."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

Shape = Tuple[int, ...]
#: None for an axis whose length is not known.
Axes = Tuple[Optional[int], ...]


class Malformed(Exception):
    """A layer's attribute or input is not what its operator takes."""


class Tensor(NamedTuple):
    """``value``: of a constant, where it was small enough to be kept. ``type``: as numpy calls it, or empty."""

    name: str
    axes: Optional[Axes] = None
    type: str = ""
    constant: bool = False
    value: Optional[np.ndarray] = None

    @property
    def shape(self) -> Optional[Shape]:
        """The lengths, where all of them are known."""
        if self.axes is None or None in self.axes:
            return None
        return tuple(length for length in self.axes if length is not None)

    @property
    def elements(self) -> int:
        count = 1
        for length in self.shape or (0,):
            count *= length
        return count

    def __str__(self) -> str:
        return "of unknown shape" if self.axes is None else by("?" if a is None else a for a in self.axes)


class Node(NamedTuple):
    """``inputs``: an empty name where an optional one is not given."""

    name: str
    op: str
    inputs: List[str]
    outputs: List[str]
    attributes: Dict[str, Any]
    opset: int = 0

    def integer(self, name: str, default: int) -> int:
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise Malformed(f"{name} is no whole number")
        return value

    def number(self, name: str, default: float) -> float:
        value = self.attributes.get(name, default)
        if not isinstance(value, (int, float)):
            raise Malformed(f"{name} is no number")
        return float(value)

    def text(self, name: str, default: str) -> str:
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            raise Malformed(f"{name} is no text")
        return value

    def integers(self, name: str, default: Sequence[int], length: Optional[int] = None) -> Shape:
        """A list of whole numbers, as many as ``length`` where that is given."""
        value = self.attributes.get(name)
        if value is None:
            return tuple(default)
        if not isinstance(value, list) or not all(isinstance(item, int) for item in value):
            raise Malformed(f"{name} is no list of whole numbers")
        if length is not None and len(value) != length:
            raise Malformed(f"{name} has {len(value)} numbers where {length} are needed")
        return tuple(value)


class Graph:
    """``nodes`` in an order in which they can be run."""

    def __init__(self, nodes: List[Node], inputs: List[str], outputs: List[str], tensors: Dict[str, Tensor]) -> None:
        self.nodes = nodes
        self.inputs = inputs
        self.outputs = outputs
        self.tensors = tensors

    def tensor(self, name: str) -> Tensor:
        return self.tensors.get(name) or Tensor(name)

    def input(self, node: Node, index: int) -> Tensor:
        """Raises Malformed where the node has no such input."""
        if index >= len(node.inputs) or not node.inputs[index]:
            raise Malformed(f"input {index} is missing")
        return self.tensor(node.inputs[index])

    def given(self, node: Node, index: int) -> bool:
        return index < len(node.inputs) and bool(node.inputs[index])

    def output(self, node: Node) -> Tensor:
        if not node.outputs:
            raise Malformed("it has no output")
        return self.tensor(node.outputs[0])

    def activations(self, node: Node) -> List[Tensor]:
        """The inputs that are computed as the network runs."""
        return [t for t in (self.tensor(name) for name in node.inputs if name) if not t.constant]

    def constants(self, node: Node) -> List[Tensor]:
        return [t for t in (self.tensor(name) for name in node.inputs if name) if t.constant]

    def numbers(self, node: Node, index: int) -> List[float]:
        """The values of a constant input. Raises Malformed where it is none, or its values are not known."""
        tensor = self.input(node, index)
        if tensor.value is None:
            raise Malformed(f"input {index} ({tensor.name}) is not constant")
        return [float(value) for value in np.asarray(tensor.value).reshape(-1)]

    def producers(self) -> Dict[str, int]:
        """The place in ``nodes`` of what computes each tensor."""
        return {name: place for place, node in enumerate(self.nodes) for name in node.outputs if name}

    def consumers(self) -> Dict[str, List[int]]:
        found: Dict[str, List[int]] = {}
        for place, node in enumerate(self.nodes):
            for name in dict.fromkeys(node.inputs):
                if name:
                    found.setdefault(name, []).append(place)
        return found


def by(lengths: Any) -> str:
    """``3x3``."""
    return "x".join(str(length) for length in lengths)
