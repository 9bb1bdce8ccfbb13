"""ONNX Runtime on the CPU: any machine, and the reference for the others."""

import json
import os
import tempfile
from typing import Any, Dict, List, Tuple

import numpy as np

# From 1.29 on, the official packages tell their maker of every session, and keep a database and a temporary file to do
# so. What this device runs is nobody's business; that must be said before the import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from ...errors import EngineError, Incompatible, OutOfMemory
from ...wire.clock import monotonic_ns
from .base import Backend, Query, Slot
from .shape import picture_shape

_DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}


class OnnxRuntime(Backend):
    """``options``: ``threads`` for one run, ``batch`` the most pictures in one where the network leaves that open,
    ``provider`` "cpu" or "cuda" (onnxruntime-gpu, for an NVIDIA GPU without TensorRT).

    Raises Incompatible when the input is not one picture tensor, EngineError when the file is no ONNX network.
    """

    name = "onnxruntime"

    def __init__(self, model: Dict[str, Any], options: Dict[str, Any]) -> None:
        self._model, self._options = model, options
        #: Without copies one may run in the loop's own thread; a GPU's run would hold that up.
        self.on_host = options.get("provider", "cpu") != "cuda"
        self._session = self._load(profiled="")
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
        found, batch = list(inputs[0].shape), int(options.get("batch", 1))
        self.input_shape, self.size, self._fixed = picture_shape(model, found, batch)

    def _load(self, profiled: str) -> Any:
        """A session; ``profiled`` is the beginning of the file's name to which it writes what each node takes."""
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = int(self._options.get("threads", 1))
        settings.inter_op_num_threads = 1
        settings.log_severity_level = 4
        # Spinning threads wait for work at full speed: CPU that the decoders need.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        settings.add_session_config_entry("session.inter_op.allow_spinning", "0")
        if profiled:
            settings.enable_profiling = True
            settings.profile_file_prefix = profiled
        providers = ["CPUExecutionProvider"]
        if not self.on_host:
            if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
                raise EngineError("provider cuda: this ONNX Runtime has no CUDA; pip install onnxruntime-gpu")
            providers.insert(0, "CUDAExecutionProvider")
        path = self._model["onnx"]
        try:
            session = onnxruntime.InferenceSession(path, settings, providers=providers)
        except Exception as error:  # its own exception types are not public
            raise EngineError(
                "{}: not a network that ONNX Runtime can load ({})".format(path, _words(error))
            ) from error
        if providers[0] not in session.get_providers():
            raise EngineError("provider cuda: ONNX Runtime cannot use the GPU: has it the CUDA and cuDNN it wants?")
        return session

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

    def queries(self, count: int) -> List[Query]:
        return [_HostQuery(self, self.slot()) for _ in range(count)]

    def layers(self, runs: int) -> List[Tuple[str, float]]:
        with tempfile.TemporaryDirectory(prefix="edge-profile-") as folder:
            session = self._load(profiled=os.path.join(folder, "profile"))
            tensor = np.zeros(self.input_shape, self.dtype)
            for _ in range(runs + 1):
                session.run(list(self.outputs), {self._input: tensor})
            with open(session.end_profiling(), encoding="utf-8") as file:
                return _nodes(json.load(file), runs)


class _HostQuery(Query):
    """No copies: all of it is computing, and starting it is nothing."""

    def __init__(self, backend: OnnxRuntime, slot: Slot) -> None:
        self._backend, self._slot = backend, slot
        noise = np.random.RandomState(1).uniform(np.zeros(slot.input.shape), 1.0)
        slot.input[...] = (noise * 255 if slot.input.dtype.kind == "u" else noise).astype(slot.input.dtype)

    def start(self) -> float:
        self._backend.enqueue(self._slot, self._backend.batch)
        return 0.0

    def finish(self) -> Tuple[float, float, float]:
        self._backend.wait(self._slot)
        return 0.0, self._slot.busy_ns / 1e6, 0.0


def _nodes(events: List[Dict[str, Any]], runs: int) -> List[Tuple[str, float]]:
    """Each node's mean milliseconds, the first run left out."""
    sums: Dict[str, float] = {}
    seen: Dict[str, int] = {}
    suffix = "_kernel_time"
    for event in events:
        name = str(event.get("name", ""))
        if event.get("cat") != "Node" or not name.endswith(suffix):
            continue
        node = name[: -len(suffix)]
        seen[node] = seen.get(node, 0) + 1
        sums[node] = sums.get(node, 0.0) + (event["dur"] / 1000.0 if seen[node] > 1 else 0.0)
    return [(node, total / runs) for node, total in sums.items()]


def _words(error: Exception) -> str:
    """The library's own message on one line, without its prefix of error numbers."""
    return " ".join(str(error).split()).split(" : ")[-1][:300]
