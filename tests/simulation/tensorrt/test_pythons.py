"""JetPack 4.6's Python 3.6 with TensorRT 8.2, and JetPack 5's 3.8 with 8.5: from a network to numbers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from tests.simulation.tensorrt import networks
from tests.simulation.tensorrt.setting import TensorRT

SCRIPT = """
import json, sys
import numpy as np
import pycuda.driver as cuda
import tensorrt as trt
cuda.init()
context = cuda.Device(0).retain_primary_context()
context.push()
logger = trt.Logger(trt.Logger.WARNING)
builder = trt.Builder(logger)
network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH))
assert trt.OnnxParser(network, logger).parse(open(sys.argv[1], "rb").read())
config = builder.create_builder_config()
config.max_workspace_size = 64 << 20
pictures = np.load(sys.argv[2])
class Calibrator(trt.IInt8EntropyCalibrator2):
    def __init__(self):
        trt.IInt8EntropyCalibrator2.__init__(self)
        self.memory = cuda.to_device(pictures)
        self.batches = [int(self.memory)]
    def get_batch_size(self): return len(pictures)
    def get_batch(self, names): return [self.batches.pop()] if self.batches else None
    def read_calibration_cache(self): return None
    def write_calibration_cache(self, cache): print(bytes(cache).decode().splitlines()[0])
if "fp16" in sys.argv:
    config.set_flag(trt.BuilderFlag.FP16)
if "int8" in sys.argv:
    config.set_flag(trt.BuilderFlag.INT8)
    config.int8_calibrator = calibrator = Calibrator()
engine = trt.Runtime(logger).deserialize_cuda_engine(builder.build_serialized_network(network, config))
execution = engine.create_execution_context()
stream = cuda.Stream()
host = [cuda.pagelocked_empty(tuple(engine.get_binding_shape(n)), np.float32) for n in range(engine.num_bindings)]
device = [cuda.mem_alloc(array.nbytes) for array in host]
host[0][...] = pictures
cuda.memcpy_htod_async(device[0], host[0], stream)
assert execution.execute_async_v2([int(memory) for memory in device], stream.handle)
for array, memory in zip(host[1:], device[1:]):
    cuda.memcpy_dtoh_async(array, memory, stream)
stream.synchronize()
np.savez(sys.argv[3], **{engine[n]: host[n] for n in range(1, len(host))})
context.pop()
names = hasattr(engine, "num_io_tensors")
print(json.dumps({"version": trt.__version__, "python": sys.version_info[:2], "names": names}))
"""


def run(python: Path, double: TensorRT, tmp_path: Path, pictures: np.ndarray, *words: str) -> Any:
    (tmp_path / "small.onnx").write_bytes(networks.small(4))
    np.save(tmp_path / "pictures.npy", pictures)
    files = [str(tmp_path / name) for name in ("small.onnx", "pictures.npy", "found.npz")]
    return subprocess.run(
        [str(python), "-W", "error::DeprecationWarning:__main__", "-c", SCRIPT, *files, *words],
        env=double.environment(),
        capture_output=True,
        text=True,
        timeout=150,
    )


@pytest.mark.parametrize(
    "python, version, board", [("3.6-tensorrt", "8.2", "nano"), ("3.8", "8.5", "xavier-nx")]
)  # fmt: skip
def test_on_the_boards_python(
    python: str, version: str, board: str, request: pytest.FixtureRequest, tmp_path: Path, pictures: np.ndarray
) -> None:
    path: Path = request.getfixturevalue({"3.6-tensorrt": "python36_tensorrt", "3.8": "python38"}[python])
    double = TensorRT(version, board, tmp_path)
    double.skip_without(path)
    session = onnxruntime.InferenceSession(networks.small(4), providers=["CPUExecutionProvider"])
    exact = dict(zip(("scores", "heat"), session.run(None, {"picture": pictures})))
    full, number = {"8.2": ("8.2.1.8", 8201), "8.5": ("8.5.2.2", 8502)}[version]
    for words, low, high in (((), 0, 1e-5), (("fp16",), 1e-6, 5e-3), (("int8",), 1e-4, 0.1)):
        done = run(path, double, tmp_path, pictures, *words)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        told = {"version": full, "python": [3, int(python[2])], "names": version != "8.2"}
        assert json.loads(lines[-1]) == told
        assert (lines[0] == f"TRT-{number}-EntropyCalibration2") == (words == ("int8",))
        found = np.load(tmp_path / "found.npz")
        for name, value in exact.items():
            assert low <= np.abs(found[name] - value).max() <= high
