"""Real bindings, where pip has them for this machine: what they have and do is what the double has and does.

TensorRT-RTX 1.x is of TensorRT 11's kind: same classes, without the DLA's and plugins' parts.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from scripts.servers import ROOT
from tests.simulation.tensorrt import networks, real_bindings
from tests.simulation.tensorrt.test_names import LACKING

# What TensorRT 11.1 has and RTX leaves out.
RTX_LACKS = {
    "Builder": {"build_engine_with_config"},
    "IBuilderConfig": {"remote_auto_tuning_config", "all_build_routes", "build_route"},
    "IGpuAllocator": {"allocate", "deallocate", "free"},
    "INetworkDefinition": {"has_implicit_batch_dimension", "serialize", "has_explicit_precision"},
    "ITensor": {"broadcast_across_batch", "location"},
    "NetworkDefinitionCreationFlag": {"PREFER_AOT_PYTHON_PLUGINS", "PREFER_JIT_PYTHON_PLUGINS"},
}

TOLD = """
import json, sys
import tensorrt_rtx_bindings as trt
classes = {}
for name in dir(trt):
    kind = getattr(trt, name)
    if isinstance(kind, type):
        classes[name] = sorted(set(dir(kind)))
shape = trt.Dims((1, 3, 4))
try:
    shape == trt.Dims((1, 3, 4)); compared = "no error"
except TypeError as error:
    compared = "TypeError"
class Quiet(trt.ILogger):
    def __init__(self): pass
    def log(self, severity, message): pass
try:
    Quiet(); made = "no error"
except TypeError as error:
    made = str(error)
logger = trt.Logger(trt.Logger.INTERNAL_ERROR)
builder = trt.Builder(logger)
network = builder.create_network(0)
config = builder.create_builder_config()
def refused(act):
    try:
        act()
    except Exception as error:
        return type(error).__name__
