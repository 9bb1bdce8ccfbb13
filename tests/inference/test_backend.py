"""ONNX Runtime as a backend: shapes, batches, and what it says of networks that do not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

import numpy as np
import pytest

from edge.errors import EngineError, Incompatible
from edge.inference.backends import open_backend
from scripts.servers import ROOT
from tests.inference import networks

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

OPTIONS = {"threads": 1, "batch": 4}
Shape = Sequence[Union[int, str]]


def identity(to: Path, shapes: List[Shape], kind: int = onnx.TensorProto.FLOAT) -> Path:
    """A network that gives back what it gets; with several inputs, each of them."""
    names = [f"in{n}" for n in range(len(shapes))]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", [name], ["out" + name]) for name in names],
        "identity",
        [onnx.helper.make_tensor_value_info(n, kind, s) for n, s in zip(names, shapes)],
        [onnx.helper.make_tensor_value_info("out" + n, kind, s) for n, s in zip(names, shapes)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    model.ir_version = 6
    onnx.save(model, str(to))
    return to


def order(path: Path, **input: Any) -> Dict[str, Any]:
    return {"name": "m", "onnx": str(path), "input": input, "output": {}, "labels": ["x"]}


def test_a_batch_of_the_networks_own(tmp_path: Path) -> None:
    backend = open_backend("onnxruntime", order(identity(tmp_path / "n.onnx", [[2, 3, 8, 16]])), OPTIONS)
    assert (backend.input_shape, backend.size, backend.batch) == ((2, 3, 8, 16), (16, 8), 2)
    slot = backend.slot()
    slot.input[0] = 7
    slot.input[1] = 9
    backend.enqueue(slot, 1)
    out = backend.wait(slot)["outin0"]
    assert out.shape == (1, 3, 8, 16), "a row for each picture, and none for the place that was left over"
    assert np.all(out == 7)


@pytest.mark.parametrize("batch", ["n", -1])
def test_an_open_batch_runs_as_many_as_there_are(tmp_path: Path, batch: Any) -> None:
    backend = open_backend("onnxruntime", order(identity(tmp_path / "n.onnx", [[batch, 3, 8, 16]])), OPTIONS)
    assert backend.batch == 4
    slots = [backend.slot(), backend.slot()]
    for count in (1, 3, 4):
        for number, slot in enumerate(slots):
            slot.input[:] = np.arange(4).reshape(4, 1, 1, 1) + 10 * number
            backend.enqueue(slot, count)
        for number, slot in enumerate(slots):
            out = backend.wait(slot)["outin0"]
            assert out[:, 0, 0, 0].tolist() == [n + 10 * number for n in range(count)]


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (onnx.TensorProto.FLOAT, np.float32),
        (onnx.TensorProto.FLOAT16, np.float16),
        (onnx.TensorProto.UINT8, np.uint8),
    ],
)
def test_types_of_input(tmp_path: Path, kind: int, dtype: Any) -> None:
    backend = open_backend("onnxruntime", order(identity(tmp_path / "n.onnx", [[1, 3, 4, 4]], kind)), OPTIONS)
    slot = backend.slot()
    assert backend.dtype == dtype and slot.input.dtype == dtype
    backend.enqueue(slot, 1)
    assert backend.wait(slot)["outin0"].dtype == dtype


def test_channels_last(tmp_path: Path) -> None:
    path = identity(tmp_path / "n.onnx", [[1, 8, 16, 3]])
    backend = open_backend("onnxruntime", order(path, layout="nhwc"), OPTIONS)
    assert (backend.input_shape, backend.size) == ((1, 8, 16, 3), (16, 8))
    with pytest.raises(Incompatible, match=r"channels.*layout"):
        open_backend("onnxruntime", order(path), OPTIONS)


def test_an_open_size_is_taken_from_the_model_file(tmp_path: Path) -> None:
    path = identity(tmp_path / "n.onnx", [["n", 3, "h", "w"]])
    backend = open_backend("onnxruntime", order(path, size=[64, 32]), OPTIONS)
    assert (backend.input_shape, backend.size) == ((4, 3, 32, 64), (64, 32))
    with pytest.raises(Incompatible, match=r"input\.size"):
        open_backend("onnxruntime", order(path), OPTIONS)


def test_a_size_that_is_not_the_networks(tmp_path: Path) -> None:
    path = identity(tmp_path / "n.onnx", [[1, 3, 8, 16]])
    with pytest.raises(Incompatible, match="8"):
        open_backend("onnxruntime", order(path, size=[16, 9]), OPTIONS)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [([[1, 3, 8, 8], [1, 1]], "2 inputs"), ([[1, 100]], "4 dimensions"), ([[1, 1, 8, 8]], "channels of 1")],
)
def test_inputs_that_are_no_picture(tmp_path: Path, shapes: List[Shape], words: str) -> None:
    path = identity(tmp_path / "n.onnx", shapes)
    with pytest.raises(Incompatible, match=words) as caught:
        open_backend("onnxruntime", order(path), OPTIONS)
    assert str(path) in str(caught.value)


def test_an_input_of_another_type(tmp_path: Path) -> None:
    path = identity(tmp_path / "n.onnx", [[1, 3, 8, 8]], onnx.TensorProto.INT64)
    with pytest.raises(Incompatible, match="int64"):
        open_backend("onnxruntime", order(path), OPTIONS)


@pytest.mark.parametrize("content", [None, b"", b"\x08\x07garbage", b"<html>" * 100])
def test_a_file_that_is_no_network_is_named_on_one_line(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "broken.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.onnx") as caught:
        open_backend("onnxruntime", order(path), OPTIONS)
    assert "\n" not in str(caught.value)


def test_a_run_that_fails_is_an_engine_error_and_the_next_may_succeed(tmp_path: Path) -> None:
    path = networks.fragile(tmp_path / "fragile.onnx")
    backend = open_backend("onnxruntime", order(path, color="gray"), OPTIONS)
    slot = backend.slot()
    slot.input[:] = 1.0
    backend.enqueue(slot, 1)
    with pytest.raises(EngineError) as caught:
        backend.wait(slot)
    assert "\n" not in str(caught.value)
    slot.input[:] = 0.1
    backend.enqueue(slot, 1)
    assert backend.wait(slot)["scores"].shape == (1, 1, 1)


def test_nobody_is_told_what_runs_here(tmp_path: Path) -> None:
    # ONNX Runtime keeps a database and a temporary file for what it tells its maker of, where that is not turned off.
    path, home = networks.brightness(tmp_path / "n.onnx"), tmp_path / "home"
    home.mkdir()
    code = (
        "import os, sys\n"
        "from edge.inference.backends import open_backend\n"
        "open_backend('onnxruntime', {'onnx': sys.argv[1], 'input': {'color': 'gray'}}, {})\n"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    environment.update(HOME=str(home), TMPDIR=str(home), PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    subprocess.run([sys.executable, "-c", code, str(path)], env=environment, check=True, timeout=100)
    assert list(home.rglob("*")) == []


def test_an_unknown_backend_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="abacus"):
        open_backend("abacus", order(tmp_path / "n.onnx"), OPTIONS)
