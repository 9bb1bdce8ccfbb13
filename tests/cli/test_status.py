"""`edge status`, against a socket that answers as the daemon does."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from edge.cli import local
from edge.cli.main import main
from edge.cli.status import render
from edge.cli.terminal import Paint, visible
from edge.errors import EdgeError
from scripts.servers import PATIENCE, ROOT


def camera(name: str, **facts: Any) -> Dict[str, Any]:
    stages = ("decode", "wait", "prepare", "infer", "outputs", "events", "total")
    usual = {
        "name": name, "state": "online", "reason": "", "since_s": 100.0, "source": "rtsp://10.0.0.1/x",
        "codec": "h264", "decoder": "avdec_h264", "width": 1920, "height": 1080, "fps_in": 29.97, "fps_analysed": 4.98,
        "fps_wished": 5.0, "drops": 12, "objects": 3, "events": 4711, "restarts": 0, "pid": 12,
        "latency_ms": {stage: 10.0 + n for n, stage in enumerate(stages)},
    }  # fmt: skip
    return {**usual, **facts}


UNKNOWN = {
    "codec": None, "decoder": None, "width": None, "height": None, "fps_in": None, "fps_analysed": None, "pid": None,
    "latency_ms": {},
}  # fmt: skip


def status(cameras: List[Dict[str, Any]], device: str = "gate-7") -> Dict[str, Any]:
    return {
        "device": device, "version": "0.1.0", "pid": 4711, "uptime_s": 8000.0, "config": {"file": "/etc/edge.yaml"},
        "mqtt": {"state": "online", "url": "mqtt://127.0.0.1:1883", "waiting": 2, "published": 5123},
        "inference": {"state": "running", "pid": 4712, "restarts": 1},
        "models": [{"name": "people", "state": "ready", "backend": "onnxruntime", "input": [3, 352, 352], "rate": 9.96,
                    "infer_ms": 12.34}],
        "cameras": cameras,
    }  # fmt: skip


@pytest.fixture
def daemon() -> Iterator[Callable[..., str]]:
    """``daemon(answer=bytes or dict)``: something listens as a daemon; its device's name comes back."""
    servers: List[socketserver.BaseServer] = []

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        answer: bytes

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert json.loads(self.rfile.readline()) == {"op": "status"}
            self.wfile.write(self.server.answer)  # type: ignore[attr-defined]

    def start(answer: Any, device: str = "") -> str:
        device = device or f"test-{uuid.uuid4().hex[:8]}"
        server = Server(f"\0edge/{os.geteuid()}/{device}", Handler)
        server.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode() + b"\n"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return device

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_daemon_is_found_and_asked(daemon: Callable[..., str], capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    device = daemon(status([camera("square"), camera("yard", state="stalled", reason="no picture for 10 s")]))
    assert local.Daemon(os.geteuid(), device) in local.running()
    assert main(["status", "--device", device]) == 0
    shown = capsys.readouterr().out
    assert "square  online " in shown and "30.0  5.0 of 5" in shown and "h264 1920x1080 avdec_h264" in shown
    assert "yard: no picture for 10 s" in shown
    assert "\033" not in shown


def test_a_quiet_camera_and_a_limited_one(daemon: Callable[..., str], capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    quiet = camera("yard", quiet=True, decoded=0.041)
    answer = status([camera("square", fps_analysed=3.1, limited_by="dla:0"), quiet])
    assert main(["status", "--device", daemon(answer)]) == 0
    shown = capsys.readouterr().out
    assert "square: 3.1 of 5 fps, limited by dla:0" in shown
    (row,) = [line for line in shown.splitlines() if line.startswith("yard")]
    assert row.split()[:6] == ["yard", "online,", "quiet", "30.0", "4", "%"]
    (row,) = [line for line in shown.splitlines() if line.startswith("square ")]
    assert row.split()[:4] == ["square", "online", "30.0", "all"] and "DECODED" in shown


def test_json_is_the_daemons_answer(daemon: Callable[..., str], capsys: Any) -> None:
    answer = status([camera("square")])
    assert main(["status", "--json", "--device", daemon(answer)]) == 0
    assert json.loads(capsys.readouterr().out) == answer


def test_the_configuration_names_the_device(daemon: Callable[..., str], tmp_path: Path, capsys: Any) -> None:
    device = daemon(status([camera("square")]))
    (tmp_path / "edge.yaml").write_text(f"device: {device}\n")
    assert main(["status", "-c", str(tmp_path / "edge.yaml")]) == 0
    assert "square" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["device: [", "device: {device}\nmqtt: {{url: x}}", "device: a b"])
def test_the_configuration_may_be_wrong(line: str, daemon: Callable[..., str], tmp_path: Path, capsys: Any) -> None:
    """The daemon that runs the file is the one that tells of the rejection."""
    file = tmp_path / "edge.yaml"
    answer = status([camera("square")])
    answer["config"] = {"file": str(file), "state": "rejected", "at": "edge.yaml:1", "error": "so it is"}
    daemon(status([]))  # another one
    device = daemon(answer)
    file.write_text(line.format(device=device) + "\n")
    assert main(["status", "-c", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "square" in shown and "rejected" in shown and "so it is" in shown


def test_a_wrong_configuration_that_no_daemon_runs(daemon: Callable[..., str], tmp_path: Path, capsys: Any) -> None:
    daemon(status([]))
    (tmp_path / "edge.yaml").write_text("device: a b\n")
    assert main(["status", "-c", str(tmp_path / "edge.yaml")]) == 78
    assert "edge.yaml:1" in capsys.readouterr().err


def test_no_daemon_and_too_many(daemon: Callable[..., str], capsys: Any, monkeypatch: Any) -> None:
    mine = [local.Daemon(os.geteuid(), name) for name in ("a", "b")]
    monkeypatch.setattr(local, "running", list)
    assert main(["status"]) == 1
    assert "no daemon of yours runs here" in capsys.readouterr().err
    monkeypatch.setattr(local, "running", lambda: mine)
    assert main(["status"]) == 1
    assert "(a, b): choose one with --device" in capsys.readouterr().err
    assert main(["status", "--device", "c"]) == 1
    assert capsys.readouterr().err == "edge: no daemon of device c runs here; running: a, b\n"


def test_root_may_ask_others_daemons_and_has_its_own_first(monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(local, "running", lambda: [local.Daemon(1000, "a")])
    assert local.choose() == local.Daemon(1000, "a")
    monkeypatch.setattr(local, "running", lambda: [local.Daemon(0, "b"), local.Daemon(1000, "a")])
    assert local.choose() == local.Daemon(0, "b")
    assert local.choose("a") == local.Daemon(1000, "a")
    monkeypatch.setattr(os, "geteuid", lambda: 1001)
    with pytest.raises(EdgeError, match="no daemon of yours"):
        local.choose()


def test_the_kernels_list_is_read(tmp_path: Path) -> None:
    table = tmp_path / "unix"
    table.write_text(
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 1 @edge/1000/gate-7\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 2 @edge/1000/connected-not-listening\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 3 /run/edge/0/a-file\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 4\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 5 @edge/x/not-a-user\n"
    )
    assert local.running(table) == [local.Daemon(1000, "gate-7")]


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b"[1]\n", b'{"error": "unknown op"}\n'])
def test_an_answer_that_is_none_is_said_in_words(answer: bytes, daemon: Callable[..., str], capsys: Any) -> None:
    device = daemon(answer)
    assert main(["status", "--device", device]) == 1
    assert f"edge: the daemon of {device} " in capsys.readouterr().err


def test_a_daemon_that_hangs_is_given_up(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(local, "TIMEOUT", 0.1)
    device = f"test-{uuid.uuid4().hex[:8]}"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(f"\0edge/{os.geteuid()}/{device}")
        deaf.listen(1)
        assert main(["status", "--device", device]) == 1
    assert "did not answer in time" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [80, 100, 120, 160])
def test_the_table_fits_the_window(columns: int, monkeypatch: Any) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    cameras = [camera("square"), camera("north-gate", state="unauthorized", **UNKNOWN), camera("c3", drops=123456)]
    lines = render(status(cameras), Paint(sys.stdout), columns)
    assert max(visible(line) for line in lines) <= columns
    text = "\n".join(lines)
    assert "DECODE" in text and "TOTAL" in text  # the stages are there in every width
    assert "\033[31munauthorized\033[0m" in text


def test_no_cameras_and_nothing_known_yet() -> None:
    assert "no cameras" in render(status([]), Paint(sys.stdout), 80)[-1]
    assert "starting" in "\n".join(render(status([camera("a", state="starting", **UNKNOWN)]), Paint(sys.stdout), 80))


def test_what_a_camera_says_cannot_move_the_cursor() -> None:
    text = "\n".join(render(status([camera("a", state="stalled", reason="\033[2Jx\r")]), Paint(sys.stdout), 80))
    assert "\033" not in text and "\r" not in text


def test_watching_goes_on_until_ctrl_c(daemon: Callable[..., str], clean_environment: Dict[str, str]) -> None:
    device = daemon(status([camera("square")]))
    command = [sys.executable, "-m", "edge", "status", "--watch", "--json", "--device", device]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=clean_environment, cwd=str(ROOT)) as process:
        assert process.stdout is not None
        for _ in range(2):
            assert json.loads(process.stdout.readline())["device"] == "gate-7"
        process.send_signal(2)
        assert process.wait(PATIENCE) == 0


def test_a_camera_that_gets_less_than_it_wishes_says_whose_lanes_are_short() -> None:
    cameras = [camera("square", fps_analysed=3.14, limited_by="gpu"), camera("yard", limited_by=None)]
    text = "\n".join(render(status(cameras), Paint(sys.stdout), 120))
    assert "square: 3.1 of 5 fps, limited by gpu" in text and "yard:" not in text
