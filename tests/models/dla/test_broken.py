"""What is no network, or a broken one, is told in one line; a large one is planned in no time."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from edge.errors import EdgeError, ModelError
from edge.models.dla.plan import plan
from tests.models.dla.networks import Net, chain, mobilenet_v2, yolov5s


def survives(path: Path, data: bytes) -> bool:
    """Whether there is a plan for these bytes; if not, it is one line that names the file."""
    path.write_bytes(data)
    try:
        plan(path, "xavier-nx")
    except EdgeError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error) and len(str(error)) < 400
        return False
    return True


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    net, outputs = yolov5s()
    return net.save(tmp_path, *outputs).read_bytes()


def test_a_truncated_file(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    assert survives(path, whole)
    for length in [0, 1, 7, *range(11, len(whole), len(whole) // 60), len(whole) - 1]:
        assert not survives(path, whole[:length]), length


@pytest.mark.parametrize("seed", range(6))
def test_a_file_with_wrong_bytes(seed: int, whole: bytes, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = tmp_path / "wrong.onnx"
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 30))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        survives(path, bytes(data))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (b"<html><body>404</body></html>" * 30, "no ONNX file"),
        (bytes(4096), "no ONNX file"),
    ],
)
def test_what_is_no_network(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=words):
        plan(path, "xavier-nx")
    with pytest.raises(ModelError, match="no such file"):
        plan(tmp_path / "none.onnx", "xavier-nx")
    with pytest.raises(ModelError, match="directory"):
        plan(tmp_path, "xavier-nx")


def test_attributes_and_inputs_that_no_operator_takes(tmp_path: Path) -> None:
    net = Net(x=[1, 8, 16, 16])
    weights = net.weights(8, 8, 3, 3)
    net.Conv("x", weights, strides=[1])
    net.Conv("x", weights, pads=[1, 1])
    net.Conv("x", weights, group="many")
    net.Conv("x", weights, kernel_shape=3)
    net.Conv("x")
    net.MaxPool("x")
    net.Concat("x", "x", axis="one")
    net.Transpose("x", perm="turned")
    net.Clip("x", "nobody", "makes_this")
    net.Resize("x")
    net.Gemm("x")
    net.LRN("x")
    net.Slice("x", net.constant([0]), net.constant([]))
    outputs = [node.output[0] for node in net.nodes]
    placement = plan(net.save(tmp_path, *outputs), "orin-nx", "10.3")
    assert {layer.verdict for layer in placement.layers} == {"no"}
    assert all(layer.reason for layer in placement.layers)


@pytest.mark.parametrize("attribute", ["strides", "dilations", "kernel_shape"])
def test_zeros_that_end_some_releases_of_onnx(attribute: str, tmp_path: Path) -> None:
    net = Net(x=[1, 8, 16, 16])
    net.Conv("x", net.weights(8, 8, 3, 3), auto_pad="SAME_UPPER", **{attribute: [0, 0]})
    with pytest.raises(ModelError, match=f"net.onnx: layer 'Conv_0' .* has {attribute} of 0 or less"):
        plan(net.save(tmp_path), "xavier-nx")


def test_a_network_that_runs_in_a_circle(tmp_path: Path) -> None:
    net = Net(x=[1, 8, 4, 4])
    net.Add("x", "Relu_1:out")
    net.Relu("Add_0:out")
    with pytest.raises(ModelError, match="in a circle"):
        plan(net.save(tmp_path), "xavier-nx")


def test_without_onnx_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Net(x=[1, 3]).save(tmp_path, "x")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match="pip install"):
        plan(path, "xavier-nx")


@pytest.mark.parametrize("batch", [1, "batch"])
def test_two_thousand_layers_are_planned_in_seconds(batch: Any, tmp_path: Path) -> None:
    net, outputs = chain(2000, batch)
    path = net.save(tmp_path, *outputs)
    started = time.process_time()
    placement = plan(path, "xavier-nx")
    assert len(placement.layers) == 2000 and placement.switches == 399
    assert time.process_time() - started < 5.0


def test_weights_are_not_loaded(tmp_path: Path) -> None:
    """A network whose weights lie beside it is planned without them."""
    net, outputs = mobilenet_v2()
    path = net.save(tmp_path, *outputs)
    (tmp_path / "zeros.bin").unlink()
    assert plan(path, "xavier-nx", "8.5").dla_share == 1.0
