"""Fixing what an ONNX file leaves open, so that all shapes can be inferred."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set, Tuple

from edge.errors import ModelError

#: Domains of ONNX's own operators.
STANDARD = ("", "ai.onnx")
# Attributes that shape inference divides by: at 0 some releases of onnx end the whole process (seen with 1.16).
_INT, _INTS = 2, 7  # AttributeProto.AttributeType
_DIVISORS = ("strides", "blocksize", "num_outputs", "group", "dilations", "kernel_shape")


def input_names(graph: Any) -> Set[str]:
    """The inputs, less those that only have a weight's default."""
    return {tensor.name for tensor in graph.input} - {tensor.name for tensor in graph.initializer}


def fix(model: Any, batch: int, size: Optional[Tuple[int, int]]) -> List[str]:
    """Give the open axes of a ModelProto's inputs their lengths, in place; which those are, in words.

    ``size``: width and height of the picture. What the file says of other tensors in terms of open axes is forgotten,
    since inference would believe it. Raises ModelError for attributes that inference would not survive.
    """
    _refuse_zeros(model.graph)
    told = _fix_inputs(model.graph, batch, size)
    _import_domains(model)
    for infos in (model.graph.value_info, model.graph.output):
        _forget_open(infos)
    return told


def _fix_inputs(graph: Any, batch: int, size: Optional[Tuple[int, int]]) -> List[str]:
    told: List[str] = []
    wanted = input_names(graph)
    for tensor in graph.input:
        if tensor.name not in wanted or not tensor.type.tensor_type.HasField("shape"):
            continue
        axes = tensor.type.tensor_type.shape.dim
        for place, (word, length) in _lengths(axes, batch, size).items():
            if not _known(axes[place]):
                axes[place].Clear()
                axes[place].dim_value = length
                told.append(word)
    return list(dict.fromkeys(told))


def _lengths(axes: Any, batch: int, size: Optional[Tuple[int, int]]) -> Dict[int, Tuple[str, int]]:
    """What the axes are to be where they are open, by place: a word and a length."""
    found = {0: ("batch", batch)} if len(axes) else {}
    if size is not None and len(axes) == 4:
        channels_last = axes[3].dim_value in (1, 3) and axes[1].dim_value not in (1, 3)
        height, width = (1, 2) if channels_last else (2, 3)
        found.update({height: ("height", size[1]), width: ("width", size[0])})
    return found


def _known(axis: Any) -> bool:
    return bool(axis.HasField("dim_value") and axis.dim_value > 0)


def _refuse_zeros(graph: Any) -> None:
    for node in graph.node:
        for attribute in node.attribute:
            values = {_INT: [attribute.i], _INTS: attribute.ints}.get(attribute.type, ())
            if attribute.name in _DIVISORS and any(value < 1 for value in values):
                raise ModelError(f"layer {node.name!r} ({node.op_type}) has {attribute.name} of 0 or less")


def _forget_open(infos: Any) -> None:
    for info in infos:
        kind = info.type.tensor_type
        if kind.HasField("shape") and not all(_known(axis) for axis in kind.shape.dim):
            kind.ClearField("shape")


def _import_domains(model: Any) -> None:
    """Plugins often stand in a domain that the file does not declare, for which inference refuses all of it."""
    known = {entry.domain for entry in model.opset_import}
    for domain in sorted({node.domain for node in model.graph.node} - known - set(STANDARD)):
        model.opset_import.add(domain=domain, version=1)
