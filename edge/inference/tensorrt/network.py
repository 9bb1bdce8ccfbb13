"""An ONNX file as TensorRT's network, its shapes settled."""

import os
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

from ...errors import BuildFailed, Incompatible
from ..backends.shape import picture_shape
from .api import Api, enum_name, numpy_dtype
from .log import Log, checked

Shape = Tuple[int, ...]

_ERRORS_TOLD = 8
_ERROR_CHARACTERS = 300


class Layer(NamedTuple):
    """A layer as it was parsed; ``handle`` is TensorRT's."""

    name: str
    type: str
    handle: Any


class Network:
    """``handle`` is TensorRT's network. Its parser holds what the network points to: they go together."""

    def __init__(self, api: Api, handle: Any, parser: Any, shape: Shape, opened: bool) -> None:
        self._api = api
        self.handle = handle
        self._parser = parser
        #: The input's shape; its batch is -1 where that is still open.
        self.shape = shape
        #: Whether the file left something of it open.
        self.opened = opened
        self.input: str = handle.get_input(0).name

    def layers(self) -> Iterator[Layer]:
        """In the order of the network."""
        for i in range(self.handle.num_layers):
            layer = self.handle.get_layer(i)
            yield Layer(layer.name, enum_name(layer.type), layer)

    def types(self) -> List[str]:
        """TensorRT's names of the types that the layers compute in and pass on, sorted."""
        found = set()
        for layer in self.layers():
            for i in range(layer.handle.num_outputs):
                found.add(enum_name(layer.handle.get_output(i).dtype))
        return sorted(found)

    @property
    def quantized(self) -> bool:
        """Whether the file itself says where INT8 is used, by Q/DQ nodes."""
        return any(layer.type in ("QUANTIZE", "DEQUANTIZE") for layer in self.layers())

    def tensors(self) -> Tuple[List[Dict[str, Any]], List[Dict[str, Any]]]:
        """Inputs and outputs as they are told to the daemon's side."""
        inputs = [self.handle.get_input(i) for i in range(self.handle.num_inputs)]
        outputs = [self.handle.get_output(i) for i in range(self.handle.num_outputs)]
        return [self._tensor(t) for t in inputs], [self._tensor(t) for t in outputs]

    def _tensor(self, tensor: Any) -> Dict[str, Any]:
        dtype = numpy_dtype(self._api, tensor.dtype)
        return {"name": tensor.name, "shape": [int(n) for n in tensor.shape], "dtype": dtype.name}

    def close(self) -> None:
        """The network may point to what the parser holds: that goes last."""
        self.handle = None
        self._parser = None


def parse(api: Api, log: Log, builder: Any, onnx: str, spec: Dict[str, Any], batch: Dict[str, int]) -> Network:
    """``spec``: model.yaml's section ``input``; ``batch``: its min, opt and max, which are of use only where the file
    leaves the batch open. When they are all the same the network gets that shape for good.

    Raises BuildFailed with all that the parser has to say, Incompatible for a network that is not one picture's.
    """
    if not os.path.isfile(onnx):
        raise BuildFailed("{}: there is no such file".format(onnx))
    mark = log.mark()
    handle = checked(builder.create_network(_flags(api)), log, mark, "no network can be made")
    parser = api.trt.OnnxParser(handle, log.logger)
    # By its path, not its bytes: weights kept beside the file are found from there.
    if not parser.parse_from_file(onnx):
        errors = [_words(parser.get_error(i)) for i in range(parser.num_errors)] or [log.errors_since(mark)]
        raise BuildFailed("{}: {} cannot read this network: {}".format(onnx, api, _joined(errors)))
    # A file that is no network at all parses as an empty one.
    if handle.num_inputs == 0 or handle.num_outputs == 0 or handle.num_layers == 0:
        raise BuildFailed("{}: not an ONNX network: it has no inputs, outputs or layers".format(onnx))
    if handle.num_inputs != 1:
        names = ", ".join(handle.get_input(i).name for i in range(handle.num_inputs))
        raise Incompatible("{}: it has {} inputs ({}), expected one picture".format(onnx, handle.num_inputs, names))
    tensor = handle.get_input(0)
    found = [int(n) for n in tensor.shape]
    shape = picture_shape({"onnx": onnx, "input": spec}, found, -1)[0]
    if shape[0] < 0 and batch["min"] == batch["max"]:
        shape = (batch["max"],) + shape[1:]
    if shape != tuple(found):
        tensor.shape = shape
        if tuple(tensor.shape) != shape:
            raise Incompatible("{}: its input cannot be {}: {}".format(onnx, list(shape), log.errors_since(mark)))
    return Network(api, handle, parser, shape, min(found) < 0)


def _flags(api: Api) -> int:
    """Explicit batch where there is another (up to 10), typed by the file where there is nothing else (11)."""
    if api.has("NetworkDefinitionCreationFlag", "EXPLICIT_BATCH"):
        return 1 << int(api.trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH)
    if api.strongly_typed and api.has("NetworkDefinitionCreationFlag", "STRONGLY_TYPED"):
        return 1 << int(api.trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)
    return 0


def _words(error: Any) -> str:
    """One error of the parser: which node, and what it says of it."""
    where = "node {}".format(error.node())
    if hasattr(error, "node_name"):
        where += " ({} '{}')".format(error.node_operator(), error.node_name())
    return " ".join("{}: {} ({})".format(where, error.desc(), enum_name(error.code())).split())[:_ERROR_CHARACTERS]


def _joined(errors: Sequence[str]) -> str:
    told = "; ".join(errors[:_ERRORS_TOLD])
    more = len(errors) - _ERRORS_TOLD
    return "{}; and {} more".format(told, more) if more > 0 else told
