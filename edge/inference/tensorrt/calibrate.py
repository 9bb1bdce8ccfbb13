"""INT8 calibration (entropy 2) from prepared pictures, up to TensorRT 10."""

import os
from typing import Any, Callable, Dict, Iterator, List, Optional

import numpy as np

from ...errors import BuildFailed
from .api import Api
from .files import replace_file
from .network import Shape
from .pictures import Pictures
from .progress import Reporter


class Feed:
    """Pictures on the GPU, one batch after the other, all in the same place. Its device is current."""

    def __init__(self, device: Any, pictures: Pictures, batch: int) -> None:
        self._device = device
        self._pictures = pictures
        self.batch = batch
        self.total = pictures.number_of_batches(batch)
        self.done = 0
        self._batches: Iterator[np.ndarray] = pictures.batches(batch)
        shape = (batch,) + pictures.item
        self._pinned = device.pinned(shape, np.float32)
        self._stream = device.stream()
        self._buffer = device.alloc(self._pinned.nbytes)

    def next(self) -> Optional[int]:
        """The address of the next batch, None after the last."""
        for array in self._batches:
            self._pinned[:] = array
            self._device.to_device(self._buffer.address, self._pinned, self._stream)
            self._stream.synchronize()
            self.done += 1
            return int(self._buffer.address)
        return None

    def close(self) -> None:
        self._buffer.free()
        self._device.free(self._pinned)
        self._stream.close()
        self._pictures.close()


class Calibration:
    """``calibrator`` is for ``IBuilderConfig.int8_calibrator``; keep this object until the build is over.

    Nothing may be raised in TensorRT's callbacks: what goes wrong there is kept, and :meth:`check` raises it after the
    build.
    """

    def __init__(
        self,
        api: Api,
        batch: int,
        cache: str,
        temporary: str,
        input_name: str,
        make_feed: Callable[[], Feed],
        reporter: Reporter,
    ) -> None:
        self.batch = batch
        self._cache, self._temporary, self._input, self._reporter = cache, temporary, input_name, reporter
        self._make_feed = make_feed
        self._feed: Optional[Feed] = None
        self._error: Optional[Exception] = None
        self.calibrator = _make_calibrator(api, self)

    def open(self) -> None:
        """Make the feed now. Raises EngineError."""
        self._feed = self._make_feed()

    def check(self) -> None:
        """After the build. Raises what went wrong in it."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        if self._feed is not None:
            self._feed.close()

    def next_batch(self, names: List[str]) -> Optional[List[int]]:
        """Addresses in the order of ``names``; None when there is nothing more."""
        try:
            if list(names) != [self._input]:
                raise BuildFailed("calibration asks for {}, the network's input is {}".format(names, self._input))
            self._reporter.phase("calibrate")
            if self._feed is None:
                self.open()
            assert self._feed is not None
            address = self._feed.next()
            self._reporter.step("calibrate", self._feed.done / self._feed.total)
            if address is None:
                self._reporter.phase("build")
                return None
            return [address]
        except Exception as error:
            self._error = self._error or error
            return None

    def read(self) -> Optional[bytes]:
        try:
            with open(self._cache, "rb") as file:
                return file.read() or None
        except OSError:
            return None

    def write(self, data: Any) -> None:
        # A cache that was only read stays as it is, byte for byte: the engine's key depends on it.
        if self._feed is None:
            return
        try:
            replace_file(self._cache, bytes(data), self._temporary)
        except Exception as error:
            self._error = self._error or error


def make_calibration(
    api: Api, device: Any, order: Dict[str, Any], shape: Shape, input_name: str, temporary: str, reporter: Reporter
) -> Calibration:
    """``order``: the build order's ``calibration``; ``shape``: the input's, its batch the one to calibrate with.

    ``device`` is current, or None where there is no pycuda. Raises EngineError when there is nothing to calibrate with.
    """

    def make_feed() -> Feed:
        if not order.get("pictures"):
            there = os.path.isfile(order["cache"])
            words = "the calibration does not fit this network and {}".format(api) if there else "no such calibration"
            raise BuildFailed(
                "{}: {}, and no pictures are given to make one; run edge models calibrate".format(order["cache"], words)
            )
        if device is None:
            raise BuildFailed("INT8 calibration needs pycuda in the workers' Python: pip install pycuda")
        return Feed(device, Pictures(order["pictures"], shape[1:], order["input"]), shape[0])

    calibration = Calibration(api, shape[0], order["cache"], temporary, input_name, make_feed, reporter)
    if calibration.read() is None:
        # What is wrong with the pictures is said now, not after the network has been taken apart.
        calibration.open()
    return calibration


def _make_calibrator(api: Api, calibration: Calibration) -> Any:
    base: Any = api.trt.IInt8EntropyCalibrator2

    class Calibrator(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)  # without it the process ends at the first call

        def get_batch_size(self) -> int:
            return calibration.batch

        def get_batch(self, names: List[str]) -> Optional[List[int]]:
            return calibration.next_batch(names)

        def read_calibration_cache(self) -> Optional[bytes]:
            return calibration.read()

        def write_calibration_cache(self, cache: Any) -> None:
            calibration.write(cache)

    return Calibrator()
