"""What can be calibrated, by how many pictures, and what of engines was put aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import pytest

from edge.errors import EngineError, ModelError
from edge.models.calibrate import MOST_BYTES, bounded, check, item_bytes, quantized
from edge.models.engines.aside import put_aside, remove_put_aside
from edge.models.engines.cache import Cache
from edge.models.engines.platform import Platform
from edge.models.folders import installed_models

onnx = pytest.importorskip("onnx")

XAVIER = Platform("8.5.2.2", gpu="Xavier", fast_fp16=True, fast_int8=True)


def network(path: Path, *operators: str) -> Path:
    helper = onnx.helper
    nodes, last = [], "input"
    for place, operator in enumerate(operators):
        given = [last, "scale"] if "Linear" in operator else [last]
        last = f"t{place}"
        nodes.append(helper.make_node(operator, given, [last]))
    value = helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, [1, 3, 4, 4])
    result = helper.make_tensor_value_info(last, onnx.TensorProto.FLOAT, None)
    scale = helper.make_tensor("scale", onnx.TensorProto.FLOAT, [], [0.1])
    onnx.save(helper.make_model(helper.make_graph(nodes, "QuantizeLinear", [value], [result], [scale])), str(path))
    return path


def test_a_network_with_q_dq_nodes_is_known(tmp_path: Path) -> None:
    assert quantized(network(tmp_path / "a.onnx", "QuantizeLinear", "DequantizeLinear", "Relu"))
    assert not quantized(network(tmp_path / "b.onnx", "Relu", "Sigmoid"))
    assert not quantized(installed_models() / "person" / "person.onnx")
    (tmp_path / "c.onnx").write_text("no network at all")
    for name in ("c.onnx", "none.onnx"):
        with pytest.raises(ModelError, match=name):
            quantized(tmp_path / name)


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        (XAVIER._replace(fast_int8=False, gpu="NVIDIA Tegra X1"), "people: NVIDIA Tegra X1 has no fast INT8"),
        (XAVIER._replace(tensorrt="11.1.0.106", fast_int8=None), "people: TensorRT 11.1.0.106 calibrates nothing"),
        (XAVIER._replace(module="tensorrt_rtx"), "export the network with Q/DQ"),
    ],
)
def test_where_nothing_can_be_calibrated(platform: Platform, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        check("people", platform)


def test_where_it_can(tmp_path: Path) -> None:
    check("people", XAVIER)
    check("people", XAVIER._replace(fast_int8=None))


@pytest.mark.parametrize(
    ("input", "size", "pictures"),
    [
        ({"size": [640, 640], "color": "rgb"}, 640 * 640 * 3, 500),
        ({"size": [640, 640], "color": "gray"}, 640 * 640, 500),
        ({"size": [4096, 4096]}, 4096 * 4096 * 3, MOST_BYTES // (4096 * 4096 * 3)),
        ({"size": [9999, 9999]}, 9999 * 9999 * 3, 3),
    ],
)
def test_what_is_stored_is_bounded(input: Dict[str, Any], size: int, pictures: int) -> None:
    assert item_bytes(input) == size and bounded(500, input) == pictures


def test_what_was_put_aside_is_listed_and_removed(tmp_path: Path) -> None:
    assert put_aside(tmp_path) == [] and remove_put_aside(tmp_path) == 0
    cache = Cache(tmp_path)
    for key, reason in (("a" * 64, "it is not\nwhat was built"), ("b" * 64, "it did not load")):
        (tmp_path / f"{key}.plan").write_bytes(bytes(100))
        cache.put_aside(key, reason)
    found = {one.key: one for one in put_aside(tmp_path)}
    assert set(found) == {"a" * 64, "b" * 64}
    assert found["a" * 64].reason == "it is not what was built" and found["a" * 64].bytes > 100
    assert remove_put_aside(tmp_path) == sum(one.bytes for one in found.values())
    assert put_aside(tmp_path) == []
