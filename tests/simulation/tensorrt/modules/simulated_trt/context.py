"""Execution contexts: addresses, by number or by name, and runs on a stream."""

import time
from typing import Any, Dict, List, Tuple

import numpy as np
from simulated_gpu import board, faults, memory, stream
from simulated_gpu.errors import CudaFault

from .base import Dims, Value, sides
from .engine import ICudaEngine
from .graph import DTYPES
from .log import call_back, say
from .shapes import Shape, Shapes, strides


class IExecutionContext(Shapes):
    name = Value("", str)
    debug_sync = Value(False, bool)
    error_recorder = Value()
    nvtx_verbosity = Value()
    persistent_cache_limit = Value(0, int)
    temporary_allocator = Value()
    enqueue_emits_profile = Value(True, bool)
    profiler = Value()
    device_memory = Value(0, int)

    def __init__(self, engine: ICudaEngine) -> None:
        self._held = 0
        super().__init__(engine)
        memory.reserve(engine._header["activations"])
        self._held = engine._header["activations"]
        self._addresses: Dict[str, int] = {}
        self._allocators: Dict[str, Any] = {}
        self._consumed: Any = None
        self._running: List[Any] = []
        self._times: List[Tuple[str, float]] = []

    def __del__(self) -> None:
        if self.__dict__.get("_held"):
            memory.release(self._held)
            self._leave()

    # Bindings.

    def _number(self, binding: int) -> str:
        return str(self._engine._tensor_of(binding)["name"])

    def set_binding_shape(self, binding: int, shape: Any) -> bool:
        return self._set_shape(self._number(binding), sides(shape), "setBindingDimensions")

    def get_binding_shape(self, binding: int) -> Any:
        return Dims(self._shape(self._number(binding)))

    def get_strides(self, binding: int) -> Any:
        return Dims(strides(self._shape(self._number(binding))))

    def get_shape(self, binding: int) -> Any:
        raise RuntimeError("it is no shape binding")

    def set_shape_input(self, binding: int, shape: Any) -> bool:
        return self._fail("setInputShapeBinding", "it is no shape binding")

    all_binding_shapes_specified = property(lambda self: not self._missing())
    all_shape_inputs_specified = property(lambda self: True)

    def execute_v2(self, bindings: List[int]) -> bool:
        started = self._by_number(bindings, 0, "executeV2")
        if started:
            try:
                stream.DEFAULT.synchronize()
            except CudaFault as fault:
                return self._fail("executeV2", str(fault), 1)
        return started

    def execute_async_v2(self, bindings: List[int], stream_handle: int, input_consumed: Any = None) -> bool:
        return self._by_number(bindings, stream_handle, "enqueueV2")

    def execute(self, batch_size: int = 1, bindings: Any = ()) -> bool:
        return self._fail("execute", "execute() is for networks with an implicit batch; use executeV2()")

    def execute_async(self, batch_size: int = 1, bindings: Any = (), stream_handle: int = 0, **how: Any) -> bool:
        return self._fail("enqueue", "enqueue() is for networks with an implicit batch; use enqueueV2()")

    def _by_number(self, bindings: List[int], handle: int, call: str) -> bool:
        for address in bindings:
            if not isinstance(address, int):
                raise TypeError(f"{call}(): incompatible function arguments: bindings are ints, not {type(address)}")
        count = len(self._engine._names)
        first = max(0, self._profile) * count
        if board.VERSION >= (8, 5):
            first, expected = 0, count if len(bindings) == count else count * len(self._engine._profiles)
        else:
            expected = count * len(self._engine._profiles)
        if len(bindings) != expected:
            raise RuntimeError(f"Provided bindings array has {len(bindings)} entries, the engine {expected} bindings")
        return self._enqueue(dict(zip(self._engine._names, bindings[first : first + count])), handle, call)

    # Names.

    def _known(self, name: str, call: str) -> bool:
        text = f"Given invalid tensor name: {name}. Get valid tensor names with getIOTensorName()"
        return name in self._engine._io or self._fail(call, text)

    def set_input_shape(self, name: str, shape: Any) -> bool:
        return self._known(name, "setInputShape") and self._set_shape(name, sides(shape), "setInputShape")

    def get_tensor_shape(self, name: str) -> Any:
        return Dims(self._shape(name) if self._known(name, "getTensorShape") else [-1])

    def get_tensor_strides(self, name: str) -> Any:
        return Dims(strides(self._shape(name)))

    def infer_shapes(self) -> List[str]:
        return self._missing()

    def set_tensor_address(self, name: str, memory: int) -> bool:
        if not isinstance(memory, int):
            raise TypeError(f"set_tensor_address(): incompatible function arguments: {type(memory)} is no int")
        if not self._known(name, "setTensorAddress"):
            return False
        if not memory and name in {t["name"] for t in self._engine._inputs}:
            return self._fail("setTensorAddress", f"nullptr for the input {name}")
        self._addresses[name] = memory
        return True

    def get_tensor_address(self, name: str) -> int:
        return self._addresses.get(name, 0)

    def get_max_output_size(self, name: str) -> int:
        kind = np.dtype(DTYPES[self._engine._io[name]["kind"]])
        return int(np.prod([abs(side) for side in self._shape(name)] or [1])) * kind.itemsize

    def set_output_allocator(self, name: str, output_allocator: Any) -> bool:
        if not self._known(name, "setOutputAllocator"):
            return False
        self._allocators[name] = output_allocator
        return True

    def get_output_allocator(self, name: str) -> Any:
        return self._allocators.get(name)

    def set_input_consumed_event(self, event: int) -> bool:
        self._consumed = event
        return True

    def get_input_consumed_event(self) -> Any:
        return self._consumed

    def update_device_memory_size_for_shapes(self) -> int:
        return int(self._engine._header["activations"])

    def set_device_memory(self, memory: int, size: int) -> None:
        self.device_memory = memory

    def execute_async_v3(self, stream_handle: int) -> bool:
        if not stream_handle:
            say(self._logger, "WARNING", "Using default stream in enqueueV3() may lead to performance issues due to "
                "additional calls to cudaStreamSynchronize() by TensorRT to ensure correct synchronization. Please use "
                "non-default stream instead.")  # fmt: skip
        for name in self._engine._names:
            if not self._addresses.get(name) and self._allocators.get(name) is None:
                side = "input" if name in {t["name"] for t in self._engine._inputs} else "output"
                text = f"Address is not set for {side} tensor {name}. Call setInputTensorAddress or setTensorAddress"
                return self._fail("enqueueV3", text + " before enqueue/execute.")
        return self._enqueue(dict(self._addresses), stream_handle, "enqueueV3")

    # Runs.

    def _enqueue(self, addresses: Dict[str, int], handle: int, call: str) -> bool:
        if self._missing():
            text = "Not all shapes are specified. Following input tensors' dimensions are not specified: "
            return self._fail(call, text + str(self._missing()))
        if self._profile < 0:
            return self._fail(call, "no optimization profile is chosen")
        if faults.ordered("execute", "false") is not None:
            return self._fail(call, faults.ordered("execute", "false") or "by order", 1)
        try:
            queue = stream.by_handle(handle)
            self._running = [other for other in self._running if not other.idle]
            if any(other is not queue for other in self._running):
                # What really happens then is undefined.
                return self._fail(call, "the context is still in use on another stream [simulation]")
            shapes = dict(self._shapes)
            queue.enqueue(lambda: self._run(addresses, shapes))
        except CudaFault as fault:
            return self._fail(call, str(fault), 1)
        self._running.append(queue)
        if self.profiler is not None and self.enqueue_emits_profile:
            try:
                queue.synchronize()
            except CudaFault as fault:
                return self._fail(call, str(fault), 1)
            return self.report_to_profiler()
        return True

    def _run(self, addresses: Dict[str, int], shapes: Dict[str, Shape]) -> None:
        """On the stream's thread."""
        feed = {}
        for tensor in self._engine._inputs:
            kind = np.dtype(DTYPES[tensor["kind"]])
            feed[tensor["name"]] = memory.view(addresses[tensor["name"]], kind, shapes[tensor["name"]]).copy()
        began = time.perf_counter()
        values = self._engine._network.run(feed)
        seconds = time.perf_counter() - began
        for tensor in self._engine._outputs:
            name, kind = tensor["name"], np.dtype(DTYPES[tensor["kind"]])
            value = self._spoilt(np.ascontiguousarray(values[name]).astype(kind, copy=False))
            allocator = self._allocators.get(name)
            if allocator is not None:
                size = max(1, value.nbytes)
                addresses[name] = call_back(
                    allocator.reallocate_output, name, addresses.get(name, 0), size, 256
                )  # fmt: skip
                call_back(allocator.notify_shape, name, Dims(value.shape))
            if value.nbytes:
                memory.view(addresses[name], kind, value.shape)[...] = value
        self._measure(seconds)

    def _spoilt(self, value: np.ndarray) -> np.ndarray:
        """What a DLA engine gives that was ordered to be wrong when it was built."""
        wrong = self._engine._header["wrong"]
        if wrong is None:
            return value
        return value * value.dtype.type(float(wrong) if wrong else 0)

    def _measure(self, seconds: float) -> None:
        steps = self._engine._header["steps"]
        total = sum(step["work"] for step in steps) or 1
        self._times = [(step["name"], seconds * 1000 * step["work"] / total) for step in steps]

    def report_to_profiler(self) -> bool:
        if self.profiler is None or not self._times:
            return False
        for name, ms in self._times:
            call_back(self.profiler.report_layer_time, name, ms)
        return True
