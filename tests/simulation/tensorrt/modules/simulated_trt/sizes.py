"""How much memory a network wants."""

from typing import Any

import numpy as np

from .graph import DTYPES, Graph


def array_bytes(tensor: Any) -> int:
    return int(np.prod(tensor.dims or [1])) * 4


def activation_bytes(graph: Graph) -> int:
    """Room for the two largest tensors between layers."""
    sizes = sorted(
        int(np.prod([abs(side) for side in t.shape] or [1])) * np.dtype(DTYPES[t.kind]).itemsize
        for t in graph.tensors.values()
    )
    return int(sum(sizes[-2:]))
