"""Cameras that cannot be connected to: each is given up within a bound, and the reason says what to look at."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.servers import RtspServer
from tests.capture.harness import CaptureHarness, rtsp
from tests.capture.namespaces import HOLE, name_server_is_silent, packets_vanish

SECRET = "s3cret-of-the-gate"
#: Seconds within which any of these is given up: 5 for an answer, 3 to look why, and the rest for a slow machine.
BOUND = 60.0


def given_up(source: Dict[str, Any], stall_timeout: float = 10, **how: Any) -> Dict[str, Any]:
    """The farewell of a worker that never got a picture, and told nothing that it must not."""
    began = time.monotonic()
    with CaptureHarness(source, stall_timeout=stall_timeout, **how) as worker:
        farewell = worker.ended()
    assert time.monotonic() - began < BOUND
    assert worker.said("online") == []
    assert "\n" not in farewell["reason"] and "Traceback" not in worker.stderr
    assert SECRET not in repr(worker.messages) + worker.stderr
    return farewell


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """``answering(reply)``: the URL of a server that answers every request with that, after its CSeq."""
    socks: List[socket.socket] = []

    def serve(listener: socket.socket, reply: bytes) -> None:
        try:
            while True:
                connection, _ = listener.accept()
                socks.append(connection)
                request = connection.recv(4096)
                number = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"cseq"))
                connection.sendall(reply.replace(b"CSEQ", number))
        except OSError:
            pass

    def make(reply: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        socks.append(listener)
        threading.Thread(target=serve, args=(listener, reply), daemon=True).start()
        return f"rtsp://127.0.0.1:{listener.getsockname()[1]}/live"

    yield make
    for sock in socks:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        sock.close()


def test_refused(free_port: int, python: str) -> None:
    farewell = given_up(rtsp(f"rtsp://127.0.0.1:{free_port}/live", username="joe", password=SECRET), python=python)
    assert farewell["state"] == "unreachable"
    assert farewell["reason"].startswith(f"nothing listens at 127.0.0.1:{free_port}: is the port right")


def test_no_answer_from_an_address_that_drops_packets() -> None:
    farewell = given_up(rtsp(f"rtsp://{HOLE}:8554/live"), prefix=packets_vanish())
    assert farewell["state"] == "unreachable"
    assert farewell["reason"].startswith(f"nothing at {HOLE}:8554 answers: is the camera switched on")


def test_no_route() -> None:
    farewell = given_up(rtsp("rtsp://192.0.2.1/live"), prefix=packets_vanish())
    assert farewell["state"] == "unreachable"
    assert farewell["reason"].startswith("no way to 192.0.2.1:554 (network is unreachable)")


def test_a_name_that_nobody_knows(python: str) -> None:
    farewell = given_up(rtsp("rtsp://gate.invalid/live"), python=python)
    assert farewell["state"] == "unreachable"
    assert farewell["reason"].startswith("the name gate.invalid cannot be looked up (")


@pytest.mark.parametrize("name", ["a" * 70 + ".example", "a..b"])
def test_a_name_that_cannot_be_one(name: str) -> None:
    farewell = given_up(rtsp(f"rtsp://{name}/live"))
    assert farewell["state"] == "unreachable" and f"the name {name}" in farewell["reason"]


def test_a_silent_name_server_holds_up_no_heartbeat(tmp_path: Path) -> None:
    prefix = name_server_is_silent(tmp_path)
    with CaptureHarness(rtsp("rtsp://gate.example/live"), stall_timeout=4, prefix=prefix) as worker:
        worker.give_credit()
        farewell = worker.ended()
    assert farewell["state"] == "unreachable"
    assert farewell["reason"].startswith("the name gate.example cannot be looked up (no name server answers)")
    # GStreamer waits 10 s for the name; the worker says once a second that it lives, and gives up before.
    assert len(worker.said("beat")) >= 4


def test_accepted_and_silent(cameras: RtspServer) -> None:
    with FaultProxy(cameras.port) as proxy:
        proxy.set("silent")
        farewell = given_up(rtsp(proxy.url("square")))
    assert farewell["state"] == "unreachable"
    assert farewell["reason"].startswith(f"127.0.0.1:{proxy.port} takes connections but does not answer")


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("reset", "breaks the connection off without an answer"),
        ("close", "closes the connection without an answer"),
        ("garbage-stream", ""),  # a parse error, or no answer within the bound: by what the bytes look like
        ("stall", "no picture for 3 s"),
        ("garbage", "no picture for 3 s, and what comes cannot be decoded: "),
        ("garbage-packets", "no picture for 3 s"),
    ],
)
def test_broken_from_the_start(cameras: RtspServer, mode: str, words: str) -> None:
    with FaultProxy(cameras.port) as proxy:
        proxy.set(mode)
        farewell = given_up(rtsp(proxy.url("square")), stall_timeout=3)
    assert farewell["state"] == "unreachable"
    assert words in farewell["reason"]


@pytest.mark.parametrize(("password", "words"), [("wrong", "refuses this user and password"), (None, "wants a user")])
def test_a_wrong_password(
    rtsp_server: Callable[..., RtspServer], short: Path, password: str, words: str, python: str
) -> None:
    camera = rtsp_server(square=short, user="viewer", password=SECRET)
    user = "viewer" if password else None
    farewell = given_up(rtsp(camera.url("square"), username=user, password=password), python=python)
    assert farewell["state"] == "unauthorized" and words in farewell["reason"]
    assert "wrong" not in farewell["reason"]


def test_a_path_that_is_not_there(cameras: RtspServer, python: str) -> None:
    farewell = given_up(rtsp(cameras.url("cellar?x=1")), python=python)
    assert farewell["state"] == "unreachable"
    assert f"127.0.0.1:{cameras.port} has no such path: /cellar?x=1 (RTSP 404)" in farewell["reason"]


@pytest.mark.parametrize(
    ("reply", "state", "words"),
    [
        (b"RTSP/1.0 503 Too many viewers\r\nCSEQ\r\n\r\n", "unreachable", "answers Too many viewers (503)"),
        (b"RTSP/1.0 403 Forbidden\r\nCSEQ\r\n\r\n", "unauthorized", "RTSP 403"),
        (b"RTSP/1.0 500 W\xff\xfe\x1b[31mords\r\nCSEQ\r\n\r\n", "unreachable", "500"),
        (b"RTSP/1.0 302 Moved\r\nCSEQ\r\nLocation: rtsp://127.0.0.1:1/x\r\n\r\n", "unreachable", "127.0.0.1"),
        (b"RTSP/1.0 200 OK\r\nCSEQ\r\nContent-Length: 5\r\n\r\nhello", "unreachable", ""),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unreachable", "speaks no RTSP: is it the right port?"),
    ],
)
def test_answers_that_help_nobody(answering: Callable[[bytes], str], reply: bytes, state: str, words: str) -> None:
    farewell = given_up(rtsp(answering(reply)), stall_timeout=6)
    assert farewell["state"] == state and words in farewell["reason"], farewell
    assert farewell["reason"].isprintable()