parser = trt.OnnxParser(network, logger)
broken = parser.parse(b"no network"), parser.num_errors, parser.get_error(0).code().name, parser.get_error(0).node()
network = builder.create_network(0)
assert trt.OnnxParser(network, logger).parse(open(sys.argv[1], "rb").read())
layers = [(network.get_layer(n).name, network.get_layer(n).type.name) for n in range(network.num_layers)]
print(json.dumps({
    "classes": classes,
    "dims": [shape == (1, 3, 4), repr(shape), compared, isinstance(shape, tuple), list(shape[1:])],
    "enum": [trt.DataType.FLOAT == 0, repr(trt.DataType.HALF), str(trt.DataType.HALF), int(trt.DataType.INT64)],
    "made": made.split(".")[-1],
    "refused": [
        refused(lambda: setattr(config, "int8_calibrator", None)), refused(lambda: config.set_flag(0)),
        refused(lambda: len(config)), refused(lambda: builder.create_network("1")),
    ],
    "broken": broken,
    "layers": layers,
    "shape": [list(network.get_input(0).shape), network.get_input(0).dtype.name, network.get_input(0).name],
    "outside": [network.get_layer(99) is None, network.get_output(99) is None],
}))
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Any]:
    """What TensorRT-RTX's own bindings tell of themselves."""
    found = subprocess.run([str(ROOT / "scripts" / "rtx_python")], capture_output=True, text=True, timeout=170)
    if found.returncode:
        words = found.stderr.strip().splitlines()[-1:] or ["scripts/rtx_python has no TensorRT-RTX for this machine"]
        if os.environ.get("CI") and found.returncode != 3:
            pytest.fail(words[0])
        pytest.skip(words[0])
    path: Path = tmp_path_factory.mktemp("rtx") / "small.onnx"
    path.write_bytes(networks.small(1))
    done = subprocess.run(
        [found.stdout.strip(), "-c", TOLD, str(path)], capture_output=True, text=True, timeout=170
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: Dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_the_doubles_names_are_real_ones(real: Dict[str, Any], on: Callable[..., Any]) -> None:
    trt = on("11.1", "pc").trt
    for name, kind in vars(trt).items():
        if not isinstance(kind, type):
            continue
        assert name in real["classes"], name
        own = set(getattr(kind, "__members__", {})) or {
            n for base in kind.__mro__ if base.__module__ == "tensorrt.tensorrt" for n in vars(base)
        }
        own = {n for n in own if not n.startswith("_")} - RTX_LACKS.get(name, set())
        assert own <= set(real["classes"][name]), (name, own - set(real["classes"][name]))


def test_the_double_behaves_like_the_real_ones(real: Dict[str, Any], on: Callable[..., Any]) -> None:
    session = on("11.1", "pc")
    trt = session.trt
    shape = trt.Dims((1, 3, 4))
    with pytest.raises(TypeError):
        shape == trt.Dims((1, 3, 4))  # noqa: B015 - is the test
    dims = [shape == (1, 3, 4), repr(shape), "TypeError", isinstance(shape, tuple), list(shape[1:])]
    assert dims == real["dims"]
    kinds = trt.DataType
    assert [kinds.FLOAT == 0, repr(kinds.HALF), str(kinds.HALF), int(kinds.INT64)] == real["enum"]

    class Quiet(trt.ILogger):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            pass

    with pytest.raises(TypeError) as caught:
        Quiet()
    assert str(caught.value).split(".")[-1] == real["made"]
    builder, network, config = session.parsed(networks.small(1))
    refused = []
    for act in (
        lambda: setattr(config, "int8_calibrator", None),
        lambda: config.set_flag(0),
        lambda: len(config),
        lambda: builder.create_network("1"),
    ):
        with pytest.raises((AttributeError, TypeError)) as seen:
            act()
        refused.append(seen.type.__name__)
    assert refused == real["refused"]
    parser = trt.OnnxParser(session.empty()[1], session.logger)
    error = parser.parse(b"no network"), parser.num_errors, parser.get_error(0).code().name, parser.get_error(0).node()
    assert list(error) == real["broken"]
    told = network.get_input(0)
    assert [list(told.shape), told.dtype.name, told.name] == real["shape"]
    assert [network.get_layer(99) is None, network.get_output(99) is None] == real["outside"]
    # The real one has the sigmoid's and the convolutions' weights as layers of their own.
    layers = [tuple(layer) for layer in real["layers"] if layer[1] != "CONSTANT"]
    mine = [network.get_layer(n) for n in range(network.num_layers)]
    assert [(layer.name, layer.type.name) for layer in mine] == layers


@pytest.fixture(scope="module", params=["8.6", "10.3"])
def runtime(request: pytest.FixtureRequest) -> Any:
    """A version, and what its own bindings of the run time tell."""
    try:
        return request.param, real_bindings.told(request.param)
    except LookupError as error:
        pytest.skip(f"TensorRT {request.param}'s bindings cannot be had: {error}")


def test_the_run_times_names_are_its_bindings(runtime: Any, on: Callable[..., Any]) -> None:
    version, real = runtime
    trt = on(version, "pc").trt
    compared = 0
    for name in ("Runtime", "ICudaEngine", "IExecutionContext", "IHostMemory", "Logger", "IPluginRegistry"):
        kind = getattr(trt, name)
        own = {n for n in dir(kind) if not n.startswith("_")}
        theirs = {n for n in real["names"][name] if not n.startswith("_")}
        assert own <= theirs, (name, own - theirs)
        assert theirs <= own | LACKING.get(name, set()), (name, theirs - own)
        compared += len(theirs)
    assert compared > 100


def test_the_enumerations_numbers_are_the_real_ones(runtime: Any, on: Callable[..., Any]) -> None:
    version, real = runtime
    trt = on(version, "pc").trt
    for name, members in real["members"].items():
        if hasattr(trt, name):
            kind = getattr(trt, name)
            assert {word: int(member) for word, member in kind.__members__.items()} == members, name
