"""`edge models calibrate`: real capture workers on clips, the collector, and a simulated TensorRT that calibrates."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest

from scripts.servers import PATIENCE, wait_until
from tests.cli.engines_site import PERSON, Board
from tests.simulation.kinds import write_root

onnx = pytest.importorskip("onnx")


@pytest.fixture
def board(tmp_path: Path, shared: Path) -> Board:
    board = Board(tmp_path)
    media = shared / "media"
    clips = {"square": media / "vtest-h264.mp4", "street": media / "street-1080p30.mp4"}
    cameras: Dict[str, Any] = {
        name: {"source": f"file:{clip}", "fps": 20, "loop": True} for name, clip in clips.items()
    }  # fmt: skip
    cameras["off"] = {"source": "test://", "enabled": False}
    board.configure({"people": {"spec": "person", "precision": "int8"}}, cameras)
    return board


def collected(board: Board) -> List[str]:
    return [line for path in board.state.glob("calibration/*/*.jsonl") for line in path.read_text().splitlines()[1:]]


def ranges(board: Board) -> List[Path]:
    return sorted(board.state.glob("calibration/*/entropy2-*.cache"))


def test_pictures_of_both_cameras_become_ranges_and_those_an_engine(board: Board) -> None:
    said = board.run(*board.with_config("calibrate", "people"), "--pictures", "12", "--every", "0.1")
    assert "square: online\n" in said and "street: online\n" in said and "people: calibrating\n" in said
    assert "people: calibrated with 12 pictures (square 6, street 6)\n" in said and "that is few" in said
    (found,) = ranges(board)
    assert str(found) in said and found.read_text().startswith("TRT-8502-EntropyCalibration2\n")
    stored = np.load(next(path for path in found.parent.glob("pictures.np?")))
    assert stored.shape == (12, 3, 288, 384) and stored.dtype == np.uint8
    assert stored.std() > 20  # pictures, not one colour
    (engine,) = board.json(*board.with_config("build", "people"))["engines"]
    assert (engine["device"], engine["precision"]) == ("gpu", "int8")
    assert "INT8" in {layer["precision"] for layer in engine["layers"]}
    before = found.read_bytes()
    told = board.json(*board.with_config("calibrate", "people"), "--pictures", "12", "--cameras", "street")
    assert told["state"] == "already" and told["pictures"] == 12 and told["ranges"] == str(found)
    assert ranges(board) == [found] and found.read_bytes() == before


def test_a_dla_that_computes_something_else_is_left_out_with_the_figures(board: Board, tmp_path: Path) -> None:
    board.run(*board.with_config("calibrate", "people"), "--pictures", "4", "--every", "0")
    board.root = tmp_path / "root"
    write_root(board.root, "xavier-nx", "r35")
    board.tensorrt.order("dla wrong")
    gpu, dla = board.json(*board.with_config("build", "people"))["engines"]
    assert gpu["state"] == "built" and dla["state"] == "left out"
    assert "differs from the GPU's" in dla["reason"] and "on 4 pictures" in dla["reason"]
    said = board.run(*board.with_config("build", "people"), "--device", "dla:0", status=1)
    assert "differs from the GPU's" in said
    board.tensorrt.order()
    said = board.run(*board.with_config("build", "people"))
    assert "people dla int8: built in " in said and "compared with the GPU on 4 pictures: at most " in said


def test_another_tensorrt_finds_its_own_ranges_with_the_same_pictures(board: Board, tmp_path: Path) -> None:
    words = [*board.with_config("calibrate", "people"), "--pictures", "4", "--every", "0"]
    board.run(*words)
    newer = Board(tmp_path, "8.6", "xavier-nx")
    said = newer.run(*words)
    assert "online" not in said and "calibrated with 4 pictures" in said
    assert [path.name for path in ranges(board)] == ["entropy2-8.5.2.2.cache", "entropy2-8.6.2.3.cache"]


def test_the_ranges_are_of_the_network_with_its_arithmetic(board: Board) -> None:
    """The input's range that TensorRT finds is that of pixels times the model's scale, not of bytes."""
    board.run(*board.with_config("calibrate", "people"), "--pictures", "4", "--every", "0")
    line = next(line for line in ranges(board)[0].read_text().splitlines() if line.startswith("images: "))
    scale = np.frombuffer(bytes.fromhex(line.split()[1]), ">f4")[0]
    assert 0.2 / 127 < scale <= 1.01 / 127


def test_all_of_it_on_python_3_6_with_tensorrt_8_2(board: Board, tmp_path: Path, python36_tensorrt: Path) -> None:
    older = Board(tmp_path, "8.2", "xavier-nx")
    older.tensorrt.skip_without(python36_tensorrt)
    written = json.loads(board.config.read_text())
    board.config.write_text(json.dumps({**written, "workers": {"python": str(python36_tensorrt)}}))
    words = ("--pictures", "4", "--every", "0", "--cameras", "square")
    said = older.run(*board.with_config("calibrate", "people"), *words)
    assert "people: calibrated with 4 pictures (square 4)" in said
    assert [path.name for path in ranges(board)] == ["entropy2-8.2.1.8.cache"]
    (engine,) = older.json(*board.with_config("build", "people"), "--device", "gpu")["engines"]
    assert engine["state"] == "built" and engine["precision"] == "int8"
    (lane,) = older.json(*board.with_config("bench", "people"), "--device", "gpu", "--seconds", "1")["lanes"]
    assert lane["backend"] == "tensorrt" and lane["queries"] >= 10
    (lane,) = older.json(*board.with_config("profile", "people"), "--device", "gpu", "--runs", "2")["lanes"]
    assert len(lane["layers"]) > 20


def test_interrupted_while_it_collects_the_next_run_goes_on(board: Board) -> None:
    words = [*board.with_config("calibrate", "people"), "--every", "0.1", "--cameras", "square"]
    process = board.start(*words, "--pictures", "5000")
    board.hear(process, "square: online")
    wait_until(lambda: len(collected(board)) >= 3, PATIENCE, "three pictures")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "Traceback" not in error
    assert len(children) == 2 and not any(Path(f"/proc/{pid}").exists() for pid in children)
    there = len(collected(board))
    assert there >= 3 and ranges(board) == []
    said = board.run(*words, "--pictures", str(there + 2))
    assert f"people: {there} of {there + 2} pictures (square {there})" in said
    assert f"calibrated with {there + 2} pictures" in said
    said = board.run(*words, "--pictures", "2", "--fresh")
    assert "calibrated with 2 pictures (square 2)" in said and len(collected(board)) == 2


def test_interrupted_while_it_calibrates_the_pictures_stay_and_nothing_else(board: Board) -> None:
    board.tensorrt.order("build seconds 600")
    words = [*board.with_config("calibrate", "people"), "--pictures", "3", "--every", "0"]
    process = board.start(*words)
    board.hear(process, "reading the network")
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "Traceback" not in error
    assert len(collected(board)) == 3
    assert [name for name in board.left() if not name.startswith(("pictures.", "calibrating.log"))] == []
    board.tensorrt.order()
    assert "calibrated with 3 pictures" in board.run(*words)


def test_a_clip_that_is_over_gives_what_it_has(board: Board, tmp_path: Path) -> None:
    clip = tmp_path / "ball.mp4"
    subprocess.run(
        ["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=40", "pattern=ball", "!",
         "video/x-raw,width=320,height=240,framerate=10/1", "!", "x264enc", "!", "mp4mux", "!", "filesink",
         f"location={clip}"], check=True, timeout=PATIENCE,
    )  # fmt: skip
    board.configure({"people": {"spec": "person"}}, {"once": {"source": f"file:{clip}"}})
    said = board.run(*board.with_config("calibrate", "people"), "--pictures", "5000", "--every", "0.05")
    assert "once: ended" in said and "people: calibrated with " in said


def test_a_still_picture_is_taken_once_and_the_time_is_bounded(board: Board) -> None:
    board.configure({"people": {"spec": "person"}}, {"bars": {"source": "test://?pattern=red", "fps": 20}})
    process = board.start(*board.with_config("calibrate", "people"), "--every", "0.05", "--pictures", "50")
    board.hear(process, "bars: online")
    wait_until(lambda: collected(board), PATIENCE, "a picture")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and len(collected(board)) <= 3


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--cameras", "sqare"], "no camera 'sqare' (did you mean 'square'?)"),
        (["--cameras", "off"], "the camera off is disabled"),
    ],
)
def test_cameras_that_cannot_be_asked(board: Board, words: List[str], what: str) -> None:
    assert what in board.run(*board.with_config("calibrate", "people"), *words, status=1)
    assert collected(board) == []


def test_a_camera_that_is_not_there_keeps_no_other_from_giving(board: Board, shared: Path, free_port: int) -> None:
    secret = "geheim-7319"
    cameras = {
        "gone": {"source": f"rtsp://me:{secret}@127.0.0.1:{free_port}/x"},
        "square": {"source": f"file:{shared / 'media' / 'vtest-h264.mp4'}", "loop": True, "fps": 20},
    }
    board.configure({"people": {"spec": "person"}}, cameras)
    process = board.start(*board.with_config("calibrate", "people"), "--every", "0.05", "--pictures", "10")
    said = board.hear(process, "(square 5)", "gone: unreachable: ")
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=PATIENCE)
    assert secret not in said + out + error and len(collected(board)) == 5


def test_where_int8_gains_nothing_it_is_refused_before_any_camera_is_opened(board: Board, tmp_path: Path) -> None:
    nano = Board(tmp_path, "8.2", "nano")
    said = nano.run(*board.with_config("calibrate", "people"), status=1)
    assert "NVIDIA Tegra X1 has no fast INT8 (so says TensorRT 8.2.1.8)" in said and "FP16" in said
    newest = Board(tmp_path, "11.1", "agx-orin")
    said = newest.run(*board.with_config("calibrate", "people"), status=1)
    assert "TensorRT 11.1.0.106 calibrates nothing" in said and "Q/DQ" in said
    assert collected(board) == []


@pytest.mark.parametrize("version", ["8.5", "11.1"])
def test_a_network_with_its_own_ranges_is_taken_as_it_is(tmp_path: Path, version: str) -> None:
    board = Board(tmp_path, version, "agx-orin")
    folder = quantized_person(tmp_path / "quantized")
    board.configure({"people": {"spec": str(folder)}}, {"bars": {"source": "test://"}})
    said = board.run(*board.with_config("calibrate", "people"))
    assert said == "people: nothing to calibrate: it brings its ranges along (Q/DQ), and is taken as it is\n"


def quantized_person(folder: Path) -> Path:
    """Our own model with a Q/DQ pair at its input."""
    model = onnx.load(str(PERSON / "person.onnx"))
    graph, helper = model.graph, onnx.helper
    name = graph.input[0].name
    for node in graph.node:
        for place, given in enumerate(node.input):
            if given == name:
                node.input[place] = "dequantized"
    graph.initializer.extend([
        helper.make_tensor("scale", onnx.TensorProto.FLOAT, [], [1 / 127]),
        helper.make_tensor("zero", onnx.TensorProto.INT8, [], [0]),
    ])  # fmt: skip
    graph.node.insert(0, helper.make_node("DequantizeLinear", ["quantized", "scale", "zero"], ["dequantized"]))
    graph.node.insert(0, helper.make_node("QuantizeLinear", [name, "scale", "zero"], ["quantized"]))
    folder.mkdir()
    onnx.save(model, str(folder / "person.onnx"))
    text = (PERSON / "model.yaml").read_text().splitlines()
    (folder / "model.yaml").write_text("\n".join(line for line in text if not line.startswith("sha256")))
    return folder
