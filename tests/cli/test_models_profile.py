"""`edge models profile` and `edge models bench`, on a simulated TensorRT and on ONNX Runtime."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from edge.cli.models_svg import bars
from tests.cli.engines_site import Board

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_layers_the_longest_first_and_as_a_picture(board: Board, tmp_path: Path) -> None:
    picture = tmp_path / "layers.svg"
    said = board.run("profile", "person", "--runs", "3", "--svg", str(picture))
    assert "person gpu fp16: building\n" in said and "person on gpu fp16: " in said and "the mean of 3 runs" in said
    lines = said[said.index(" MS ") :].splitlines()[1:31]
    times = [float(line.split()[0]) for line in lines]
    assert times == sorted(times, reverse=True) and all("GPU FP16" in line for line in lines)
    assert "--all lists them" in said and said.endswith(f"picture: {picture}\n")
    root = ElementTree.parse(picture).getroot()
    titles = [title.text or "" for title in root.iter(_SVG + "title")]
    assert len(titles) > 40 and all(" GPU " in title for title in titles)
    assert "building" not in board.run("profile", "person", "--runs", "1")


def test_profile_as_json_for_each_device(board: Board) -> None:
    words = ("profile", "person", "--runs", "2", "--device", "dla", "--precision", "fp16", "--batch", "1")
    (lane,) = board.json(*words)["lanes"]
    assert (lane["device"], lane["precision"], lane["runs"]) == ("dla:0", "fp16", 2)
    on_dla = [layer for layer in lane["layers"] if layer["device"] == "DLA"]
    assert on_dla and len(on_dla) >= len(lane["layers"]) - 3  # what is left takes the tensors there and back
    assert sum(layer["share"] for layer in lane["layers"]) == pytest.approx(1.0)
    assert lane["total_ms"] == pytest.approx(sum(layer["ms"] for layer in lane["layers"]), abs=1e-3)
    (lane,) = board.json("profile", "person", "--runs", "2", "--backend", "onnxruntime")["lanes"]
    assert lane["device"] == "cpu" and len(lane["layers"]) > 20


def test_bench_tells_the_same_figures_of_every_backend(board: Board) -> None:
    for words, device, backend in (([], "gpu", "tensorrt"), (["--backend", "onnxruntime"], "cpu", "onnxruntime")):
        (lane,) = board.json("bench", "person", "--seconds", "1", *words)["lanes"]
        assert (lane["device"], lane["backend"]) == (device, backend) and lane["queries"] >= 10
        assert lane["pictures_per_s"] == pytest.approx(lane["throughput"] * lane["batch"])
        for key in ("latency", "compute"):
            figures = lane[key]
            assert 0 < figures["min"] <= figures["median"] <= figures["p90"] <= figures["p99"] <= figures["max"]
        assert lane["latency"]["mean"] == pytest.approx(sum(lane[key]["mean"] for key in ("h2d", "compute", "d2h")))


def test_bench_in_words(board: Board) -> None:
    said = board.run("bench", "person", "--seconds", "1", "--device", "dla", "--precision", "fp16")
    for device in ("dla:0", "dla:1"):
        assert f"person on {device} fp16 (tensorrt, 1x3x288x384): " in said
    assert "runs/s" in said and "1 picture each" in said and "copy to the device" in said and "MEDIAN" in said
    said = board.run("bench", "person", "--seconds", "1", "--backend", "onnxruntime")
    assert "copy" not in said and "latency" in said


def test_the_configuration_says_what_is_measured(board: Board) -> None:
    board.configure({"people": {"spec": "person", "backend": "onnxruntime", "batch": 2}})
    (lane,) = board.json(*board.with_config("bench", "people"), "--seconds", "1")["lanes"]
    assert (lane["device"], lane["batch"]) == ("cpu", 2)


def test_what_cannot_be_is_one_line(board: Board, tmp_path: Path) -> None:
    board.tensorrt.order("deserialize none bad magic number")
    assert "bad magic number" in board.run("bench", "person", status=1)
    board.tensorrt.order()
    said = board.run("profile", "person", "--runs", "1", "--svg", str(tmp_path / "no" / "x.svg"), status=1)
    assert said.endswith("x.svg cannot be written: no such file or directory")


def test_names_cannot_break_the_picture() -> None:
    layer = {"name": "a<b>&\033[2J" + "x" * 100, "ms": 0.0, "share": 0.0, "device": "DLA", "type": "", "precision": ""}
    profile = {"device": "dla:0", "precision": "fp16", "runs": 1, "layers": [layer]}
    root = ElementTree.fromstring(bars("a & b", [profile, {**profile, "layers": []}]))
    assert [title.text for title in root.iter(_SVG + "title")] == ["a<b>&?[2J" + "x" * 100 + " DLA"]
