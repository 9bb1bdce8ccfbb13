"""``edge models plan`` on the board itself: what its TensorRT says overrules the published rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from scripts.servers import ROOT
from tests.simulation.jetson import Jetson
from tests.simulation.tensorrt.setting import TensorRT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run(version, board, release, words…)``: the command on that simulated board."""

    def run(version: str, board: str, release: str, *words: str) -> subprocess.CompletedProcess[str]:
        tensorrt = TensorRT(version, board, tmp_path)
        tensorrt.skip_without()
        environment = tensorrt.environment(Jetson(release, board, tmp_path / "jetson").environment())
        environment["STATE_DIRECTORY"] = str(tmp_path / "state")
        command = [sys.executable, "-m", "edge", "models", "plan", "person", *words]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)

    return run


def plan(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_board_is_asked(run: Run) -> None:
    found = plan(run("8.5", "xavier-nx", "r35", "--json"))
    assert (found["board"], found["tensorrt"], found["asked_here"]) == ("xavier-nx", "8.5.2", True)
    assert found["whole"] and len(found["layers"]) == 79


def test_another_board_is_told_by_the_rules_alone(run: Run) -> None:
    found = plan(run("8.5", "xavier-nx", "r35", "--json", "--board", "agx-orin"))
    assert (found["board"], found["asked_here"]) == ("agx-orin", False)


def test_a_board_without_a_dla(run: Run) -> None:
    done = run("8.2", "nano", "r32")
    assert done.returncode == 0 and "all on the GPU" in done.stdout


def test_a_machine_without_tensorrt(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge", "models", "plan", "person"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("edge: give --board: this machine cannot be asked (tensorrt cannot be imported")
