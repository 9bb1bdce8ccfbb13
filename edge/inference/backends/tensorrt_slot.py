"""A lane slot on TensorRT: stream, execution context, and memory on both sides."""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ..cuda import Buffer, Device, Event, Stream
from ..cuda.pictures import Staging
from .tensorrt_engine import LoadedEngine


class Output:
    """Of a network: its memory on the device and, page-locked, on the processor."""

    def __init__(self, device: Device, name: str, shape: Tuple[int, ...], dtype: "np.dtype[Any]") -> None:
        self.name = name
        #: Of the last run.
        self.shape = shape
        count = max(1, int(np.prod(shape)))
        self.buffer = device.alloc(count * dtype.itemsize)
        try:
            self.host = device.pinned((count,), dtype)
        except BaseException:
            self.buffer.free()
            raise

    def view(self, shape: Tuple[int, ...]) -> np.ndarray:
        flat = self.host[: int(np.prod(shape))]
        return flat.reshape(shape)


class TensorRtSlot:
    """As ``base.Slot``; the device is current in all but ``close``.

    ``run`` and ``stream`` are shared by slots of an engine that has too few profiles for a context each: their batches
    then run one after the other, copies and all.
    """

    def __init__(self, device: Device, engine: LoadedEngine, shape: Tuple[int, ...], run: Any, stream: Stream) -> None:
        self._device, self._engine = device, engine
        self.run, self.stream = run, stream
        self.count = 0
        self.busy_ns = 0
        self.began_ns = 0
        #: A kernel writes the input where it is needed; else what is in :attr:`input` is copied there.
        self.on_device = False
        self.staging: Optional[Staging] = None
        self.done: Event = device.event()
        self._shape = shape
        self._host: Optional[np.ndarray] = None
        self.outputs: List[Output] = []
        self.tensor: Buffer = device.alloc(int(np.prod(shape)) * engine.input.dtype.itemsize)
        try:
            device.zero(self.tensor, stream)
            shapes = self.shapes(shape[0])
            for output in engine.outputs:
                self.outputs.append(Output(device, output.name, shapes[output.name], output.dtype))
        except BaseException:
            stream.synchronize()
            self.close()
            raise
        self._addresses = {engine.input.name: self.tensor.address}
        self._addresses.update((output.name, output.buffer.address) for output in self.outputs)

    @property
    def input(self) -> np.ndarray:
        """The tensor on the processor's side: made when the processor prepares the pictures."""
        if self._host is None:
            with self._device:
                self._host = self._device.pinned(self._shape, self._engine.input.dtype)
            self._host[...] = 0
        self.on_device = False
        return self._host

    def shapes(self, rows: int) -> Dict[str, Tuple[int, ...]]:
        """Have the context run ``rows`` pictures; the shapes of the outputs. Raises EngineError."""
        known: Dict[int, Dict[str, Tuple[int, ...]]] = self.run.known
        if self.run.rows != rows:
            mark = self._engine.mark()
            if self._engine.dynamic and not self.run.set_shape(self._engine.input.name, (rows,) + self._shape[1:]):
                raise self._engine.failed(mark, "a batch of {} is refused".format(rows))
            self.run.rows = rows
            if rows not in known:
                known[rows] = {output.name: self.run.shape(output.name) for output in self._engine.outputs}
                for name, shape in known[rows].items():
                    if min(shape, default=1) < 0:
                        raise self._engine.unfit("output {} is of a size that depends on what is seen".format(name))
        return known[rows]

    def start(self, rows: int, stream: Stream) -> Dict[str, Tuple[int, ...]]:
        """Put the network's run on the stream; the shapes of its outputs. Raises EngineError."""
        shapes = self.shapes(rows)
        mark = self._engine.mark()
        if self.run.bound is not self:
            if not self.run.bind(self._addresses):
                raise self._engine.failed(mark, "memory is refused")
            self.run.bound = self
        if not self.run.start(stream.handle):
            raise self._engine.failed(mark, "the run fails")
        return shapes

    def close_run(self) -> None:
        """The context goes before the engine."""
        self.run = None

    def close(self) -> None:
        """When the engine is gone."""
        if self.staging is not None:
            self.staging.close()
        self.tensor.free()
        for output in self.outputs:
            output.buffer.free()
            self._device.free(output.host)
        self.outputs = []
        host, self._host = self._host, None
        if host is not None:
            self._device.free(host)
        with self._device:
            self.done.raw = None
