"""The kernel's share of the memory's bandwidth, and what a batch costs the processor."""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable, List

import numpy as np

from edge.inference.cuda import Device, Stream
from edge.inference.cuda.pictures import CudaPreprocessor, Staging
from edge.inference.picture import Picture

from .check import kernels
from .row import Row

BATCH = 16
SIZE = (640, 640)
INPUT = {"fit": "letterbox", "color": "rgb", "scale": 1 / 255}
#: Sets of pictures and tensors that take turns: together several times any L2.
_SETS = 6
_LARGE = 2 << 30


def street(rng: Any, width: int = 1920, height: int = 1080) -> Picture:
    luma = rng.integers(16, 236, (height, width), dtype=np.uint8)
    chroma = rng.integers(16, 241, (height // 2, width // 2, 2), dtype=np.uint8)
    return Picture("nv12", width, height, [luma, chroma], "bt709", False)


class Set:
    """A batch in device memory, and a tensor for it."""

    def __init__(self, device: Device, work: CudaPreprocessor, pictures: List[Picture], stream: Stream) -> None:
        self.staging = Staging(device, BATCH)
        self.tensor = device.alloc(BATCH * int(np.prod(work.item_shape)) * 4)
        work.write(pictures, self.staging, self.tensor.address, stream)
        stream.synchronize()

    def close(self) -> None:
        self.staging.close()
        self.tensor.free()


def measure(device: Device, folder: str) -> List[Row]:
    rng = np.random.default_rng(1)
    with device:
        stream = device.stream()
        work = CudaPreprocessor(device, kernels(device, folder)["float32"], INPUT, SIZE, np.float32)
        pictures = [street(rng) for _ in range(BATCH)]
        sets = [Set(device, work, pictures, stream) for _ in range(_SETS)]
        rows = _bandwidth(device, work, sets, stream) + _host(work, sets[0], pictures, stream, device)
        for one in sets:
            one.close()
        stream.close()
    return rows


def _bandwidth(device: Device, work: CudaPreprocessor, sets: List[Set], stream: Stream) -> List[Row]:
    turn = iter(range(1 << 30))

    def kernel() -> None:
        one = sets[next(turn) % _SETS]
        work.run(BATCH, one.staging, one.tensor.address, stream)

    each = spans(device, stream, kernel, 30)
    width, height = 1920, 1080
    read, written = width * height * 3 // 2, SIZE[0] * SIZE[1] * 3 * 4
    # Of 1080 rows, 360 rows of the tensor look at two each; all rows of the chroma are looked at.
    touched = width * height * 2 // 3 + width * height // 2
    copied = _copy(device, stream, _LARGE)
    small = _copy(device, stream, BATCH * (read + written) // 2)
    whole, least = (BATCH * (n + written) / each / 1e6 for n in (read, touched))
    return [
        Row("device-to-device copy of 2 GiB, read and written", copied, "GB/s"),
        Row("the same of as many bytes as a batch has", small, "GB/s"),
        Row("kernel, 16 x 1080p NV12 to 640x640 float32", each * 1000, "µs"),
        Row("its pictures read and tensor written once", whole, "GB/s"),
        Row("share of the large copy's", whole / copied, "", least=0.6),
        Row("share, counting the rows alone that it looks at", least / copied, ""),
    ]


def _copy(device: Device, stream: Stream, size: int) -> float:
    import pycuda.driver as cuda

    one, other = device.alloc(size), device.alloc(size)
    device.zero(one, stream)
    each = spans(device, stream, lambda: cuda.memcpy_dtod_async(other.address, one.address, size, stream.raw), 10)
    one.free()
    other.free()
    return 2 * size / each / 1e6


def spans(device: Device, stream: Stream, start: Callable[[], Any], times: int, rounds: int = 7) -> float:
    """Milliseconds that the GPU takes for each of ``times`` in a row: the median of some rounds."""
    first, last = device.event(timed=True), device.event(timed=True)
    start()
    found = []
    for _ in range(rounds):
        stream.synchronize()
        first.record(stream)
        for _ in range(times):
            start()
        last.record(stream)
        last.synchronize()
        found.append(last.ms_since(first) / times)
    return statistics.median(found)


def _host(
    work: CudaPreprocessor, one: Set, pictures: List[Picture], stream: Stream, device: Device
) -> List[Row]:
    rng = np.random.default_rng(2)
    tiny = [street(rng, 2, 2) for _ in range(BATCH)]
    small = [street(rng, 640, 360) for _ in range(BATCH)]
    end = one.staging.size
    kernel = _clock(lambda: work.run(BATCH, one.staging, one.tensor.address, stream), stream)
    launch = _clock(lambda: work.launch(BATCH, one.staging, end, one.tensor.address, stream), stream)
    whole = [
        _clock(lambda: work.write(given, one.staging, one.tensor.address, stream), stream)  # noqa: B023
        for given in (tiny, small, pictures)
    ]
    return [
        Row("processor: kernel started", kernel, "µs a batch"),
        Row("processor: copy to the GPU and kernel started", launch, "µs a batch", most=20.0),
        Row("processor: and 16 pictures of 2x2 put in place", whole[0], "µs a batch"),
        Row("processor: and 16 pictures of 640x360 NV12", whole[1], "µs a batch"),
        Row("processor: and 16 pictures of 1080p NV12", whole[2], "µs a batch"),
    ]


def _clock(do: Callable[[], Any], stream: Stream, times: int = 300) -> float:
    found = []
    for _ in range(times):
        stream.synchronize()
        before = time.perf_counter()
        do()
        found.append(time.perf_counter() - before)
    stream.synchronize()
    return statistics.median(found) * 1e6
