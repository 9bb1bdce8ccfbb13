"""The network a parser fills: tensors and layers as the builder is given them. Layers cannot be added by hand."""

from typing import Any, Dict, List, Optional, Tuple

from simulated_gpu import board

from .base import Dims, Native, Value
from .enums import DataType, LayerType, TensorFormat, TensorLocation
from .graph import Graph, Layer, layer_type, with_shapes


class ITensor(Native):
    def __init__(self, name: str, shape: Tuple[int, ...], kind: str, role: str = "") -> None:
        super().__init__()
        self._name, self._shape, self._role = name, tuple(shape), role
        self._dtype = DataType.__members__[kind]
        self._range: Optional[Tuple[float, float]] = None
        self._network: Any = None
        self._formats = (1 << len(TensorFormat.__members__)) - 1

    name = Value("", str)
    broadcast_across_batch = Value(False, bool)
    location = Value(TensorLocation.DEVICE)
    is_shape_tensor = Value(False, fixed=True)
    is_execution_tensor = Value(True, fixed=True)

    @property
    def shape(self) -> Any:
        return Dims(self._shape)

    @shape.setter
    def shape(self, value: Any) -> None:
        self._shape = tuple(value)
        if self._network is not None and self._role == "input":
            self._network._settle(self)

    @property
    def dtype(self) -> Any:
        return self._dtype

    @dtype.setter
    def dtype(self, value: Any) -> None:
        self._dtype = value

    @property
    def allowed_formats(self) -> int:
        return self._formats

    @allowed_formats.setter
    def allowed_formats(self, mask: int) -> None:
        self._formats = mask

    @property
    def is_network_input(self) -> bool:
        return self._role == "input"

    @property
    def is_network_output(self) -> bool:
        return self._role == "output"

    @property
    def dynamic_range(self) -> Optional[Tuple[float, float]]:
        return self._range

    @dynamic_range.setter
    def dynamic_range(self, given: Tuple[float, float]) -> None:
        self.set_dynamic_range(*given)

    def set_dynamic_range(self, min: float, max: float) -> bool:
        self._range = (float(min), float(max))
        return True

    def reset_dynamic_range(self) -> None:
        self._range = None

    def set_dimension_name(self, index: int, name: str) -> None:
        pass

    def get_dimension_name(self, index: int) -> Optional[str]:
        return None


class ILayer(Native):
    metadata = Value("", str)
    num_ranks = Value(1)

    def __init__(self, network: "INetworkDefinition", layer: Layer) -> None:
        super().__init__()
        self._network, self._layer = network, layer
        self._name = layer.name
        self._precision: Any = None
        self._output_types: Dict[int, Any] = {}
        # Weights are no inputs: they belong to the layer.
        graph = network._graph
        kept = [name for name in layer.inputs if name and not graph.is_constant(name)]
        self._inputs = kept or list(layer.inputs[:1])

    name = Value("", str)

    @property
    def type(self) -> Any:
        word = layer_type(self._layer.op) or "PLUGIN_V2"
        return LayerType.__members__[word]

    @property
    def num_inputs(self) -> int:
        return len(self._inputs)

    @property
    def num_outputs(self) -> int:
        return len(self._layer.outputs)

    def get_input(self, index: int) -> Optional[ITensor]:
        return self._network._tensor(self._inputs[index]) if 0 <= index < len(self._inputs) else None

    def get_output(self, index: int) -> Optional[ITensor]:
        outputs = self._layer.outputs
        return self._network._tensor(outputs[index]) if 0 <= index < len(outputs) else None

    @property
    def precision(self) -> Any:
        return DataType.FLOAT if self._precision is None else self._precision

    @precision.setter
    def precision(self, value: Any) -> None:
        if not isinstance(value, DataType):
            raise TypeError("precision: incompatible function arguments")
        self._precision = value

    @property
    def precision_is_set(self) -> bool:
        return self._precision is not None

    def reset_precision(self) -> None:
        self._precision = None

    def set_output_type(self, index: int, dtype: Any) -> None:
        self._output_types[index] = dtype

    def get_output_type(self, index: int) -> Any:
        found = self.get_output(index)
        return self._output_types.get(index, found.dtype if found is not None else DataType.FLOAT)

    def output_type_is_set(self, index: int) -> bool:
        return index in self._output_types

    def reset_output_type(self, index: int) -> None:
        self._output_types.pop(index, None)


class INetworkDefinition(Native):
    name = Value("Unnamed Network 0", str)
    error_recorder = Value()
    has_explicit_precision = Value(False, fixed=True)

    def __init__(self, builder: Any, flags: int) -> None:
        super().__init__()
        self._builder, self._flags = builder, flags
        self._graph: Any = None
        self._data = b""
        self._tensors: Dict[str, ITensor] = {}
        self._layers: List[ILayer] = []
        self._input_tensors: List[ITensor] = []
        self._output_tensors: List[ITensor] = []

    def _fill(self, graph: Graph, data: bytes) -> None:
        """What the parser found."""
        self._graph, self._data = graph, data
        self._layers = [ILayer(self, layer) for layer in graph.layers]
        self._input_tensors = [self._tensor(t.name) for t in graph.inputs]
        self._output_tensors = [self._tensor(t.name) for t in graph.outputs]

    def _tensor(self, name: str) -> ITensor:
        if name not in self._tensors:
            known = self._graph.tensors.get(name)
            ends = [(self._graph.inputs, "input"), (self._graph.outputs, "output")]
            role = next((word for ends_, word in ends if any(t.name == name for t in ends_)), "")
            shape, kind = (known.shape, known.kind) if known is not None else (self._graph.shape(name), "FLOAT")
            if kind not in DataType.__members__:
                kind = "FLOAT"
            self._tensors[name] = ITensor(name, shape, kind, role)
            self._tensors[name]._network = self
        return self._tensors[name]

    def _settle(self, given: ITensor) -> None:
        """An input has another shape: so have the tensors behind it."""
        self._graph = with_shapes(self._graph.model, {given._name: given._shape})
        for tensor in self._tensors.values():
            known = self._graph.tensors.get(tensor._name)
            if known is not None and tensor is not given:
                tensor._shape = known.shape

    num_layers = property(lambda self: len(self._layers))
    num_inputs = property(lambda self: len(self._input_tensors))
    num_outputs = property(lambda self: len(self._output_tensors))
    has_implicit_batch_dimension = property(lambda self: board.VERSION < (10,) and not self._flags & 1)
    flags = property(lambda self: self._flags)
    builder = property(lambda self: self._builder)

    def get_flag(self, flag: Any) -> bool:
        return bool(self._flags >> int(flag) & 1)

    def get_layer(self, index: int) -> Optional[ILayer]:
        return self._layers[index] if 0 <= index < len(self._layers) else None

    def get_input(self, index: int) -> Optional[ITensor]:
        return self._input_tensors[index] if 0 <= index < len(self._input_tensors) else None

    def get_output(self, index: int) -> Optional[ITensor]:
        return self._output_tensors[index] if 0 <= index < len(self._output_tensors) else None

    def unmark_output(self, tensor: ITensor) -> None:
        self._output_tensors = [t for t in self._output_tensors if t is not tensor]
        tensor._role = ""

    def mark_output(self, tensor: ITensor) -> None:
        if tensor not in self._output_tensors:
            self._output_tensors.append(tensor)
            tensor._role = "output"

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, index: int) -> ILayer:
        found = self.get_layer(index if index >= 0 else index + len(self))
        if found is None:
            raise IndexError("Out of bounds")
        return found
