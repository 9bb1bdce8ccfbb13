"""TensorRT, on the GPU or a DLA core: a plan that was built before, run in two slots.

Each slot has its stream and execution context: while one computes, the other's pictures are on their way in and its
outputs on their way out. Pictures are prepared by a kernel on the GPU; where that cannot be had, by the processor.
"""

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ...errors import EngineError, Incompatible
from ...wire.clock import monotonic_ns
from ..cuda import Stream, open_device
from ..cuda.compiler import code_for, drop, usual_folder
from ..cuda.pictures import ARGUMENTS, ENTRIES, CudaPreprocessor, Staging
from ..fit import Fit
from ..picture import Picture
from ..tensorrt.api import load
from ..tensorrt.log import make_log
from .base import Backend, Query
from .shape import picture_shape
from .tensorrt_engine import LoadedEngine
from .tensorrt_query import TensorRtQuery, layer_times
from .tensorrt_slot import TensorRtSlot


class TensorRT(Backend):
    """``options``: plan, plan_sha256, module ("tensorrt" or "tensorrt_rtx"), device ("gpu", "dla:0", "dla:1"), plugins,
    batch (the most pictures in one run, where the engine leaves that open), kernels (the folder of compiled kernels).

    Raises Incompatible when the plan does not load here or does not fit the model: it must be built anew. OutOfMemory,
    DeviceLost, EngineError.
    """

    name = "tensorrt"

    def __init__(self, model: Dict[str, Any], options: Dict[str, Any]) -> None:
        api = load(str(options.get("module") or "tensorrt"))
        self.api = api
        self._log = make_log(api)
        self._slots: List[TensorRtSlot] = []
        self._runs: List[Any] = []
        self._streams: List[Stream] = []
        self._kernels = str(options.get("kernels") or usual_folder())
        self._finished_ns = 0
        self.device = open_device()
        try:
            with self.device:
                self.engine = LoadedEngine(api, self._log, options)
            found = [side if i or side > 0 else -1 for i, side in enumerate(self.engine.input.shape)]
            found[1:] = self.engine.largest[1:]
            batch = min(int(options.get("batch") or self.engine.largest[0]), self.engine.largest[0])
            self.input_shape, self.size, self._fixed = picture_shape(dict(model, onnx=self.engine.plan), found, batch)
        except BaseException:
            self.close()
            raise
        self.dtype = self.engine.input.dtype
        self.outputs = tuple(output.name for output in self.engine.outputs)

    def slot(self) -> Any:
        engine = self.engine
        with self.device:
            if engine.contexts and len(self._runs) >= engine.contexts:
                run, stream = self._runs[-1], self._streams[-1]
            else:
                stream = self.device.stream()
                self._streams.append(stream)
                run = engine.run(len(self._runs), stream)
                self._runs.append(run)
            slot = TensorRtSlot(self.device, engine, self.input_shape, run, stream)
        self._slots.append(slot)
        return slot

    def preparer(self, input: Mapping[str, Any]) -> Any:
        try:
            return CudaPreparer(self, input)
        except Incompatible:
            raise
        except EngineError as error:
            self.note = "pictures are prepared by the processor: {}".format(error)
            return super().preparer(input)

    def enqueue(self, slot: TensorRtSlot, count: int) -> None:
        slot.count = count
        slot.began_ns = monotonic_ns()
        with self.device:
            if not slot.on_device:
                self.device.to_device(slot.tensor.address, slot.input[:count], slot.stream)
            # A batch of the engine's own is run in full, whatever stands in the places that are left over.
            shapes = slot.start(self.batch if self._fixed else count, slot.stream)
            for output in slot.outputs:
                output.shape = shapes[output.name]
                self.device.from_device(output.view(output.shape).reshape(-1), output.buffer.address, slot.stream)
            slot.done.record(slot.stream)

    def wait(self, slot: TensorRtSlot) -> Dict[str, np.ndarray]:
        with self.device:
            slot.done.synchronize()
        now = monotonic_ns()
        # With two slots the device may have begun with this one only when it was done with the other.
        slot.busy_ns = now - max(slot.began_ns, self._finished_ns)
        self._finished_ns = now
        found = {}
        for output in slot.outputs:
            value = output.view(output.shape)[: slot.count]
            found[output.name] = value.astype(np.float32) if value.dtype == np.float16 else value
        return found

    def queries(self, count: int) -> List[Query]:
        slots = [self.slot() for _ in range(count)]
        with self.device:
            streams = [self.device.stream() for _ in range(3)]
            self._streams.extend(streams)
            return [TensorRtQuery(self.device, slot, self.batch, streams) for slot in slots]

    def layers(self, runs: int) -> List[Tuple[str, float]]:
        slot = self.slot()
        with self.device:
            return layer_times(self.api, slot, self.batch, runs)

    def close(self) -> None:
        try:
            # Contexts, engine, runtime, then memory and streams, the device current; the log outlives them all.
            with self.device:
                for slot in self._slots:
                    slot.close_run()
                del self._runs[:]
                engine = getattr(self, "engine", None)
                if engine is not None:
                    engine.close()
                for slot in self._slots:
                    slot.close()
                del self._slots[:]
                for stream in self._streams:
                    stream.close()
                del self._streams[:]
        except EngineError:
            pass  # a lost device frees nothing: its process ends
        self.device.close()


class CudaPreparer:
    """Prepares a slot's pictures on the GPU. Raises EngineError where the kernel cannot be had."""

    def __init__(self, backend: TensorRT, input: Mapping[str, Any]) -> None:
        self._device = device = backend.device
        self._batch = backend.batch
        folder = backend._kernels
        entry = [ENTRIES[backend.dtype.name]]
        with device:
            code = code_for(device.compute_capability, folder)
            try:
                functions = device.functions(code, entry, ARGUMENTS)
            except EngineError:
                # A damaged file, or another driver's: once more, from the source.
                drop(device.compute_capability, folder)
                functions = device.functions(code_for(device.compute_capability, folder), entry, ARGUMENTS)
        self._work = CudaPreprocessor(device, functions[0], input, backend.size, backend.dtype)

    @property
    def item_shape(self) -> Tuple[int, ...]:
        return self._work.item_shape

    def write(self, pictures: Sequence[Picture], slot: TensorRtSlot) -> List[Fit]:
        """Raises ValueError for a picture that is not what it should be."""
        with self._device:
            if slot.staging is None:
                slot.staging = Staging(self._device, self._batch)
            slot.on_device = True
            return self._work.write(pictures, slot.staging, slot.tensor.address, slot.stream)
