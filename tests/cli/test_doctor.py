"""`edge doctor` as a command: its words, its JSON, its exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from edge.cli import doctor, local
from edge.cli.main import main
from edge.cli.terminal import Paint, visible
from edge.doctor import examine
from edge.doctor.context import Context
from edge.doctor.examine import Check
from edge.doctor.finding import STATUSES, Finding, error, ok, overall, skipped, warning
from edge.errors import EdgeError
from scripts.servers import PATIENCE, ROOT

FINDINGS = [
    ok("memory", "600 MiB of 4000 MiB are free")._replace(group="machine"),
    warning("clock", "not synchronised: " + "drifts " * 30, "timedatectl set-ntp true")._replace(group="machine"),
    error("a-camera-with-a-very-long-name", "unreachable: no connection", "is it on?")._replace(group="machine"),
    skipped("argus", "no CSI camera\033[2J")._replace(group="machine"),
]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``checks(function, …)``: these alone are done, each named as its function and in a group of that name."""

    def use(*functions: Callable[[Context], Iterator[Finding]]) -> None:
        monkeypatch.setattr(examine, "CHECKS", tuple(Check(f.__name__, f.__name__, f) for f in functions))

    return use


def good(context: Context) -> Iterator[Finding]:
    yield ok("one", "fine")
    yield skipped("two", "nothing to look at")


def doubtful(context: Context) -> Iterator[Finding]:
    yield warning("three", "so so", "look at it")


def bad(context: Context) -> Iterator[Finding]:
    yield error("four", "rtsp://me:secret@host/x is bad", "mend rtsp://me:secret@host/x")


def broken(context: Context) -> Iterator[Finding]:
    yield ok("five", "so far")
    raise ZeroDivisionError("mqtt://a:b@host and\nmore")


def test_the_exit_status_is_the_worst(checks: Callable[..., None], capsys: Any) -> None:
    for functions, status in (((good,), 0), ((good, doubtful), 1), ((bad, good, doubtful), 2)):
        checks(*functions)
        assert main(["doctor"]) == status
    shown = capsys.readouterr().out
    assert "nothing wrong in 1 check\n" in shown
    assert "1 warning in 2 checks\n" in shown
    assert "1 error, 1 warning in 3 checks\n" in shown
    assert "secret" not in shown and "\033" not in shown
    assert "good\n  ✓ one           fine\n  – two           nothing to look at\n\n" in shown
    assert "  ! three         so so\n                  → look at it\n" in shown


