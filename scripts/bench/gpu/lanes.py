"""A real lane, with a kernel that only takes its time in the network's place: its rate against its slowest stage's.

The stages: what the loop does (pictures into place, outputs decoded), the copy in, the kernels, the copy out.
"""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple
from unittest import mock

import numpy as np

from edge.inference.backends.base import Backend
from edge.inference.cuda import Device
from edge.inference.cuda.pictures import CudaPreprocessor, Staging
from edge.inference.decoders import Floors
from edge.inference.job import Job
from edge.inference.lane import Lane
from edge.inference.picture import Picture
from edge.wire.clock import monotonic_ns
from edge.wire.messages import PictureHeader

from .check import kernels
from .row import Row
from .speed import BATCH, INPUT, SIZE, spans, street

#: YOLO-like: as many candidates a picture, and the network's milliseconds a batch.
_BOXES = 8400
_COMPUTE_MS = (2.0, 8.0, 20.0)
_SECONDS = 2.5
_SOURCE = """
extern "C" __global__ void network(const float* tensor, float* out, long long count, long long ns) {
    long long start, now;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
    for (long long i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x)
        out[i] = tensor[i] * 1e-6f;
    do asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now)); while (now - start < ns);
}
"""


class Spin(Backend):
    """As the TensorRT backend, with that kernel instead of an engine. It fills the GPU, so that two never overlap."""

    name = "spin"

    def __init__(self, device: Device, functions: Tuple[Any, Any], ms: float) -> None:
        self.device = device
        self._prepare, self._network = functions
        self._ns = int(ms * 1e6)
        self.input_shape, self.size = (BATCH, 3, SIZE[1], SIZE[0]), SIZE
        self.dtype = np.dtype("float32")
        self.outputs = ("boxes", "scores")
        self._finished = 0
        self.processors = _processors()
        self._slots: List[SpinSlot] = []

    def slot(self) -> Any:
        self._slots.append(SpinSlot(self))
        return self._slots[-1]

    def close(self) -> None:
        for slot in self._slots:
            slot.close(self.device)

    def preparer(self, input: Any) -> Any:
        work = CudaPreprocessor(self.device, self._prepare, input, self.size, self.dtype)
        device = self.device

        class Preparer:
            item_shape = work.item_shape

            def write(self, pictures: List[Picture], slot: SpinSlot) -> Any:
                with device:
                    return work.write(pictures, slot.staging, slot.tensor.address, slot.stream)

        return Preparer()

    def compute(self, slot: SpinSlot) -> None:
        blocks = (self.processors * 2, 1, 1)
        arguments = (slot.tensor.address, slot.out.address, slot.host.size, self._ns)
        self._network.launch(blocks, (1024, 1, 1), slot.stream, *arguments)

    def enqueue(self, slot: Any, count: int) -> None:
        slot.count, slot.began = count, monotonic_ns()
        with self.device:
            self.compute(slot)
            self.device.from_device(slot.host, slot.out.address, slot.stream)
            slot.done.record(slot.stream)

    def wait(self, slot: Any) -> Dict[str, np.ndarray]:
        with self.device:
            slot.done.synchronize()
        now = monotonic_ns()
        slot.busy_ns, self._finished = now - max(slot.began, self._finished), now
        rows = slot.host.reshape(BATCH, _BOXES, 5)[: slot.count]
        return {"boxes": rows[:, :, :4], "scores": rows[:, :, 4:]}


class SpinSlot:
    def __init__(self, backend: Spin) -> None:
        device = backend.device
        with device:
            self.stream, self.done = device.stream(), device.event()
            self.staging = Staging(device, BATCH)
            self.tensor = device.alloc(int(np.prod(backend.input_shape)) * 4)
            self.host = device.pinned((BATCH * _BOXES * 5,), np.float32)
            self.out = device.alloc(self.host.nbytes)
        self.count = self.busy_ns = self.began = 0

    def close(self, device: Device) -> None:
        self.staging.close()
        self.tensor.free()
        self.out.free()
        device.free(self.host)
        self.stream.close()
        with device:
            self.done.raw = None


