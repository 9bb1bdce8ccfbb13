"""What a layer of constants computes, for the operators that exporters make shapes with.

A result that is not worth having (large, or of an operator that is not here) is None: constant all the same.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np

from edge.models.dla.graph import Malformed, Node

#: Numbers of a tensor worth keeping: shapes and parameters have a few, weights many.
KEPT = 4096

_Values = Sequence[np.ndarray]
# TensorProto.DataType, those that shapes and parameters have.
_CASTS: Dict[int, Any] = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float16,
    11: np.float64,
}


def evaluate(node: Node, inputs: Sequence[Optional[np.ndarray]], limit: int = KEPT) -> Optional[List[np.ndarray]]:
    """The outputs; None where they cannot be told here. ``inputs``: None for an optional one that is not given."""
    compute = _COMPUTE.get(node.op)
    if compute is None:
        return None
    values = [value if value is not None else np.zeros(0, np.int64) for value in inputs]
    try:
        with np.errstate(all="ignore"):
            result = compute(node, values)
    except (Malformed, ValueError, IndexError, TypeError, KeyError, MemoryError, OverflowError, ZeroDivisionError):
        return None
    outputs = [np.asarray(part) for part in (result if isinstance(result, list) else [result])]
    return outputs if all(part.size <= limit for part in outputs) else None


def _axes(node: Node, values: _Values, index: int) -> List[int]:
    """An attribute before opset 13, an input since."""
    if index < len(values) and values[index].size:
        return [int(axis) for axis in values[index].reshape(-1)]
    return list(node.integers("axes", ()))


def _unsqueeze(node: Node, values: _Values) -> np.ndarray:
    axes = _axes(node, values, 1)
    rank = values[0].ndim + len(axes)
    return np.expand_dims(values[0], tuple(axis % rank for axis in axes))


def _squeeze(node: Node, values: _Values) -> np.ndarray:
    axes = _axes(node, values, 1)
    return np.squeeze(values[0], tuple(axes) if axes else None)


def _reshape(node: Node, values: _Values) -> np.ndarray:
    wanted = [int(length) for length in values[1].reshape(-1)] if len(values) > 1 else list(node.integers("shape", ()))
    if not node.integer("allowzero", 0):
        wanted = [values[0].shape[axis] if length == 0 else length for axis, length in enumerate(wanted)]
    return values[0].reshape(wanted)


def _flatten(node: Node, values: _Values) -> np.ndarray:
    axis = node.integer("axis", 1) % (values[0].ndim + 1)
    return values[0].reshape(int(np.prod(values[0].shape[:axis])), -1)


def _slice(node: Node, values: _Values) -> np.ndarray:
    if len(values) > 1:
        starts, ends = (value.reshape(-1).tolist() for value in values[1:3])
        axes = values[3].reshape(-1).tolist() if len(values) > 3 and values[3].size else list(range(len(starts)))
        steps = values[4].reshape(-1).tolist() if len(values) > 4 and values[4].size else [1] * len(starts)
    else:
        starts, ends = list(node.integers("starts", ())), list(node.integers("ends", ()))
        axes, steps = list(node.integers("axes", range(len(starts)))), [1] * len(starts)
    cut = [slice(None)] * values[0].ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        beginning = step < 0 and end < -values[0].shape[axis]
        cut[axis] = slice(start, None if beginning else end, step)
    return values[0][tuple(cut)]


def _split(node: Node, values: _Values) -> List[np.ndarray]:
    axis = node.integer("axis", 0)
    given = values[1].reshape(-1).tolist() if len(values) > 1 and values[1].size else list(node.integers("split", ()))
    if not given:
        length, parts = values[0].shape[axis], len(node.outputs)
        size = -(-length // parts)
        given = [size] * (parts - 1) + [length - size * (parts - 1)]
    return np.split(values[0], np.cumsum(given)[:-1].tolist(), axis)


def _divide(node: Node, values: _Values) -> np.ndarray:
    if values[0].dtype.kind in "iu":  # ONNX cuts towards zero
        return np.trunc(values[0] / values[1]).astype(values[0].dtype)
    return np.asarray(values[0] / values[1])


def _bounded(shape: np.ndarray) -> List[int]:
    lengths = [int(length) for length in shape.reshape(-1)]
    if int(np.prod([float(length) for length in lengths])) > KEPT:
        raise Malformed("large")
    return lengths


def _filled(node: Node, values: _Values) -> np.ndarray:
    value = node.attributes.get("value")
    filling = value.reshape(-1)[0] if isinstance(value, np.ndarray) and value.size else np.float32(0)
    return np.full(_bounded(values[0]), filling)


def _expand(node: Node, values: _Values) -> np.ndarray:
    lengths = _bounded(values[1])
    return values[0] * np.ones(lengths, values[0].dtype)


def _range(node: Node, values: _Values) -> np.ndarray:
    start, end, step = (value.reshape(-1)[0] for value in values)
    _bounded(np.asarray([max(0, (end - start) / step)]))
    return np.arange(start, end, step)


def _product(node: Node, values: _Values) -> np.ndarray:
    axes = _axes(node, values, 1)
    return np.asarray(np.prod(values[0], axis=tuple(axes) or None, keepdims=bool(node.integer("keepdims", 1))))


def _transpose(node: Node, values: _Values) -> np.ndarray:
    return np.transpose(values[0], node.integers("perm", range(values[0].ndim)[::-1]))


def _of(function: Callable[..., Any]) -> Callable[[Node, _Values], Any]:
    """An operator that needs its inputs alone."""
    return lambda node, values: function(*values)


_COMPUTE: Dict[str, Callable[[Node, _Values], Any]] = {
    "Identity": lambda node, values: values[0],
    "Cast": lambda node, values: values[0].astype(_CASTS[node.integer("to", 0)]),
    "Gather": lambda node, values: np.take(values[0], values[1].astype(np.int64), axis=node.integer("axis", 0)),
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Concat": lambda node, values: np.concatenate(list(values), axis=node.integer("axis", 0)),
    "Slice": _slice,
    "Split": _split,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Range": _range,
    "ReduceProd": _product,
    "Add": _of(np.add),
    "Sub": _of(np.subtract),
    "Mul": _of(np.multiply),
    "Div": _divide,
    "Max": _of(np.maximum),
    "Min": _of(np.minimum),
    "Pow": _of(np.power),
    "Neg": _of(np.negative),
    "Floor": _of(np.floor),
    "Ceil": _of(np.ceil),
    "Round": _of(np.round),
    "Sqrt": _of(np.sqrt),
    "Exp": _of(np.exp),
    "Equal": _of(np.equal),
    "Less": _of(np.less),
    "Greater": _of(np.greater),
    "Not": _of(np.logical_not),
    "And": _of(np.logical_and),
    "Or": _of(np.logical_or),
    "Where": _of(np.where),
}