def test_json_says_the_same(checks: Callable[..., None], capsys: Any) -> None:
    checks(good, bad)
    assert main(["doctor", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "status": "errors",
        "checks": [
            {"name": "one", "group": "good", "status": "ok", "message": "fine", "remedy": ""},
            {"name": "two", "group": "good", "status": "skipped", "message": "nothing to look at", "remedy": ""},
            {"name": "four", "group": "bad", "status": "error", "message": "rtsp://***@host/x is bad",
             "remedy": "mend rtsp://***@host/x"},
        ],
    }  # fmt: skip


def test_a_check_that_fails_itself_is_a_line(checks: Callable[..., None], capsys: Any) -> None:
    checks(broken, good)
    assert main(["doctor"]) == 2
    out, err = capsys.readouterr()
    assert "✗ broken" in out and "ZeroDivisionError: mqtt://***@host and more" in out and err == ""
    assert "✓ five" in out and "✓ one" in out


@pytest.mark.parametrize("columns", [40, 45, 60, 80, 120])
def test_lines_fit_the_window(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = doctor.Report(Paint(io.StringIO()), columns, "utf-8").group(FINDINGS)
    assert max(visible(line) for line in lines) <= columns
    assert all("\033[2J" not in line for line in lines)


def test_what_a_terminal_cannot_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    lines = doctor.Report(Paint(io.StringIO()), 100, "ascii").group(FINDINGS)
    assert lines[1].startswith("  + memory") and any("> is it on?" in line for line in lines)
    "\n".join(lines).encode("ascii")


def test_the_worst_of_some() -> None:
    assert overall([]) == overall([FINDINGS[0], FINDINGS[3]]) == "ok"
    assert overall(FINDINGS[:2]) == "warnings" and overall(FINDINGS) == "errors"
    assert {finding.status for finding in FINDINGS} == set(STATUSES)


def test_progress_stays_on_its_line(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    progress = doctor.Progress(True)
    progress.begins("cameras", "cameras")
    progress.detail(", ".join(["camera"] * 20))
    progress.clear()
    progress.clear()
    shown: List[str] = capsys.readouterr().out.split("\r")
    assert [visible(part) <= 40 + len("\033[K") for part in shown] and shown[-1] == "\033[K"
    assert "looking at cameras" in shown[1] and shown[2].endswith("…\033[K")
    doctor.Progress(False).begins("a", "b")
    assert capsys.readouterr().out == ""


def test_the_machines_daemons_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    running = [local.Daemon(1, "a"), local.Daemon(2, "b")]

    def ask(daemon: local.Daemon, op: str) -> Dict[str, Any]:
        if daemon.device == "b":
            raise EdgeError("it is deaf")
        return {"device": daemon.device}

    monkeypatch.setattr(local, "running", lambda: running)
    monkeypatch.setattr(local, "ask", ask)
    assert doctor._daemons() == [(1, "a", {"device": "a"}, ""), (2, "b", None, "it is deaf")]


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge", "doctor", *words],
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        env={**os.environ, **environment},
        cwd=str(ROOT),
    )


def test_the_whole_command_on_this_machine(make_broker: Any, tmp_path: Path) -> None:
    broker = make_broker(users={"edge": "word-of-secrecy"})
    (tmp_path / "edge.yaml").write_text(
        f"""
device: doctor-{os.getpid()}
mqtt: {{url: "mqtt://edge:word-of-secrecy@127.0.0.1:{broker.port}"}}
models: {{people: {{spec: person}}}}
cameras:
  picture: {{source: "test://?size=320x240", fps: 0.1}}
  lost: {{source: "rtsp://viewer:hidden-word@127.0.0.1:{broker.port}/x"}}
"""
    )
    done = run("-c", str(tmp_path / "edge.yaml"), "--json")
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["status"] == "errors" and done.returncode == 2
    by_name = {(check["group"], check["name"]): check for check in report["checks"]}
    assert by_name["broker", "broker"]["status"] == "ok"
    assert by_name["cameras", "picture"]["status"] == "ok"
    assert by_name["cameras", "lost"]["status"] == "error"
    assert by_name["configuration", "people"]["status"] == "ok"
    assert by_name["workers", "onnxruntime"]["status"] == "ok"
    assert not any("failed itself" in check["message"] for check in report["checks"])
    assert all(check["remedy"] for check in report["checks"] if check["status"] in ("warning", "error"))
    assert "word-of-secrecy" not in done.stdout and "hidden-word" not in done.stdout


def test_a_configuration_that_is_not_there_or_wrong(tmp_path: Path) -> None:
    done = run("-c", str(tmp_path / "none.yaml"), "--no-cameras", PYTHONIOENCODING="ascii")
    assert done.returncode == 2 and done.stderr == ""
    assert "none.yaml" in done.stdout and "Traceback" not in done.stdout
    (tmp_path / "edge.yaml").write_bytes(b"device: [\xff")
    done = run("-c", str(tmp_path / "edge.yaml"))
    assert done.returncode == 2 and done.stderr == "" and "edge.yaml:1" in done.stdout


def test_a_cameras_pipeline(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "edge.yaml"
    file.write_text("device: a\nmodels: {p: {spec: person}}\ncameras: {cam: {source: 'rtsp://me:secret@10.0.0.1/x'}}\n")
    words = ["doctor", "-c", str(file), "--pipeline", "cam"]
    assert main([*words, "--codec", "h265"]) == 0
    notes, mark, line = capsys.readouterr().out.partition("gst-launch-1.0 -v \\\n    rtspsrc name=source ")
    assert mark and all(note.startswith("# ") for note in notes.splitlines()) and "h265" in notes.splitlines()[0]
    assert "rtph265depay" in line and "secret" not in notes + line
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["camera"], told["codec"], told["missing"]) == ("cam", "h264", []) and "rtph264depay" in told["line"]
    assert main([*words[:-1], "cm"]) == 1
    assert "did you mean 'cam'" in capsys.readouterr().err


def test_a_codec_goes_with_a_pipeline(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--codec", "h264"])
    assert ended.value.code == 2 and "--pipeline" in capsys.readouterr().err
