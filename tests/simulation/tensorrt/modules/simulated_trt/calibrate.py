"""INT8 calibration: the calibrators' classes, and how the builder asks one. The cache's text is NVIDIA's format."""

import struct
import time
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from simulated_gpu import board, memory
from simulated_gpu.errors import CudaFault

from .base import Native
from .enums import MADE
from .graph import Graph
from .log import call_back, fail, say
from .precision import observed, quantised_tensors
from .runner import Network

_ALGORITHMS = MADE.get("CalibrationAlgoType")


class IInt8Calibrator(Native):
    _algorithm = ""

    def get_batch_size(self) -> int:
        raise NotImplementedError

    def get_batch(self, names: List[str]) -> Optional[List[int]]:
        raise NotImplementedError

    def read_calibration_cache(self) -> Any:
        raise NotImplementedError

    def write_calibration_cache(self, cache: Any) -> None:
        raise NotImplementedError

    def get_algorithm(self) -> Any:
        return _ALGORITHMS.__members__[self._algorithm] if _ALGORITHMS else None


class IInt8LegacyCalibrator(IInt8Calibrator):
    _algorithm = "LEGACY_CALIBRATION"


class IInt8EntropyCalibrator(IInt8Calibrator):
    _algorithm = "ENTROPY_CALIBRATION"


class IInt8EntropyCalibrator2(IInt8Calibrator):
    _algorithm = "ENTROPY_CALIBRATION_2"


class IInt8MinMaxCalibrator(IInt8Calibrator):
    _algorithm = "MINMAX_CALIBRATION"


_WORDS = {
    "LEGACY_CALIBRATION": "Calibration",
    "ENTROPY_CALIBRATION": "EntropyCalibration",
    "ENTROPY_CALIBRATION_2": "EntropyCalibration2",
    "MINMAX_CALIBRATION": "MinMaxCalibration",
}


def header(algorithm: str) -> str:
    """The first line of a cache."""
    parts = [int(part) for part in board.RELEASE.version.split(".")[:3]]
    number = parts[0] * (1000 if parts[0] < 10 else 10000) + parts[1] * 100 + parts[2]
    return f"TRT-{number}-{_WORDS[algorithm]}"


def read_table(text: str, word: str) -> Dict[str, float]:
    """Scales by tensor. Raises ValueError for another algorithm's table or none."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith("TRT-") or lines[0].split("-", 2)[-1] != word:
        raise ValueError("Calibration table does not match calibrator algorithm type.")
    found = {}
    for line in lines[1:]:
        name, _, number = line.rpartition(": ")
        if name:
            found[name] = struct.unpack(">f", bytes(bytearray.fromhex(number)))[0]
    return found


def write_table(first: str, scales: Dict[str, float]) -> bytes:
    lines = ["{}: {}".format(name, struct.pack(">f", scale).hex()) for name, scale in scales.items()]
    return "\n".join([first, *lines, ""]).encode()


class CalibrationFailed(Exception):
    """It has been logged."""


def scales_of(graph: Graph, shapes: Dict[str, Tuple[int, ...]], calibrator: Any, logger: Any) -> Dict[str, float]:
    """A scale for each tensor, from the calibrator's cache or its pictures. Raises CalibrationFailed."""
    word = _WORDS[calibrator._algorithm]
    if call_back(calibrator.get_batch_size) is None:
        _refuse(logger, "the calibrator has no batch size")
    cache = call_back(calibrator.read_calibration_cache)
    if cache:
        try:
            found = read_table(bytes(cache).decode(), word)
        except (ValueError, struct.error) as error:
            say(logger, "ERROR", str(error))
        else:
            say(logger, "INFO", f"Reading Calibration Cache for calibrator: {word}")
            text = "Generated calibration scales using calibration cache. Make sure that calibration cache has latest"
            say(logger, "INFO", text + " scales.")
            return found
    say(logger, "INFO", "Starting Calibration.")
    began = time.time()
    top = _measured(graph, shapes, calibrator, logger)
    say(logger, "INFO", "  Post Processing Calibration data in 0.001 seconds.")
    say(logger, "INFO", f"Calibration completed in {time.time() - began:.3f} seconds.")
    scales = {name: value / 127 for name, value in top.items()}
    first = header(calibrator._algorithm)
    say(logger, "INFO", f"Writing Calibration Cache for calibrator: {first}")
    call_back(calibrator.write_calibration_cache, memoryview(write_table(first, scales)))
    return scales


def _measured(graph: Graph, shapes: Dict[str, Tuple[int, ...]], calibrator: Any, logger: Any) -> Dict[str, float]:
    """The largest size of each tensor over all batches."""
    network = Network(observed(graph))
    names = [tensor.name for tensor in graph.inputs]
    wanted = quantised_tensors(graph)
    top = dict.fromkeys(wanted, 0.0)
    batch = 0
    while True:
        pointers = call_back(calibrator.get_batch, list(names))
        if not pointers:
            break
        if len(pointers) != len(names):
            _refuse(logger, f"get_batch gave {len(pointers)} pointers for {len(names)} inputs")
        feed = {}
        for tensor, pointer in zip(graph.inputs, pointers):
            if not isinstance(pointer, int):
                _refuse(logger, f"get_batch gave {type(pointer).__name__}, not int: the pointers' numbers are wanted")
            try:
                feed[tensor.name] = memory.view(pointer, np.dtype("float32"), shapes[tensor.name]).copy()
            except CudaFault as fault:
                fail(logger, 1, "calibrator.cu::absMax::95", "calibration", str(fault))
                raise CalibrationFailed() from None
        began = time.time()
        values = network.run(feed)
        values.update(feed)
        for name in wanted:
            if name in values and values[name].size:
                top[name] = max(top[name], float(np.max(np.abs(values[name]))))
        say(logger, "INFO", f"  Calibrated batch {batch} in {time.time() - began:.6f} seconds.")
        batch += 1
    if not batch:
        _refuse(logger, "Calibration failure occurred with no scaling factors detected.")
    return top


def _refuse(logger: Any, text: str) -> None:
    fail(logger, 4, "calibrator.cpp::calibrateEngine::1160", "IBuilder::buildSerializedNetwork", text)
    raise CalibrationFailed()
