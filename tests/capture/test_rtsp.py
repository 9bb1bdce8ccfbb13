"""The capture worker and real RTSP cameras: what they send, and what they refuse."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Tuple

import pytest

from scripts.servers import RtspServer
from tests.capture.harness import CaptureHarness, rtsp

SECRET = "p@ss:/wörd&#?"


@pytest.fixture
def pretender() -> Iterator[Callable[..., str]]:
    """``pretender(reply, close)``: the URL of a TCP server that answers whatever it is told with those bytes."""
    listening: List[socket.socket] = []
    connections: List[socket.socket] = []

    def serve(listener: socket.socket, reply: Optional[bytes], close: bool) -> None:
        while True:
            try:
                connection, _ = listener.accept()
                connections.append(connection)
                if reply is not None:
                    connection.recv(4096)
                    connection.sendall(reply)
                if close:
                    connection.close()
            except OSError:
                return

    def make(reply: Optional[bytes], close: bool = False) -> str:
        listener = socket.socket()
        listening.append(listener)
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        threading.Thread(target=serve, args=(listener, reply, close), daemon=True).start()
        return f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"

    yield make
    for sock in listening:
        sock.shutdown(socket.SHUT_RDWR)
    for sock in listening + connections:
        sock.close()


@pytest.mark.parametrize(
    ("mount", "codec", "size", "fps"),
    [("square", "h264", (768, 576), 10), ("square265", "h265", (768, 576), 10), ("jpeg", "jpeg", (320, 240), 30)],
)
def test_pictures_come(cameras: RtspServer, mount: str, codec: str, size: Tuple[int, int], fps: int) -> None:
    with CaptureHarness(rtsp(cameras.url(mount))) as worker:
        online = worker.wait_for("online")
        assert (online["codec"], online["width"], online["height"]) == (codec, *size)
        assert online["decoder"]
        headers = [worker.picture()[0] for _ in range(8)]
    assert [h.sequence for h in headers] == list(range(1, 9))
    assert {(h.width, h.height) for h in headers} == {size}
    for header in headers:
        assert 0 < header.captured <= header.decoded <= header.sent
    gaps = [(b.captured - a.captured) / 1e9 * fps for a, b in zip(headers, headers[1:])]
    # A stream with B frames (the H.265 clip) is not sent in the order of its times, which blurs them by a picture.
    blur = 2.0 if codec == "h265" else 0.25
    assert all(gap > 0.5 or (blur > 1 and gap >= 0) for gap in gaps), f"each is another picture: {gaps}"
    assert all(abs(gap - round(gap)) < blur for gap in gaps), f"times are the camera's: {gaps}"
    assert sum(gaps) > 4


def test_on_the_workers_interpreters(cameras: RtspServer, python: str) -> None:
    with CaptureHarness(rtsp(cameras.url("square")), python=python) as worker:
        online = worker.wait_for("online")
        assert (online["codec"], online["width"], online["height"]) == ("h264", 768, 576)
        (first, planes), (second, _) = worker.picture(), worker.picture()
        assert second.captured > first.captured
        assert 40 < planes[0].mean() < 200 and planes[0].std() > 20, "a picture, not a grey field"
    assert worker.stderr == ""


@pytest.mark.parametrize("auth", ["digest", "basic"])
def test_user_and_password(rtsp_server: Callable[..., RtspServer], short: Path, auth: str) -> None:
    camera = rtsp_server(square=short, user="viewer", password=SECRET, auth=auth)
    with CaptureHarness(rtsp(camera.url("square"), username="viewer", password=SECRET)) as worker:
        worker.wait_for("online")
        worker.picture()
        said = [Path(f"/proc/{worker.process.pid}/{what}").read_bytes() for what in ("cmdline", "environ")]
    for username, password in (("viewer", "wrong"), ("nobody", SECRET), (None, None)):
        with CaptureHarness(rtsp(camera.url("square"), username=username, password=password)) as worker:
            farewell = worker.ended()
        assert farewell["state"] == "unauthorized", (username, farewell)
        assert "password" in farewell["reason"]
        said += [repr(worker.messages).encode(), worker.stderr.encode()]
    for text in said:
        assert SECRET.encode() not in text and b"wrong" not in text


@pytest.mark.parametrize(
    ("mount", "state", "words"),
    [
        ("nowhere", "unreachable", "404"),
        ("sound", "unsupported", "no video stream"),
        ("vp8", "unsupported", "VP8; H.264, H.265 and JPEG are supported"),
    ],
)
def test_a_camera_that_has_no_such_pictures(cameras: RtspServer, mount: str, state: str, words: str) -> None:
    with CaptureHarness(rtsp(cameras.url(mount))) as worker:
        farewell = worker.ended()
    assert farewell["state"] == state
    assert words in farewell["reason"]
    assert "online" not in [m["op"] for m in worker.messages]


def test_nobody_listens(free_port: int) -> None:
    with CaptureHarness(rtsp(f"rtsp://127.0.0.1:{free_port}/live")) as worker:
        farewell = worker.ended()
    assert farewell["state"] == "unreachable"
    assert f"127.0.0.1:{free_port}" in farewell["reason"]


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff\x13 nonsense\r\n\r\n", os.urandom(5000)]
)
def test_who_answers_is_no_camera(pretender: Callable[..., str], reply: bytes) -> None:
    with CaptureHarness(rtsp(pretender(reply, close=True)), stall_timeout=10) as worker:
        farewell = worker.ended()
    assert farewell["state"] == "unreachable"
    assert "\n" not in farewell["reason"] and "Traceback" not in worker.stderr


def test_who_accepts_and_says_nothing_is_given_up_and_costs_no_cpu(pretender: Callable[..., str]) -> None:
    with CaptureHarness(rtsp(pretender(None)), stall_timeout=3) as worker:
        worker.give_credit()  # inference asks at once, whatever the camera's state
        worker.wait_for("beat")
        worker.wait_for("beat")
        before = worker.cpu_s()
        worker.wait_for("beat")
        assert worker.cpu_s() - before < 0.3, "of the second between two beats"
        farewell = worker.ended()
    assert farewell["state"] == "unreachable"


def test_a_camera_that_dies_in_mid_stream(rtsp_server: Callable[..., RtspServer], short: Path) -> None:
    camera = rtsp_server(square=short)
    with CaptureHarness(rtsp(camera.url("square"))) as worker:
        worker.wait_for("online")
        worker.picture()
        camera.kill()
        assert worker.ended()["state"] == "stalled"


def test_a_camera_that_goes_silent(rtsp_server: Callable[..., RtspServer], short: Path) -> None:
    camera = rtsp_server(square=short)
    with CaptureHarness(rtsp(camera.url("square")), stall_timeout=1) as worker:
        worker.wait_for("online")
        camera.freeze()
        farewell = worker.ended()
    assert farewell["state"] == "stalled"
    assert farewell["reason"] == "no picture for 1 s"


def test_a_camera_that_says_goodbye(rtsp_server: Callable[..., RtspServer], short: Path) -> None:
    # EOS from a live source is a fault: its file is not over, it has none.
    camera = rtsp_server(square=short, once=True)
    with CaptureHarness(rtsp(camera.url("square"))) as worker:
        assert worker.ended()["state"] == "stalled"
    assert "online" in [m["op"] for m in worker.messages]


def test_the_daemons_stop_ends_it_at_once(cameras: RtspServer, wait_until: Callable[..., Any]) -> None:
    with CaptureHarness(rtsp(cameras.url("square"))) as worker:
        worker.wait_for("online")
        worker.control.send({"op": "stop"})
        assert worker.ended()["state"] == "stopped"
