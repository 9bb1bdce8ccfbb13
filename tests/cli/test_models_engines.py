"""`edge models engines`: what is listed, what uses it, and what is removed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest

from edge.models.engines.cache import Cache
from scripts.servers import PATIENCE, ROOT
from tests.cli.engines_site import Board


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board(tmp_path)
    board.configure({"people": {"spec": "person"}, "alone": {"spec": "person", "precision": "fp32"}})
    return board


def keys(board: Board) -> List[str]:
    return sorted(path.stem for path in board.state.glob("engines/*.plan"))


def test_nothing_was_built_yet(board: Board) -> None:
    assert board.run("engines") == "no engine was built here yet\n"
    empty = {"engines": [], "put_aside": [], "leftovers": [], "unknown": {}}
    assert board.json(*board.with_config("engines")) == empty
    assert board.run(*board.with_config("engines"), "--remove-unused", "--yes") == "nothing to remove\n"


def test_each_is_listed_with_what_it_is_and_what_uses_it(board: Board) -> None:
    board.run(*board.with_config("build", "people"))
    board.run(*board.with_config("build", "people"), "--batch", "2")
    told = board.json(*board.with_config("engines"))
    used, other = sorted(told["engines"], key=lambda engine: not engine["used_by"])
    assert used["used_by"] == ["people"] and other["used_by"] == []
    assert used["name"] == "people" and used["precision"] == "fp16" and used["tensorrt"] == "8.5.2.2"
    assert used["bytes"] == Path(used["plan"]).stat().st_size and abs(used["last_used"] - time.time()) < 3600
    said = board.run(*board.with_config("engines"))
    lines = {line.split()[0]: line for line in said.splitlines()}
    assert lines[used["key"][:12]].split()[-1] == "people"
    assert lines[other["key"][:12]].split()[-1] == "nothing"
    assert " gpu     fp16       8.5.2.2 " in said and "--remove-unused deletes" in said


def test_without_a_configuration_or_a_tensorrt_nobody_knows_what_uses_them(board: Board) -> None:
    board.run("build", "person")
    said = board.run("engines")
    assert " unknown\n" in said and "there is no configuration" in said
    environment = dict(board.environment)
    environment.pop("PYTHONPATH")
    command = [sys.executable, "-m", "edge", "models", "engines", "-c", str(board.config)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert " unknown\n" in done.stdout and "tensorrt cannot be imported" in done.stdout
    done = subprocess.run(
        [*command, "--remove-unused", "--yes"], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 1 and "so nothing is removed" in done.stderr
    assert len(keys(board)) == 1


def test_what_a_model_may_use_that_cannot_be_told_of_is_kept(board: Board) -> None:
    board.run("build", "person")
    board.configure({"person": {"spec": "person", "precision": "int8"}})
    said = board.run(*board.with_config("engines"))
    assert " unknown\n" in said and "the model is not calibrated" in said
    assert "so nothing is removed" in board.run(*board.with_config("engines"), "--remove-unused", "--yes", status=1)


def test_what_nothing_uses_is_removed_with_what_was_left_and_put_aside(board: Board) -> None:
    for words in (["people"], ["people", "--batch", "2"], ["people", "--batch", "3"]):
        board.run(*board.with_config("build", *words))
    told = board.json(*board.with_config("engines"))["engines"]
    kept = next(engine["key"] for engine in told if engine["used_by"])
    aside, unused = (engine["key"] for engine in told if not engine["used_by"])
    cache = Cache(board.state / "engines")
    cache.put_aside(aside, "it did not load: bad magic number")
    (cache.folder / f"{'0' * 64}.building").write_bytes(bytes(1000))
    said = board.run(*board.with_config("engines"))
    assert f"put aside: {aside[:12]}, " in said and "bad magic number" in said
    assert "left by interrupted builds: 000000000000" in said
    assert "say --yes" in board.run(*board.with_config("engines"), "--remove-unused", status=1)
    assert keys(board) == sorted([kept, unused])
    said = board.run(*board.with_config("engines"), "--remove-unused", "--yes")
    assert said.startswith("removed 1 engine, 1 put aside, what 1 interrupted build left: 2.")
    assert keys(board) == [kept]
    # The log of the one that was put aside stays with its lock: they are not worth a word.
    assert [name for name in board.left() if unused in name or name.endswith((".reason", ".building"))] == []


def test_a_person_is_asked(board: Board) -> None:
    board.run(*board.with_config("build", "people"), "--batch", "2")
    for answer, status, left in (("n", 1, 1), ("", 1, 1), ("y", 0, 0)):
        said = answered(board, answer, status)
        assert "people gpu fp16, 1." in said and "remove 1 engine? [y/N]" in said
        assert len(keys(board)) == left


def answered(board: Board, answer: str, status: int) -> str:
    """What ``--remove-unused`` says on a terminal where that is typed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "models", "engines", "--remove-unused", "-c", str(board.config)], cwd=ROOT,
        env=board.environment, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    said = ""
    try:
        while "[y/N]" not in said:
            said += os.read(ours, 4096).decode()
        os.write(ours, answer.encode() + b"\n")
        while True:
            said += os.read(ours, 4096).decode()
    except OSError:
        pass  # its end of the terminal is closed
    finally:
        os.close(ours)
        assert process.wait(PATIENCE) == status, said
    return said
