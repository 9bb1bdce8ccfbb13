"""ONNX Runtime on the CPU: any machine, and the reference for the others."""

import os
from typing import Any, Dict, List, Tuple

import numpy as np

# From 1.29 on, the official packages tell their maker of every session, and keep a database and a temporary file to do
# so. What this device runs is nobody's business; that must be said before the import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from ...errors import EngineError, Incompatible, OutOfMemory
from ...wire.clock import monotonic_ns
from .base import Backend, Slot

_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}


class OnnxRuntime(Backend):
    """``options``: ``threads`` for one run, ``batch`` the most pictures in one where the network leaves that open.

    Raises Incompatible when the input is not one picture tensor, EngineError when the file is no ONNX network.
    """

    name = "onnxruntime"
    on_host = True

    def __init__(self, model: Dict[str, Any], options: Dict[str, Any]) -> None:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = int(options.get("threads", 1))
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 4
        # Spinning threads wait for work at full speed: CPU that the decoders need.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        settings.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(model["onnx"], settings, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own exception types are not public
            raise EngineError(
                "{}: not a network that ONNX Runtime can load ({})".format(model["onnx"], _words(error))
            ) from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise Incompatible(
                "{}: it has {} inputs ({}), expected one picture".format(
                    model["onnx"], len(inputs), ", ".join(i.name for i in inputs)
                )
            )
        self._input = inputs[0].name
        self.outputs = tuple(o.name for o in self._session.get_outputs())
        if inputs[0].type not in _DTYPES:
            raise Incompatible("{}: its input is {}, expected one of {}".format(
                model["onnx"], inputs[0].type, ", ".join(sorted(_DTYPES))))  # fmt: skip
        self.dtype = np.dtype(_DTYPES[inputs[0].type])
        self.input_shape, self.size, self._fixed = _shape(model, list(inputs[0].shape), int(options.get("batch", 1)))

    def enqueue(self, slot: Slot, count: int) -> None:
        slot.count = count

    def wait(self, slot: Slot) -> Dict[str, np.ndarray]:
        tensor = slot.input if self._fixed else slot.input[: slot.count]
        try:
            began = monotonic_ns()
            values = self._session.run(list(self.outputs), {self._input: tensor})
            slot.busy_ns = monotonic_ns() - began
        except Exception as error:
            words = _words(error)
            raise (OutOfMemory if "alloc" in words.lower() else EngineError)(words) from error
        # A batch of the network's own is run in full, whatever stands in the places that are left over.
        return {name: value[: slot.count] for name, value in zip(self.outputs, values)}


def _shape(model: Dict[str, Any], found: List[Any], batch: int) -> Tuple[Tuple[int, ...], Tuple[int, int], bool]:
    """The input tensor's shape, the picture's (width, height) in it, and whether the batch is the network's own."""
    if len(found) != 4:
        raise Incompatible("{}: its input has the shape {}, expected 4 dimensions".format(model["onnx"], found))
    given = model["input"].get("size")
    nchw = model["input"].get("layout", "nchw") == "nchw"
    rows, columns, channels = (2, 3, 1) if nchw else (1, 2, 3)
    fixed = isinstance(found[0], int) and found[0] > 0
    shape = [found[0] if fixed else batch, 0, 0, 0]
    want = 1 if model["input"].get("color") == "gray" else 3
    for axis, value, name in ((rows, given and given[1], "height"), (columns, given and given[0], "width"),
                              (channels, want, "channels")):  # fmt: skip
        if isinstance(found[axis], int) and found[axis] > 0:
            if value and value != found[axis]:
                raise Incompatible(
                    "{}: its input {} has a {} of {}, model.yaml says {}; is input.layout right?".format(
                        model["onnx"], found, name, found[axis], value
                    )
                )
            value = found[axis]
        if not value:
            raise Incompatible(
                "{}: its input {} leaves the {} open; say input.size in model.yaml".format(model["onnx"], found, name)
            )
        shape[axis] = int(value)
    return tuple(shape), (shape[columns], shape[rows]), fixed


def _words(error: Exception) -> str:
    """The library's own message on one line, without its prefix of error numbers."""
    return " ".join(str(error).split()).split(" : ")[-1][:300]
