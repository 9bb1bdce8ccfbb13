"""``edge plan``: what it compares, what it prints, and its exit statuses."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Callable, Dict, Tuple

import pytest

from edge.cli import local
from edge.cli import plan as command
from edge.cli.main import main
from edge.config.files import read_files
from edge.config.last_good import place_of, save
from edge.errors import EdgeError, ModelError

TEXT = """\
device: gate-7
mqtt: {url: "mqtt://edge:hunter2@broker"}
models: {people: {spec: ./fastestdet}}
cameras:
  gate: {source: "rtsp://viewer:hunter2@10.0.0.5/stream", fps: 5}
  clip: {source: "file:clip.mp4"}
"""
Run = Callable[..., Tuple[int, str, str]]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: Any) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("STATE_DIRECTORY", str(folder))
    monkeypatch.setattr("edge.models.folders.SYSTEM_STATE", tmp_path / "no system state")
    monkeypatch.setattr(local, "running", list)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "etc" / "edge.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


@pytest.fixture
def run(state: Path, monkeypatch: Any, capsys: Any) -> Run:
    """``run(*words)``: (status, what was printed, what was complained of), every model having one label."""

    def load_spec(ref: str, base: Path) -> SimpleNamespace:
        if ref == "nope":
            raise ModelError("no model 'nope'")
        return SimpleNamespace(labels=["person"])

    double = ModuleType("edge.models.spec")
    double.load_spec = load_spec  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "edge.models.spec", double)

    def run_plan(*words: object) -> Tuple[int, str, str]:
        status = main(["plan", *map(str, words)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_plan


def test_no_change(run: Run, file: Path, state: Path) -> None:
    save(state, read_files(file))
    file.write_text("# a comment\n" + TEXT)
    status, out, _ = run("-c", file)
    assert status == 0
    assert out == f"compared with what the daemon took 0 s ago from {file}\nno changes\n"
    status, out, _ = run("-c", file, "--json")
    assert (status, json.loads(out)) == (0, {"changes": False, "steps": []})


def test_changes_in_words(run: Run, file: Path, state: Path) -> None:
    save(state, read_files(file))
    edited = TEXT.replace("fps: 5", "fps: 10").replace("@broker", "@other").replace('clip: {source: "file:', "#")
    file.write_text(edited + '  yard: {source: "rtsp://bob:hunter3@10.0.0.6/?token=hunter3"}\n')
    kept = place_of(state, file).read_bytes()
    status, out, err = run("-c", file)
    assert (status, err) == (2, "")
    assert place_of(state, file).read_bytes() == kept, "nothing is done by it"
    assert out.splitlines()[1:] == [
        "! mqtt: url mqtt://broker:1883 → mqtt://other:1883 (reconnect)",
        "- camera clip",
        "~ camera gate: fps 5 → 10 (live)",
        "+ camera yard: rtsp://10.0.0.6/?token=***",
        "4 changes",
    ]


def test_changes_as_json(run: Run, file: Path, state: Path) -> None:
    save(state, read_files(file))
    file.write_text(TEXT.replace("fps: 5", "fps: 10").replace("clip:", "film:"))
    status, out, _ = run("-c", file, "--json")
    assert status == 2
    assert json.loads(out) == {
        "changes": True,
        "steps": [
            {
                "op": "rename",
                "section": "camera",
                "name": "clip",
                "new_name": "film",
                "changes": [{"key": "cameras.clip", "apply": "live", "before": "clip", "after": "film"}],
            },
            {
                "op": "live",
                "section": "camera",
                "name": "gate",
                "changes": [{"key": "cameras.gate.fps", "apply": "live", "before": "5", "after": "10"}],
            },
        ],
    }


def test_a_restart_says_so(run: Run, file: Path, state: Path) -> None:
    save(state, read_files(file))
    file.write_text(TEXT.replace("gate-7", "gate-8").replace("fps: 5", "fps: 6"))
    out = run("-c", file)[1]
    assert out.splitlines()[1:] == [
        "! device: gate-7 → gate-8 (restart)",
        "1 change: everything is stopped and started, and what else changed comes with it",
    ]


def test_nothing_known_is_said(run: Run, file: Path) -> None:
    status, out, _ = run("-c", file)
    assert status == 2
    assert out.splitlines() == [
        "nothing is known here that a daemon took of this file: all of it is new",
        "+ model people: " + str(file.parent / "fastestdet"),
        "+ camera gate: rtsp://10.0.0.5/stream",
        f"+ camera clip: file:{file.parent}/clip.mp4",
        "3 changes",
    ]


def test_a_draft_is_compared_with_what_the_daemon_runs(
    run: Run, file: Path, state: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    save(state, read_files(file))
    draft = tmp_path / "draft" / "edge.yaml"
    draft.parent.mkdir()
    text = TEXT.replace("./fastestdet", str(file.parent / "fastestdet")).replace("fps: 5", "fps: 6")
    draft.write_text(text.replace("file:clip", f"file:{file.parent}/clip"))
    daemon = local.Daemon(os.geteuid(), "gate-7")
    answer: Dict[str, Any] = {"config": {"file": str(file)}}
    monkeypatch.setattr(local, "running", lambda: [daemon])
    monkeypatch.setattr(local, "ask", lambda asked, op: answer)
    status, out, _ = run("-c", draft)
    assert (status, out.splitlines()[1:]) == (2, ["~ camera gate: fps 5 → 6 (live)", "1 change"])
    assert f"from {file}" in out
    for silent in ({}, {"config": {"file": "edge.yaml"}}, {"config": {}}):
        answer = silent
        assert "nothing is known" in run("-c", draft)[1]

    def refuse(*_: object) -> None:
        raise EdgeError("it has just ended")

    monkeypatch.setattr(local, "ask", refuse)
    assert "nothing is known" in run("-c", draft)[1]


def test_a_wrong_configuration(run: Run, file: Path, state: Path) -> None:
    save(state, read_files(file))
    file.write_text(TEXT.replace("fps: 5", "fps: fast, objects: {dog: }"))
    status, out, err = run("-c", file)
    assert (status, out) == (78, "")
    assert err == f"{file}:5:64: cameras.gate.fps: found 'fast'; allowed: a number from 0.1 to 60\n"
    file.write_text(TEXT.replace("fps: 5", "objects: {dog: }"))
    assert run("-c", file) == (78, "", f"{file}:5:69: cameras.gate.objects.dog: no label 'dog'; people knows: person\n")
    file.write_text(TEXT.replace("./fastestdet", "nope"))
    assert run("-c", file) == (78, "", f"{file}:3:25: models.people.spec: no model 'nope'\n")
    file.unlink()
    assert run("-c", file, "--json") == (78, "", f"{file}: cannot be read: no such file or directory\n")


def test_without_a_file(run: Run, file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(command, "SYSTEM_FILE", tmp_path / "nowhere.yaml")
    assert run() == (1, "", f"edge: there is no {tmp_path}/nowhere.yaml: name the configuration with -c FILE\n")
    monkeypatch.setattr(command, "SYSTEM_FILE", file)
    assert run()[0] == 2


def test_what_was_taken_is_not_readable(run: Run, file: Path, state: Path, monkeypatch: Any) -> None:
    save(state, read_files(file))
    monkeypatch.setattr(command, "find", lambda *_: None)
    monkeypatch.setattr(os, "access", lambda *_: False)
    status, _, err = run("-c", file)
    assert status == 1 and "run as that user or as root" in err


def test_what_was_taken_cannot_be_understood_any_more(run: Run, file: Path, state: Path, monkeypatch: Any) -> None:
    file.write_text(TEXT.replace("fps: 5", "fps: '${env:GATE_FPS}'"))
    save(state, read_files(file))
    file.write_text(TEXT)
    status, out, err = run("-c", file)
    assert (status, out) == (1, "") and "the environment variable GATE_FPS is not set" in err
    monkeypatch.setenv("GATE_FPS", "7")
    assert "~ camera gate: fps *** → 5 (live)" in run("-c", file)[1]


def test_colours(run: Run, file: Path, state: Path, monkeypatch: Any) -> None:
    save(state, read_files(file))
    edited = TEXT.replace("fps: 5", "fps: 6").replace("clip:", "film:").replace("@broker", "@other")
    file.write_text(edited + "  x: {source: 'test://'}\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = run("-c", file)[1]
    for sign, colour in (("!", 35), ("~", 33), ("+", 32)):
        assert f"\033[{colour}m{sign} " in out
