"""From an ONNX file to a graph whose every shape is known, as far as the file lets it be known.

Weights are never looked at: of large ones only the shape is kept, so a large file costs little memory and time.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from edge.errors import ModelError
from edge.models.dla.constants import KEPT, evaluate
from edge.models.dla.graph import Axes, Graph, Malformed, Node, Tensor
from edge.models.dla.inputs import STANDARD, fix, input_names
from edge.models.onnx_header import read_header

#: How often shapes are inferred anew with what the last round found constant. A Resize to another tensor's size takes
#: a round where onnx's own propagation of shapes gives up.
_ROUNDS = 8
# Never constant though their inputs are, or a layer of TensorRT's even where they are.
_KEPT_OPS = ("If", "Loop", "Scan", "QuantizeLinear", "DequantizeLinear")


class Read(NamedTuple):
    """``symbolic``: what was not fixed in the file and was fixed here, in words. ``folded``: layers of constants."""

    graph: Graph
    symbolic: List[str]
    folded: int


def read(path: Path, batch: int = 1, size: Optional[Tuple[int, int]] = None) -> Read:
    """The network with its batch fixed, and where ``size`` (width, height) is given its pictures' size.

    Raises ModelError for what is no ONNX file, and where the package ``onnx`` is missing.
    """
    read_header(path)
    try:
        import onnx
    except ImportError:
        raise ModelError("the package onnx is missing: pip install onnx (or jetson-edge[plan])") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # onnx's own, of odd files: they would go to the terminal
            model = onnx.load(str(path), load_external_data=False)
            if model.functions:
                from onnx import inliner

                model = inliner.inline_local_functions(model)
            return _Reader(onnx, model, path.parent).read(batch, size)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    except Exception as error:  # protobuf, onnx and numpy raise a dozen kinds for a file that is broken somewhere
        what = " ".join(str(error).split())[:160] or type(error).__name__
        raise ModelError(f"{path} cannot be understood as an ONNX network: {what}") from None


class _Reader:
    def __init__(self, onnx: Any, model: Any, folder: Path) -> None:
        self._onnx = onnx
        self._model = model
        self._graph = model.graph
        self._folder = folder
        self._opset = max((entry.version for entry in model.opset_import if entry.domain in STANDARD), default=1)
        self._values: Dict[str, np.ndarray] = {}
        self._types: Dict[str, Tuple[Optional[Axes], str]] = {}
        self._constants: Set[str] = set()

    def read(self, batch: int, size: Optional[Tuple[int, int]]) -> Read:
        symbolic = fix(self._model, batch, size)
        inputs = input_names(self._graph)
        self._take_weights()
        before = len(self._graph.node)
        for _ in range(_ROUNDS):
            inferred = self._infer()
            self._note_types(inferred)
            if not self._fold() or self._all_known():
                break
        nodes = [self._node(node, place) for place, node in enumerate(self._graph.node)]
        nodes = [node for node in nodes if not self._is_constant(node)]
        kept = {name for node in nodes for name in (*node.inputs, *node.outputs)}
        names = kept | inputs | {output.name for output in self._graph.output}
        tensors = {name: self._tensor(name) for name in sorted(names) if name}
        outputs = [output.name for output in self._graph.output]
        graph = Graph(nodes, sorted(inputs), outputs, tensors)
        return Read(graph, symbolic, before - len(nodes))

    def _take_weights(self) -> None:
        for tensor in self._graph.initializer:
            elements = 1
            for length in tensor.dims:
                elements *= max(0, length)
            self._constants.add(tensor.name)
            self._types[tensor.name] = tuple(tensor.dims), self._type(tensor.data_type)
            if elements <= KEPT:
                value = self._value(tensor)
                if value is not None:
                    self._values[tensor.name] = value
                continue
            for field in ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"):
                tensor.ClearField(field)

    def _value(self, tensor: Any) -> Optional[np.ndarray]:
        """A small tensor's numbers; None where they lie in a file that is not there, or are broken."""
        if tensor.data_location == self._onnx.TensorProto.EXTERNAL:
            where = {entry.key: entry.value for entry in tensor.external_data}
            if not os.path.isfile(self._folder / where.get("location", "")):
                return None
        try:
            return np.asarray(self._onnx.numpy_helper.to_array(tensor, base_dir=str(self._folder)))
        except Exception:  # as many kinds as there are ways to be broken
            return None

    def _infer(self) -> Any:
        infer = self._onnx.shape_inference.infer_shapes
        try:
            return infer(self._model, data_prop=True).graph
        except Exception:
            return infer(self._model).graph

    def _note_types(self, inferred: Any) -> None:
        for infos in (inferred.input, inferred.value_info, inferred.output):
            for info in infos:
                kind = info.type.tensor_type
                axes: Optional[Axes] = None
                if kind.HasField("shape"):
                    axes = tuple(a.dim_value if a.HasField("dim_value") else None for a in kind.shape.dim)
                if info.name not in self._constants:
                    self._types[info.name] = axes, self._type(kind.elem_type)

    def _type(self, number: int) -> str:
        try:
            return str(self._onnx.TensorProto.DataType.Name(number)).lower() if number else ""
        except ValueError:
            return ""

    def _all_known(self) -> bool:
        names = (name for node in self._graph.node for name in node.output if name)
        return all(name in self._constants or self._tensor(name).shape is not None for name in names)

    def _fold(self) -> bool:
        """Take out the layers whose outputs' values are known; whether there were any."""
        kept, values = [], {}
        for place, message in enumerate(self._graph.node):
            node = self._node(message, place)
            results = self._computed(node)
            if results is None:
                kept.append(message)
                continue
            for name, value in zip(node.outputs, results):
                if name:
                    self._constants.add(name)
                    self._values[name] = values[name] = value
                    self._types[name] = tuple(value.shape), str(value.dtype)
        found = len(kept) < len(self._graph.node)
        if found:
            del self._graph.node[:]
            self._graph.node.extend(kept)
            self._graph.initializer.extend(self._onnx.numpy_helper.from_array(v, n) for n, v in values.items())
        return found

    def _computed(self, node: Node) -> Optional[List[np.ndarray]]:
        """What a layer of constants computes; None for another layer, or where it cannot be told."""
        if node.op == "Constant":
            return _constant(node)
        if node.op in ("Shape", "Size") and node.inputs:
            shape = self._tensor(node.inputs[0]).shape
            return None if shape is None else [_shape_of(node, shape)]
        if not self._of_constants(node):
            return None
        self._constants.update(name for name in node.outputs if name)
        inputs = [self._values.get(name) if name else None for name in node.inputs]
        if any(value is None and name for value, name in zip(inputs, node.inputs)):
            return None
        results = evaluate(node, inputs)
        return results if results is not None and len(results) == len(node.outputs) else None

    def _of_constants(self, node: Node) -> bool:
        given = [name for name in node.inputs if name]
        if node.op == "DequantizeLinear" and given and given[0] in self._constants:
            self._constants.update(node.outputs)  # a weight, though the layer stays
        return bool(given) and node.op not in _KEPT_OPS and all(name in self._constants for name in given)

    def _is_constant(self, node: Node) -> bool:
        outputs = [name for name in node.outputs if name]
        return node.op not in _KEPT_OPS and bool(outputs) and all(name in self._constants for name in outputs)

    def _tensor(self, name: str) -> Tensor:
        axes, kind = self._types.get(name, (None, ""))
        return Tensor(name, axes, kind, name in self._constants, self._values.get(name))

    def _node(self, message: Any, place: int) -> Node:
        name = message.name
        if not name:  # as TensorRT's parser calls it
            name = f"node_of_{message.output[0]}" if message.output else f"{message.op_type}_{place}"
        standard = message.domain in STANDARD
        attributes = {attribute.name: self._attribute(attribute) for attribute in message.attribute}
        op = message.op_type if standard else f"{message.domain}.{message.op_type}"
        return Node(name, op, list(message.input), list(message.output), attributes, self._opset)

    def _attribute(self, attribute: Any) -> Any:
        value = self._onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, self._onnx.TensorProto):
            return self._value(value)
        return list(value) if not isinstance(value, (int, float, str)) and hasattr(value, "__iter__") else value


def _constant(node: Node) -> Optional[List[np.ndarray]]:
    for value in node.attributes.values():
        if value is not None and not isinstance(value, str):
            return [np.asarray(value, np.float32 if isinstance(value, float) else None)]
    return None


def _shape_of(node: Node, shape: Tuple[int, ...]) -> np.ndarray:
    if node.op == "Size":
        return np.asarray(int(np.prod(shape)), np.int64)
    try:
        start, end = node.integer("start", 0), node.integer("end", len(shape))
    except Malformed:
        start, end = 0, len(shape)
    return np.asarray(shape[start:end], np.int64)