def measure(device: Device, folder: str) -> List[Row]:
    rng = np.random.default_rng(3)
    made = Path(folder) / "network.cubin"
    Path(folder, "network.cu").write_text(_SOURCE)
    arch = "-arch=sm_{}{}".format(*device.compute_capability)
    subprocess.run(["nvcc", "-cubin", arch, "-o", str(made), str(Path(folder) / "network.cu")], check=True)
    rows: List[Row] = []
    with device:
        (network,) = device.functions(made.read_bytes(), ["network"], ("P", "P", "q", "q"))
        functions = (kernels(device, folder)["float32"], network)
    for width, height in ((640, 360), (1920, 1080)):
        pictures = [street(rng, width, height) for _ in range(BATCH)]
        for ms in _COMPUTE_MS:
            backend = Spin(device, functions, ms)
            rate, host_ms = _lane(backend, pictures)
            stages = {"the processor": host_ms, **_stages(device, backend, pictures)}
            slowest = max(stages, key=lambda name: stages[name])
            where = f"{width}x{height}, network {ms:g} ms a batch"
            rows.append(Row(f"{where}: lane", rate, "pictures/s"))
            rows.append(Row(f"{where}: slowest stage, {slowest}", BATCH / stages[slowest] * 1000, "pictures/s"))
            rows.append(Row(f"{where}: share", rate * stages[slowest] / 1000 / BATCH, "", least=0.95))
    return rows


def _lane(backend: Spin, pictures: List[Picture]) -> Tuple[float, float]:
    """Pictures/s of a lane that always has some waiting; and the milliseconds a batch that the loop itself works."""
    woken = threading.Event()
    results: List[float] = []
    model = {
        "name": "spin", "onnx": "spin", "input": INPUT, "output": {"decoder": "boxes_scores"}, "labels": ["thing"],
    }  # fmt: skip

    def result(job: Job, data: Optional[bytes]) -> None:
        if data is not None:
            results.append(time.perf_counter())

    with mock.patch("edge.inference.network.open_backend", lambda *_: backend):
        lane = Lane(1, 0, model, {}, {1: Floors([0.4])}, result, lambda job: None, woken.set)
        while lane.state == "loading":
            woken.wait(0.01)
            lane.collect()
    assert lane.state == "ready", lane.reason
    worked, sent = 0.0, 0
    began = counted = time.perf_counter()
    while time.perf_counter() - began < _SECONDS + 1:
        if time.perf_counter() - began < 1:  # not counted: page-locked memory is made, clocks come up
            results.clear()
            worked, counted = 0.0, time.perf_counter()
        woken.clear()
        before = time.thread_time()
        while lane.waiting < 2 * BATCH:
            lane.submit(_job(sent, pictures[sent % BATCH]), alone=False)
            sent += 1
        news = lane.has_news
        if news:
            lane.collect()
        worked += time.thread_time() - before
        if not news:
            woken.wait(0.05)
    assert lane.state == "ready", lane.reason
    batches = len(results) / BATCH
    # What came in the last moments was only in part of the time.
    rate = (len(results) - BATCH) / (results[-1] - results[BATCH - 1])
    assert counted < results[0]
    lane.retire()
    lane.close(5)
    return rate, worked / batches * 1000


def _stages(device: Device, backend: Spin, pictures: List[Picture]) -> Dict[str, float]:
    """Milliseconds a batch of each stage alone."""
    slot = SpinSlot(backend)
    with device:
        work = CudaPreprocessor(device, backend._prepare, INPUT, SIZE, np.float32)
        work.write(pictures, slot.staging, slot.tensor.address, slot.stream)
        end = sum(plane.size for picture in pictures for plane in picture.planes)

        def compute() -> None:
            work.run(BATCH, slot.staging, slot.tensor.address, slot.stream)
            backend.compute(slot)

        found = {
            "the copy in": spans(
                device, slot.stream,
                lambda: device.to_device(slot.staging.buffer.address, slot.staging.memory[:end], slot.stream), 5,
            ),
            "the kernels": statistics.median(spans(device, slot.stream, compute, 10, 3) for _ in range(3)),
            "the copy out": spans(
                device, slot.stream, lambda: device.from_device(slot.host, slot.out.address, slot.stream), 5
            ),
        }  # fmt: skip
    slot.close(device)
    return found


def _job(sequence: int, picture: Picture) -> Job:
    now = monotonic_ns()
    header = PictureHeader(
        0, 1, 0, 0, sequence, now, now, now, picture.width, picture.height, (0, 0, 0), (0, 0, 0), -1.0
    )
    return Job(1, header, picture, 1, lambda: None)


def _processors() -> int:
    import pycuda.driver as cuda

    return int(cuda.Device(0).get_attribute(cuda.device_attribute.MULTIPROCESSOR_COUNT))
