"""Measuring an engine: a query with its three spans, and each layer's time."""

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from ...wire.clock import monotonic_ns
from ..cuda import Device, Stream
from ..tensorrt.api import Api
from .base import Query
from .tensorrt_slot import TensorRtSlot


class TensorRtQuery(Query):
    """As trtexec: all queries share three streams, one for each way of the copies and one for computing, so that no
    span holds another query's. The input is noise. The device is current at making."""

    def __init__(self, device: Device, slot: TensorRtSlot, rows: int, streams: Sequence[Stream]) -> None:
        self._device, self._slot, self._rows = device, slot, rows
        self._into, self._compute, self._out = streams
        self._events = [device.event(timed=True) for _ in range(6)]
        noise = np.random.RandomState(1).uniform(0, 1, slot.input.shape)
        slot.input[...] = (noise * 255 if slot.input.dtype.kind == "u" else noise).astype(slot.input.dtype)

    def start(self) -> float:
        events, slot, device = self._events, self._slot, self._device
        with device:
            events[0].record(self._into)
            device.to_device(slot.tensor.address, slot.input[: self._rows], self._into)
            events[1].record(self._into)
            self._compute.wait_for(events[1])
            events[2].record(self._compute)
            before = monotonic_ns()
            shapes = slot.start(self._rows, self._compute)
            took = monotonic_ns() - before
            events[3].record(self._compute)
            self._out.wait_for(events[3])
            events[4].record(self._out)
            for output in slot.outputs:
                flat = output.view(shapes[output.name]).reshape(-1)
                device.from_device(flat, output.buffer.address, self._out)
            events[5].record(self._out)
        return took / 1e6

    def finish(self) -> Tuple[float, float, float]:
        events = self._events
        with self._device:
            events[5].synchronize()
            return events[1].ms_since(events[0]), events[3].ms_since(events[2]), events[5].ms_since(events[4])


def layer_times(api: Api, slot: TensorRtSlot, rows: int, runs: int) -> List[Tuple[str, float]]:
    """(layer, mean milliseconds) in the order in which they run, after one run that is not counted. TensorRT reports
    them while it enqueues; the slot is of no use afterwards. The device is current."""
    sums: Dict[str, float] = {}
    order: List[str] = []

    class Profiler(api.trt.IProfiler):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            # Not super(): without the base's own __init__ the bindings end the process at the first report.
            api.trt.IProfiler.__init__(self)

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            try:
                if layer_name not in sums:
                    order.append(layer_name)
                sums[layer_name] = sums.get(layer_name, 0.0) + ms
            except BaseException:
                pass  # an exception in a callback ends the process on TensorRT 8.2

    profiler: Any = Profiler()
    slot.run.context.profiler = profiler
    for number in range(runs + 1):
        slot.start(rows, slot.stream)
        slot.stream.synchronize()
        if number == 0:
            for name in order:
                sums[name] = 0.0
    return [(name, sums[name] / runs) for name in order]
