"""What an engine tells of its layers."""

import json
from typing import Any

from .base import Native, Value


class EngineInspector(Native):
    error_recorder = Value()
    execution_context = Value()

    def __init__(self, engine: Any) -> None:
        super().__init__()
        self._engine = engine

    def get_engine_information(self, format: Any) -> str:
        layers = [self._layer(index) for index in range(self._engine.num_layers)]
        if format.name == "JSON":
            return json.dumps({"Layers": layers, "Bindings": self._engine._names}, indent=1)
        return "Layers:\n" + "\n".join(str(layer) for layer in layers) + "\n"

    def get_layer_information(self, layer_index: int, format: Any) -> str:
        layer = self._layer(layer_index)
        return json.dumps(layer) if format.name == "JSON" else str(layer)

    def _layer(self, index: int) -> Any:
        """A name alone, unless the engine was built with DETAILED."""
        step = self._engine._header["steps"][index]
        verbosity = self._engine.profiling_verbosity.name
        if verbosity not in ("DETAILED", "VERBOSE"):
            return step["name"] if verbosity != "NONE" else ""
        form = {"FP32": "Row major linear FP32", "FP16": "Row major linear FP16 format", "INT8": "Int8"}
        tensors = {
            side: [
                {"Name": name, "Location": "Device", "Format/Datatype": form[step["precision"]], "Dimensions": []}
                for name in step[side.lower()]
            ]
            for side in ("Inputs", "Outputs")
        }
        kind = {"REFORMAT": "Reformat", "DLA": "DLA"}.get(step["kind"], step["kind"].title().replace("_", ""))
        return {"Name": step["name"], "LayerType": kind, **tensors, "TacticName": "", "Metadata": ""}
