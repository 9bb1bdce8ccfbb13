"""INT8: how the calibrator is asked, what the cache says, and what the numbers lose."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, List, Optional

import numpy as np
import pytest

from tests.simulation.tensorrt import networks
from tests.simulation.tensorrt.setting import TensorRT

VERSIONS = ("8.2", "8.5", "8.6", "10.3")
FLAGS = ("INT8", "FP16")


class Calibrator:
    """What was asked of it, in order. ``kept``: the cache."""

    def __init__(self, session: Any, batches: List[Any], kept: Optional[bytes] = None) -> None:
        self.asked: List[Any] = []
        self.kept = kept
        outer, device = self, session.driver.mem_alloc(4 * 3 * 16 * 16 * 4)
        waiting = list(batches)

        class Kind(session.trt.IInt8EntropyCalibrator2):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                session.trt.IInt8EntropyCalibrator2.__init__(self)

            def get_batch_size(self) -> int:
                outer.asked.append("size")
                return 4

            def get_batch(self, names: List[str]) -> Any:
                outer.asked.append(tuple(names))
                if not waiting:
                    return None
                session.driver.memcpy_htod(device, waiting.pop(0))
                return [int(device)]

            def read_calibration_cache(self) -> Optional[bytes]:
                outer.asked.append("read")
                return outer.kept

            def write_calibration_cache(self, cache: Any) -> None:
                outer.asked.append("write")
                assert isinstance(cache, memoryview)
                outer.kept = bytes(cache)

        self.it = Kind()


@pytest.mark.parametrize("version", VERSIONS)
def test_pictures_become_scales(version: str, on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on(version)
    calibrator = Calibrator(session, [pictures, pictures * 0.5])
    plan = session.build(networks.small(), FLAGS, [(1, 4, 4)], int8_calibrator=calibrator.it)
    assert calibrator.asked == ["size", "read", ("picture",), ("picture",), ("picture",), "write"]
    assert session.logged("Calibrated batch 1 in") and session.logged("Starting Calibration.")
    lines = calibrator.kept.decode().splitlines()
    number = {"8.2": 8201, "8.5": 8502, "8.6": 8602, "10.3": 100300}[version]
    assert lines[0] == f"TRT-{number}-EntropyCalibration2"
    scales = {line.split(": ")[0]: struct.unpack(">f", bytes.fromhex(line.split(": ")[1]))[0] for line in lines[1:]}
    assert list(scales) == ["picture", "a", "heat", "b", "c", "scores"]
    assert scales["picture"] == pytest.approx(np.abs(pictures).max() / 127)
    exact = session.run(session.build(networks.small(), (), [(1, 4, 4)]), {"picture": pictures})
    found = session.run(plan, {"picture": pictures})
    for name in exact:
        error = np.abs(exact[name] - found[name]).max()
        assert 1e-4 < error < 0.05 * np.abs(exact[name]).max()


def test_a_cache_spares_the_pictures(on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on()
    first = Calibrator(session, [pictures])
    one = session.build(networks.small(4), FLAGS, int8_calibrator=first.it)
    again = Calibrator(session, [], kept=first.kept)
    two = session.build(networks.small(4), FLAGS, int8_calibrator=again.it)
    assert again.asked == ["size", "read"] and session.logged("Reading Calibration Cache")
    feed = {"picture": pictures}
    np.testing.assert_array_equal(session.run(one, feed)["scores"], session.run(two, feed)["scores"])


def test_another_calibrators_cache_is_not_taken(on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on()
    calibrator = Calibrator(session, [pictures], kept=b"TRT-8502-MinMaxCalibration\npicture: 3c010a14\n")
    assert session.build(networks.small(4), FLAGS, int8_calibrator=calibrator.it) is not None
    assert calibrator.asked[-1] == "write"
    assert session.logged("Calibration table does not match calibrator algorithm type.", "ERROR")


def test_no_pictures_no_plan(on: Callable[..., Any]) -> None:
    session = on()
    assert session.build(networks.small(4), FLAGS, int8_calibrator=Calibrator(session, []).it) is None
    assert session.logged("no scaling factors detected", "ERROR")


def test_tensors_that_the_cache_lacks_are_told(on: Callable[..., Any]) -> None:
    session = on()
    calibrator = Calibrator(session, [], kept=b"TRT-8502-EntropyCalibration2\npicture: 3c010a14\n")
    assert session.build(networks.small(4), FLAGS, int8_calibrator=calibrator.it) is not None
    assert session.logged("Missing scale and zero-point for tensor b", "WARNING")


def test_ranges_by_hand(on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on()
    builder, network, config = session.parsed(networks.small(4))
    config.set_flag(session.trt.BuilderFlag.INT8)
    for tensor in (network.get_input(0), network.get_layer(2).get_output(0)):
        assert tensor.set_dynamic_range(-4.0, 4.0)
    assert network.get_input(0).dynamic_range == (-4.0, 4.0)
    found = session.run(bytes(builder.build_serialized_network(network, config)), {"picture": pictures})
    exact = session.run(session.build(networks.small(4)), {"picture": pictures})
    assert 1e-4 < np.abs(found["heat"] - exact["heat"]).max() < 0.2


def test_slow_int8_is_warned_of(on: Callable[..., Any], pictures: np.ndarray) -> None:
    session = on("8.2", "nano")
    builder = session.trt.Builder(session.logger)
    assert builder.platform_has_fast_fp16 and not builder.platform_has_fast_int8
    calibrator = Calibrator(session, [pictures])
    assert session.build(networks.small(4), FLAGS, int8_calibrator=calibrator.it) is not None
    assert session.logged("hardware without native Int8 support", "WARNING")


RAISES = """
import sys
import tensorrt as trt
class Calibrator(trt.IInt8EntropyCalibrator2):
    def __init__(self): trt.IInt8EntropyCalibrator2.__init__(self)
    def get_batch_size(self): return 4
    def get_batch(self, names): raise ValueError("the pictures are gone")
    def read_calibration_cache(self): return None
    def write_calibration_cache(self, cache): pass
logger = trt.Logger(trt.Logger.ERROR)
builder = trt.Builder(logger)
network = builder.create_network(1)
assert trt.OnnxParser(network, logger).parse(open(sys.argv[1], "rb").read())
config = builder.create_builder_config()
config.set_flag(trt.BuilderFlag.INT8)
config.int8_calibrator = Calibrator()
print("plan", builder.build_serialized_network(network, config))
"""


@pytest.mark.parametrize("version, status", [("8.2", -6), ("8.5", 0)])
def test_a_callback_that_raises_ends_the_process_on_8_2(version: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "small.onnx").write_bytes(networks.small(4))
    done = subprocess.run(
        [sys.executable, "-c", RAISES, str(tmp_path / "small.onnx")],
        env=TensorRT(version, "xavier-nx", tmp_path).environment(),
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == status, done.stderr
    assert "the pictures are gone" in done.stderr
    assert (done.stdout == "plan None\n") == (status == 0)
