"""`edge models build` and `info` on a simulated TensorRT."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List

import pytest

from scripts.servers import PATIENCE, ROOT, wait_until
from tests.cli.engines_site import PERSON, Board
from tests.simulation.kinds import write_root


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def test_a_model_of_the_list_is_built_once_and_then_there(board: Board) -> None:
    said = board.run("build", "person")
    assert "person gpu fp16: reading the network\n" in said and "person gpu fp16: building\n" in said
    assert "person gpu fp16: built in " in said and "1 to 4 pictures in a run" in said
    plan = next(board.state.glob("engines/*.plan"))
    assert str(plan) in said
    again = board.run("build", "person")
    assert "already there, built 20" in again and "reading" not in again
    told = board.json("build", "person")
    assert told["model"] == "person" and told["platform"]["tensorrt"] == "8.5.2.2"
    (engine,) = told["engines"]
    assert engine["state"] == "there" and engine["plan"] == str(plan) and engine["bytes"] == plan.stat().st_size
    assert {layer["device"] for layer in engine["layers"]} == {"GPU"}


def test_the_configuration_says_what_and_the_command_line_goes_before_it(board: Board) -> None:
    board.configure({"people": {"spec": "person", "device": "dla", "precision": "fp16", "batch": 2}})
    (engine,) = board.json(*board.with_config("build", "people"))["engines"]
    assert (engine["device"], engine["precision"], engine["lanes"]) == ("dla", "fp16", ["dla:0", "dla:1"])
    assert engine["placement"]["dla"] > 50 and engine["placement"]["switches"] == 0
    (engine,) = board.json(*board.with_config("build", "people"), "--device", "gpu", "--precision", "fp32")["engines"]
    assert (engine["device"], engine["precision"], engine["lanes"]) == ("gpu", "fp32", ["gpu"])
    assert "1 to 2 pictures in a run" in board.run(*board.with_config("build", "people"), "--device", "gpu")
    (engine,) = board.json(*board.with_config("build", "people"), "--device", "gpu", "--batch", "8")["engines"]
    assert engine["state"] == "built"


def test_left_to_itself_a_board_with_a_dla_gets_an_engine_for_it_beside_the_gpus(board: Board, tmp_path: Path) -> None:
    board.root = tmp_path / "root"
    write_root(board.root, "xavier-nx", "r35")
    told = board.json("build", "person")
    assert "Xavier NX" in told["platform"]["board"] and told["platform"]["l4t"].startswith("35.")
    gpu, dla = told["engines"]
    assert (gpu["device"], gpu["lanes"]) == ("gpu", ["gpu"])
    assert (dla["device"], dla["lanes"], dla["state"]) == ("dla", ["dla:0", "dla:1"], "built")
    assert dla["reason"] == "100% of it can run there, 0 switches" and told["notes"] == []
    said = board.run("build", "person")
    assert "runs on dla:0 and dla:1: 100% of it can run there" in said
    for path in board.state.glob("engines/*.plan"):
        path.unlink()
    board.tensorrt.order("dla reject /stage8/stage8.1/Add", "dla reject /tails.1.1/Conv")
    assert "2 on the GPU" in board.run("build", "person")


def test_what_really_runs_where_is_told_and_stays_to_be_looked_at(board: Board) -> None:
    board.tensorrt.order("dla reject /stage8/stage8.1/Add")
    said = board.run("build", "person", "--device", "dla:1", "--precision", "fp16")
    assert "1 on the GPU, " in said and " switches between them" in said
    assert "/stage8/stage8.1/Add" in said
    board.run("build", "person")
    told = board.run("info", "person")
    dla, gpu = (told.index(f": {device} fp16, TensorRT 8.5.2.2 on Xavier") for device in ("dla", "gpu"))
    shown = told[dla:] if dla > gpu else told[dla:gpu]
    assert "DLA FP16" in shown and "GPU FP16  1 layer" in shown and "/stage8/stage8.1/Add" in shown
    assert "GPU  FP16  " in board.run("info", "person", "--layers")


def test_only_engines_of_that_very_network_are_told(board: Board, tmp_path: Path) -> None:
    board.run("build", "person")
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.yaml").write_text((PERSON / "model.yaml").read_text().replace("onnx: person", "onnx: other"))
    text = (PERSON / "person.onnx").read_bytes()
    (other / "other.onnx").write_bytes(text.replace(b"pytorch", b"pytarch"))
    lines = (other / "model.yaml").read_text().splitlines()
    (other / "model.yaml").write_text("\n".join(line for line in lines if not line.startswith("sha256")))
    assert "engine " not in board.run("info", str(other))
    assert "engine " in board.run("info", "person")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--device", "dla", "--precision", "fp32"], "people: precision: fp32: a DLA computes in fp16 or int8"),
        (["--precision", "int8"], "the model is not calibrated; see edge models calibrate"),
    ],
)
def test_what_cannot_be_is_one_line_that_says_where(board: Board, words: List[str], what: str) -> None:
    board.configure({"people": {"spec": "person"}})
    said = board.run(*board.with_config("build", "people"), *words, status=1)
    assert said.startswith(f"edge: {board.config}:1: ") and what in said


def test_a_machine_without_what_is_asked_for_says_so(board: Board, tmp_path: Path) -> None:
    nano = Board(tmp_path, "8.2", "nano")
    assert "finds no DLA on NVIDIA Tegra X1" in nano.run("build", "person", "--device", "dla:0", status=1)
    board.configure({"people": {"spec": "person", "backend": "onnxruntime"}})
    assert "its backend is onnxruntime" in board.run(*board.with_config("build", "people"), status=1)
    assert "(did you mean 'person'?)" in board.run("build", "persn", status=1)


def test_a_build_that_fails_names_its_log_and_leaves_no_engine(board: Board) -> None:
    board.tensorrt.order("build none Could not find any implementation for node X.")
    said = board.run("build", "person", status=1)
    assert said.startswith("edge: person: ") and "implementation for node X" in said and "the builder's log: " in said
    log = Path(said.rsplit("the builder's log: ", 1)[1])
    assert log.is_file() and board.left() == [log.name]


def test_ctrl_c_leaves_nothing(board: Board) -> None:
    board.tensorrt.order("build seconds 600")
    process = board.start("build", "person")
    board.hear(process, "building")
    builder = wait_until(lambda: _builders(process.pid), PATIENCE, "the builder")
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130 and "Traceback" not in error
    assert board.left() == [] and not any(Path(f"/proc/{pid}").exists() for pid in builder)


def test_on_a_terminal_there_is_a_bar_and_what_was_built_stands_in_its_place(board: Board) -> None:
    text = "".join(on_a_terminal(board, "build", "person", "--precision", "fp32"))
    assert "\rperson gpu fp32  [" in text and "building, 0 s" in text
    assert "\r\033[K" in text and text.rstrip().splitlines()[-1].strip().endswith(".plan")


def on_a_terminal(board: Board, *words: str) -> Iterator[str]:
    """What ``edge models`` writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "models", *words], cwd=ROOT, env={**board.environment, "COLUMNS": "100"},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    try:
        while True:
            yield os.read(ours, 4096).decode()
    except OSError:
        pass  # the terminal's other end is gone
    finally:
        os.close(ours)
        assert process.wait(PATIENCE) == 0


def _builders(parent: int) -> List[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(pid) for pid in children]
