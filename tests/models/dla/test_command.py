"""``edge models plan``: what it prints, in colours and without, as JSON, and what it refuses."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, Callable, List

import pytest

from edge.cli import models_plan
from edge.cli.terminal import visible
from edge.errors import EdgeError
from tests.models.dla.networks import Net, resnet50, yolov5s

Run = Callable[..., List[str]]


@pytest.fixture
def run(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    parser = argparse.ArgumentParser()
    models_plan.add_parser(parser.add_subparsers())

    def call(*words: object) -> List[str]:
        args = parser.parse_args(["plan", *(str(word) for word in words)])
        assert args.run(args) == 0
        return str(capsys.readouterr().out).splitlines()

    return call


@pytest.fixture
def resnet(tmp_path: Path) -> Path:
    net, outputs = resnet50()
    return net.save(tmp_path, *outputs, name="resnet50.onnx")


def test_what_it_says_of_resnet_50(run: Run, resnet: Path) -> None:
    lines = run(resnet, "--board", "xavier-nx")
    text = "\n".join(lines)
    assert lines[0].startswith("resnet50.onnx on xavier-nx, TensorRT 8.5, int8: 100% of the multiplications on the DLA")
    assert "warning: INT8 needs calibration with pictures of your cameras" in lines
    picture = next(line for line in lines if "█" in line)
    assert re.fullmatch(r"  █{93,94}░{1,2}█", picture) and len(picture) <= 100
    assert "  █ 120 yes  ░ 2 no  ▒ 0 maybe" in lines
    assert re.search(r"^    1  DLA +119  4087\.1 M  Conv_0 … Relu_\d+$", text, re.MULTILINE)
    assert re.search(r"^    2  GPU +2 +pool … flatten$", text, re.MULTILINE)
    assert re.search(r"^    3  DLA +1 +2\.0 M  fc$", text, re.MULTILINE)
    assert re.search(r"^GlobalAveragePool +no +1  TensorRT makes a Reduce", text, re.MULTILINE)
    assert "  GlobalAveragePool of 7x7 → AveragePool 7x7 (pool)" in lines
    assert "  changes of the network together: 100% of the multiplications on the DLA, 0 switches" in lines
    assert all(visible(line) <= 100 for line in lines)


def test_every_layer_where_asked_for(run: Run, resnet: Path) -> None:
    lines = run(resnet, "--board", "orin-nx", "--layers", "--precision", "fp16")
    assert sum(" Conv " in line and " yes " in line for line in lines) == 53
    assert any(line.startswith("warning: FP16 IS SLOW ON ORIN'S DLA") for line in lines)


def test_colours_and_the_windows_width(run: Run, resnet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    lines = run(resnet, "--board", "orin-nx", "--precision", "fp16")
    assert any("\033[31;1m" in line for line in lines)
    picture = next(line for line in lines if "█" in line)
    assert visible(picture) <= 60 and "\033[32m█" in picture and "\033[34m░" in picture


def test_as_json(run: Run, resnet: Path) -> None:
    (line,) = run(resnet, "--board", "xavier-nx", "--tensorrt", "8.2", "--json")
    plain = json.loads(line)
    assert (plain["board"], plain["tensorrt"], plain["precision"]) == ("xavier-nx", "8.2", "int8")
    assert plain["switches"] == 2 and plain["dla_share"] == 1.0 and len(plain["layers"]) == 122


def test_a_board_without_dla(run: Run, resnet: Path) -> None:
    assert run(resnet, "--board", "nano") == [
        "resnet50.onnx on nano, TensorRT 8.2, int8: all on the GPU",
        "warning: Jetson Nano has no DLA: everything runs on the GPU",
    ]
    (line,) = run(resnet, "--board", "thor", "--json")
    plain = json.loads(line)
    assert plain["dla_cores"] == 0 and [block["device"] for block in plain["blocks"]] == ["GPU"]
    assert plain["suggestions"] == []


def test_a_model_by_name_and_by_folder(run: Run, tmp_path: Path) -> None:
    named = run("person", "--board", "xavier-nx")
    assert named[0] == "person on xavier-nx, TensorRT 8.5, int8: whole on the DLA"
    net = Net(x=["batch", 3, "height", "width"])
    net.save(tmp_path, net.conv("x", 3, 8))
    text = "onnx: net.onnx\ninput: {size: 64x32}\noutput: {decoder: yolox, strides: [8]}\nlabels: [a]\n"
    (tmp_path / "model.yaml").write_text(text)
    lines = run(tmp_path, "--board", "xavier-nx", "--json")
    assert json.loads(lines[0])["layers"][0]["macs"] == 8 * 27 * 64 * 32
    lines = run(tmp_path / "net.onnx", "--board", "xavier-nx", "--size", "20x10", "--batch", "2", "--json")
    assert json.loads(lines[0])["layers"][0]["macs"] == 2 * 8 * 27 * 20 * 10


@pytest.mark.parametrize(
    "words",
    [
        ["x.onnx", "--board", "nano", "--precision", "fp32"],
        ["x.onnx", "--board", "nano", "--size", "640"],
        ["x.onnx", "--board", "nano", "--batch", "0"],
    ],
)
def test_a_wrong_command_line(words: List[str], run: Run) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2


def test_what_is_not_there(run: Run, tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="no model 'nobody'"):
        run("nobody", "--board", "nano")
    with pytest.raises(EdgeError, match="no such file"):
        run(tmp_path / "none.onnx", "--board", "nano")
    with pytest.raises(EdgeError, match="did you mean 'xavier-nx'"):
        run("person", "--board", "xavier-nxx")


def test_names_that_a_terminal_would_obey_are_not_obeyed(run: Run, tmp_path: Path) -> None:
    net = Net(x=[1, 8, 4, 4])
    net.node("Elu", "x", name="\033[2Jgone\nand more" + "x" * 300)
    path = net.save(tmp_path)
    for words in ([], ["--layers"]):
        lines = run(path, "--board", "xavier-nx", *words)
        assert "\033" not in "".join(lines) and not any("gone" in line for line in lines)


def test_a_plan_of_many_blocks_is_cut(run: Run, tmp_path: Path) -> None:
    net = Net(x=[1, 8, 4, 4])
    x = "x"
    for _ in range(60):
        x = net.Elu(net.conv(x, 8, 8, 1))
    lines = run(net.save(tmp_path, x), "--board", "xavier-nx")
    assert any("and 80 more" in line for line in lines) and len(lines) < 70


def test_yolo_with_maybes_says_what_they_would_change(run: Run, tmp_path: Path) -> None:
    net, outputs = yolov5s()
    lines = run(net.save(tmp_path, *outputs), "--board", "orin-nx")
    assert lines[1].startswith("  where every maybe holds: 100% of the multiplications on the DLA")
    assert any("maybe (drawn on the GPU)" in line for line in lines)
