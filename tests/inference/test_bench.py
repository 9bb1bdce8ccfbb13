"""trtexec's figures and each layer's time: of ONNX Runtime, and what makes trtexec warn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import pytest

from edge.errors import EngineError
from edge.inference.bench import bench, percentile, warnings
from edge.inference.profile import profile
from tests.inference import networks

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


class Times(NamedTuple):
    enqueue: float = 0.1
    h2d: float = 0.1
    compute: float = 1.0
    d2h: float = 0.1


def order(folder: Path, **more: Any) -> Dict[str, Any]:
    model = networks.order(networks.brightness(folder / "n.onnx", work=2))
    return {"model": model, "options": {"backend": "onnxruntime", "threads": 1, "batch": 2}, **more}


def test_figures_hang_together(tmp_path: Path) -> None:
    sent: List[Dict[str, Any]] = []
    found = bench(order(tmp_path, seconds=0.6, warm_up=0.05), sent.append)
    assert (found["op"], found["backend"], found["batch"]) == ("bench", "onnxruntime", 2)
    assert found["queries"] >= 10 and found["seconds"] >= 0.6
    assert found["throughput"] == pytest.approx(found["queries"] / found["seconds"], rel=0.01)
    assert found["pictures_per_s"] == pytest.approx(2 * found["throughput"])
    for name in ("latency", "compute"):
        each = [found[name][key] for key in ("min", "median", "p90", "p95", "p99", "max")]
        assert each[0] > 0 and each == sorted(each)
    assert found["latency"] == found["compute"], "no copies on the processor"
    assert all(message["op"] == "progress" and 0 <= message["done"] <= 1 for message in sent) and sent


def test_ten_queries_at_least(tmp_path: Path) -> None:
    assert bench(order(tmp_path, seconds=0.001, warm_up=0.001), lambda message: None)["queries"] == 10


@pytest.mark.parametrize(("p", "expected"), [(99, 98), (90, 89), (50, 49), (100, 99), (0, 0)])
def test_percentiles_are_trtexecs(p: float, expected: float) -> None:
    assert percentile(list(range(100)), p) == expected
    assert percentile([7.0], p) == 7.0


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([Times()] * 20, []),
        ([Times(enqueue=0.9)] * 20, ["the processor may be the bound"]),
        ([Times(h2d=1.5)] * 20, ["copies to the device"]),
        ([Times(d2h=1.5)] * 20, ["copies from the device"]),
        ([Times(compute=1.0), Times(compute=1.1)] * 10, ["not stable"]),
    ],
)
def test_what_trtexec_warns_of(times: List[Times], words: List[str]) -> None:
    found = warnings(times, on_host=False)
    assert len(found) == len(words) and all(word in line for word, line in zip(words, found)), found


def test_the_layers_of_a_network(tmp_path: Path) -> None:
    sent: List[Dict[str, Any]] = []
    found = profile(order(tmp_path, runs=3), sent.append)
    assert found["op"] == "profile" and found["runs"] == 3 and sent[0]["phase"] == "profile"
    assert sum(layer["share"] for layer in found["layers"]) == pytest.approx(1)
    assert [layer["name"] for layer in found["layers"] if "Conv" in layer["name"] or "c1" in layer["name"]]
    assert list(tmp_path.glob("*.json")) == [], "what ONNX Runtime writes goes away"


def test_a_provider_that_is_not_there(tmp_path: Path) -> None:
    asked = order(tmp_path)
    asked["options"]["provider"] = "cuda"
    with pytest.raises(EngineError, match="pip install onnxruntime-gpu"):
        bench(asked, lambda message: None)
