"""Engines: a network that is ready, with its profiles, layers and memory."""

from typing import Any, Dict, Tuple

import numpy as np
import onnx
from simulated_gpu import faults, memory, stream
from simulated_gpu.errors import CudaFault

from .base import Value
from .enums import MADE, ProfilingVerbosity
from .graph import DTYPES, with_shapes
from .inspector import EngineInspector
from .log import fail
from .plan import IHostMemory, host_memory, pack
from .runner import Network
from .tensors import Tensors

_DATA_DEPENDENT = ("NonMaxSuppression", "NonZero")
#: How many loadables each DLA core of this process holds.
loaded: Dict[int, int] = {}


class ICudaEngine(Tensors):
    error_recorder = Value()
    weight_streaming_budget_v2 = Value(0, int)

    def __init__(self, runtime: Any, header: Dict[str, Any], data: bytes, core: int) -> None:
        super().__init__(header, runtime._logger)
        self._held = self._blocks = 0
        self._header, self._data, self._core = header, data, core
        self._network = Network(data)
        memory.reserve(header["weights"])
        self._held = header["weights"]
        self._blocks = header["dla_blocks"]
        loaded[core] = loaded.get(core, 0) + self._blocks
        self._taken: Dict[int, int] = {}
        self._known_shapes: Dict[Any, Dict[str, Tuple[int, ...]]] = {}

    def __del__(self) -> None:
        if self.__dict__.get("_held"):
            memory.release(self._held)
            loaded[self._core] -= self._blocks

    name = property(lambda self: self._header["name"])
    num_layers = property(lambda self: len(self._header["steps"]))
    has_implicit_batch_dimension = property(lambda self: False)
    max_batch_size = property(lambda self: 1)
    device_memory_size = property(lambda self: self._header["activations"])
    device_memory_size_v2 = property(lambda self: self._header["activations"])
    refittable = property(lambda self: self._header["refittable"])
    tactic_sources = property(lambda self: 7)
    num_aux_streams = property(lambda self: 0)
    streamable_weights_size = property(lambda self: 0)
    profiling_verbosity = property(lambda self: ProfilingVerbosity.__members__[self._header["verbosity"]])
    engine_capability = property(lambda self: MADE["EngineCapability"].STANDARD)
    hardware_compatibility_level = property(lambda self: MADE["HardwareCompatibilityLevel"].NONE)

    def serialize(self) -> IHostMemory:
        return host_memory(pack(self._header, self._data))

    def create_execution_context(self, strategy: Any = None) -> Any:
        from .context import IExecutionContext

        if faults.ordered("context", "none") is None:
            try:
                stream.check()
                return IExecutionContext(self)
            except CudaFault as fault:
                text = str(fault)
        else:
            text = "out of memory"
        place = "defaultAllocator.cpp::allocate::20"
        fail(self._logger, 1, place, "ICudaEngine::createExecutionContext", text)
        return None

    def create_execution_context_without_device_memory(self) -> Any:
        return self.create_execution_context()

    def create_engine_inspector(self) -> EngineInspector:
        return EngineInspector(self)

    def get_device_memory_size_for_profile(self, profile_index: int) -> int:
        return int(self._header["activations"])

    get_device_memory_size_for_profile_v2 = get_device_memory_size_for_profile

    # What contexts ask.

    @property
    def _dynamic(self) -> bool:
        return any(-1 in tensor["shape"] for tensor in self._inputs)

    def _output_shapes(self, shapes: Dict[str, Tuple[int, ...]]) -> Dict[str, Tuple[int, ...]]:
        """Of every output, with the inputs' shapes settled; -1 where only the data tell."""
        key = tuple(sorted(shapes.items()))
        if key not in self._known_shapes:
            model = onnx.load_model_from_string(self._data)
            graph = with_shapes(model, shapes)
            found = {tensor.name: tensor.shape for tensor in graph.outputs}
            bare = any(-1 in s for s in found.values()) or any(
                len(found[t["name"]]) != len(t["shape"]) for t in self._outputs
            )
            if bare and not any(layer.op in _DATA_DEPENDENT for layer in graph.layers):
                feed = {t["name"]: np.zeros(shapes[t["name"]], DTYPES[t["kind"]]) for t in self._inputs}
                found = {name: value.shape for name, value in self._network.run(feed).items()}
            self._known_shapes[key] = found
        return self._known_shapes[key]
