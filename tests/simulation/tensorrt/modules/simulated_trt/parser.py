"""The ONNX parser: what onnx itself refuses, and ops that TensorRT has no layer for."""

import os
from typing import Any, List, Optional

import onnx
from simulated_gpu import board, faults

from .base import Native
from .enums import MADE, DataType, ErrorCode
from .graph import Graph, layer_type, load
from .log import register, say
from .network import INetworkDefinition

_OWN_DOMAINS = ("", "ai.onnx")


class ParserError(Native):
    def __init__(self, code: Any, desc: str, func: str = "parse", node: int = -1, op: str = "", name: str = "") -> None:
        super().__init__()
        self._code, self._desc, self._func, self._node, self._op, self._name = code, desc, func, node, op, name

    def code(self) -> Any:
        return self._code

    def desc(self) -> str:
        return self._desc

    def file(self) -> str:
        return "ModelImporter.cpp"

    def func(self) -> str:
        return self._func

    def line(self) -> int:
        return 726

    def node(self) -> int:
        return self._node

    def node_name(self) -> str:
        return self._name

    def node_operator(self) -> str:
        return self._op

    def local_function_stack(self) -> List[str]:
        return []

    def local_function_stack_size(self) -> int:
        return 0

    def __str__(self) -> str:
        place = f"In node {self._node} " if self._node >= 0 else ""
        return f"{place}({self._func}): {self._code.name}: {self._desc}"

    def __repr__(self) -> str:
        return str(self)


class OnnxParser(Native):
    def __init__(self, network: INetworkDefinition, logger: Any) -> None:
        super().__init__()
        self._network = network
        self._logger = register(logger, "OnnxParser") if not hasattr(logger, "log") else logger
        self._errors: List[ParserError] = []
        self._flags = 0

    num_errors = property(lambda self: len(self._errors))

    def get_error(self, index: int) -> ParserError:
        return self._errors[index]

    def clear_errors(self) -> None:
        self._errors = []

    @property
    def flags(self) -> int:
        return self._flags

    @flags.setter
    def flags(self, value: int) -> None:
        self._flags = int(value)

    def set_flag(self, flag: Any) -> None:
        self._flags |= 1 << int(flag)

    def clear_flag(self, flag: Any) -> None:
        self._flags &= ~(1 << int(flag))

    def get_flag(self, flag: Any) -> bool:
        return bool(self._flags >> int(flag) & 1)

    def parse_from_file(self, model: str) -> bool:
        try:
            with open(model, "rb") as file:
                data = file.read()
        except OSError:
            return self._refuse(ErrorCode.MODEL_DESERIALIZE_FAILED, f"Could not open file {model}", "parseFromFile")
        return self._parse(data, os.path.dirname(os.path.abspath(model)))

    def parse(self, model: Any, path: Optional[str] = None) -> bool:
        return self._parse(bytes(model), os.path.dirname(os.path.abspath(path)) if path else None)

    def supports_operator(self, op_name: str) -> bool:
        return layer_type(op_name) is not None

    def supports_model(self, model: Any, path: Optional[str] = None) -> Any:
        try:
            graph = load(bytes(model))
        except Exception:
            return False, []
        wrong = [place for place, layer in enumerate(graph.layers) if self._problem(graph, place) is not None]
        right = [place for place in range(len(graph.layers)) if place not in wrong]
        return not wrong, [(right, not wrong)]

    def supports_model_v2(self, model: Any, path: Optional[str] = None) -> bool:
        return bool(self.supports_model(model, path)[0])

    def get_used_vc_plugin_libraries(self) -> List[str]:
        return []

    def _parse(self, data: bytes, folder: Optional[str]) -> bool:
        ordered = faults.ordered("parse", "error")
        if ordered is not None:
            return self._refuse(ErrorCode.UNSUPPORTED_NODE, ordered or "Assertion failed: by order", node=0)
        if board.VERSION < (10,) and self._network.has_implicit_batch_dimension:
            text = "This version of the ONNX parser only supports TensorRT INetworkDefinitions with an explicit batch"
            return self._refuse(ErrorCode.INVALID_VALUE, "Assertion failed: !_importer_ctx: " + text, "parse")
        try:
            if folder is not None:
                data = _whole(data, folder)
            graph = load(data)
        except Exception as error:  # protobuf's, onnx's checker's, missing files of weights
            text = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
            desc = "Assertion failed: Failed to parse the ONNX model. " + text
            return self._refuse(ErrorCode.MODEL_DESERIALIZE_FAILED, desc, "deserializeOnnxModel")
        for tensor in [*graph.inputs, *graph.outputs]:
            if tensor.kind not in DataType.__members__:
                desc = "Assertion failed: convertDtype(elem_type, &trtDtype): Unsupported ONNX data type: "
                desc += tensor.kind
                return self._refuse(ErrorCode.UNSUPPORTED_NODE, desc, "importInput")
        for place, layer in enumerate(graph.layers):
            problem = self._problem(graph, place)
            if problem is not None:
                say(self._logger, "INFO", f"No importer registered for op: {layer.op}. Attempting to import as plugin.")
                self._refuse(ErrorCode.UNSUPPORTED_NODE, problem, "importModel", place, layer.op, layer.name)
                return False
        if board.VERSION < (9,) and any(_is_long(i) for i in graph.model.graph.initializer):
            text = "Your ONNX model has been generated with INT64 weights, while TensorRT does not natively support"
            say(self._logger, "WARNING", f"onnx2trt_utils.cpp:369: {text} INT64. Attempting to cast down to INT32.")
        self._network._fill(graph, data)
        return True

    def _problem(self, graph: Graph, place: int) -> Optional[str]:
        """Why there is no layer for a node."""
        layer = graph.layers[place]
        if layer_type(layer.op) is None or layer.node.domain not in _OWN_DOMAINS:
            return (
                "Assertion failed: creator && "
                '"Plugin not found, are the plugin name, version, and namespace correct?"'
            )
        return None

    def _refuse(
        self, code: Any, desc: str, func: str = "parse", node: int = -1, op: str = "", name: str = ""
    ) -> bool:
        error = ParserError(code, desc, func, node, op, name)
        self._errors.append(error)
        if node >= 0:
            say(self._logger, "ERROR", f"ModelImporter.cpp:726: While parsing node number {node} [{op}]:")
        say(self._logger, "ERROR", f"ModelImporter.cpp:732: ERROR: ModelImporter.cpp:{error.line()} {error}")
        return False


def _is_long(tensor: Any) -> bool:
    return bool(tensor.data_type == onnx.TensorProto.INT64)


def _whole(data: bytes, folder: str) -> bytes:
    """The model with the weights that lie beside it."""
    model = onnx.load_model_from_string(data)
    if not any(i.data_location == onnx.TensorProto.EXTERNAL for i in model.graph.initializer):
        return data
    from onnx.external_data_helper import load_external_data_for_model

    load_external_data_for_model(model, folder)
    for tensor in model.graph.initializer:
        tensor.ClearField("data_location")
        del tensor.external_data[:]
    return bytes(model.SerializeToString())


OnnxParserFlag = MADE.get("OnnxParserFlag")
