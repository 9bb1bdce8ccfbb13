"""scripts/fault_proxy.py: what goes through it, and which connections it takes, refuses, forgets and breaks."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Callable, Iterator, List

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.servers import PATIENCE, RtspServer, free_port, wait_until
from tests.capture.harness import CaptureHarness, rtsp

MESSAGE = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))
    made: List[socket.socket] = [listener]

    def answer(connection: socket.socket) -> None:
        try:
            while True:
                data = connection.recv(4096)
                if not data:
                    return
                connection.sendall(data)
        except OSError:
            pass

    def accept() -> None:
        try:
            while True:
                made.append(listener.accept()[0])
                threading.Thread(target=answer, args=(made[-1],), daemon=True).start()
        except OSError:
            pass

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    for sock in made:
        sock.close()


@pytest.fixture
def client() -> Iterator[Callable[[FaultProxy], socket.socket]]:
    made: List[socket.socket] = []

    def connect(proxy: FaultProxy) -> socket.socket:
        made.append(socket.create_connection(("127.0.0.1", proxy.port), PATIENCE))
        return made[-1]

    yield connect
    for sock in made:
        sock.close()


def said(sock: socket.socket, words: bytes = MESSAGE) -> bytes:
    """What comes back for that."""
    sock.sendall(words)
    return sock.recv(4096)


def silence(sock: socket.socket) -> None:
    """Nothing comes back, and the connection stays."""
    sock.sendall(MESSAGE)
    sock.settimeout(0.3)
    with pytest.raises(socket.timeout):
        sock.recv(1)
    sock.settimeout(PATIENCE)


Connect = Callable[[FaultProxy], socket.socket]


def test_it_refuses_and_listens_again_at_its_port(echo: int, client: Connect) -> None:
    with FaultProxy(echo) as proxy:
        port, there = proxy.port, client(proxy)
        assert said(there) == MESSAGE
        for _ in range(3):
            proxy.set("refuse")
            with pytest.raises(ConnectionRefusedError):
                client(proxy)
            with socket.socket() as other, pytest.raises(OSError):
                other.bind(("127.0.0.1", port))  # nobody else gets it meanwhile
            proxy.set("pass")
            assert said(client(proxy)) == MESSAGE
        with pytest.raises(ConnectionResetError):
            there.recv(1)


def test_silent_takes_connections_and_answers_nobody(echo: int, client: Connect) -> None:
    with FaultProxy(echo) as proxy:
        before = client(proxy)
        assert said(before) == MESSAGE
        proxy.set("silent")
        during = client(proxy)
        silence(before)
        silence(during)
        proxy.set("pass")
        silence(before)
        assert said(client(proxy)) == MESSAGE


def test_half_open_is_for_those_who_were_there(echo: int, client: Connect) -> None:
    with FaultProxy(echo) as proxy:
        before = client(proxy)
        assert said(before) == MESSAGE
        proxy.set("half-open")
        silence(before)
        assert said(client(proxy)) == MESSAGE
        proxy.set("pass")
        silence(before)


@pytest.mark.parametrize("mode", ["reset", "close"])
def test_connections_end_and_so_do_new_ones(echo: int, client: Connect, mode: str) -> None:
    with FaultProxy(echo) as proxy:
        before = client(proxy)
        assert said(before) == MESSAGE
        proxy.set(mode)
        ways: List[Connect] = [lambda _: before, client]
        for connect in ways:
            if mode == "close":
                assert connect(proxy).recv(1) == b""
            else:
                with pytest.raises(ConnectionResetError):  # a busy machine has it while it still connects
                    connect(proxy).recv(1)
        proxy.set("pass")
        assert said(client(proxy)) == MESSAGE
        assert proxy.connections == 1


def test_a_target_that_is_not_there_resets(client: Connect) -> None:
    with FaultProxy(free_port()) as proxy, pytest.raises(ConnectionResetError):
        client(proxy).recv(1)


def test_nothing_is_left_of_it(echo: int, client: Connect) -> None:
    before = threading.active_count()
    with FaultProxy(echo) as proxy:
        assert said(client(proxy)) == MESSAGE
        there = client(proxy)
        assert said(there) == MESSAGE
    assert there.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        client(proxy)
    wait_until(lambda: threading.active_count() <= before + 2, what="its thread gone")  # the echo's own two


def test_what_it_cannot_do_is_said(echo: int) -> None:
    with FaultProxy(echo) as proxy, pytest.raises(ValueError, match="no mode 'explode'; there are pass, refuse"):
        proxy.set("explode")


def test_a_cameras_whole_stream_goes_through_it(rtsp_server: Callable[..., RtspServer], shared: Path) -> None:
    server = rtsp_server(square=shared / "media" / "vtest-h264.mp4")
    with FaultProxy(server.port) as proxy:
        with CaptureHarness(rtsp(proxy.url("square"))) as worker:
            worker.wait_for("online")
            peers = {int(line.split()[2].split(":")[1], 16) for line in _tcp(worker.process.pid)}
            assert peers == {proxy.port}, "to the proxy alone"
            assert proxy.connections == 1
            passed = proxy.counts["passed"]
            proxy.set("stall")
            frames = worker.wait_for("beat")["frames"]
            proxy.set("pass")
            while worker.wait_for("beat")["frames"] <= frames + 5:
                pass
            assert proxy.counts["passed"] > passed and proxy.counts["dropped"] > 0
        wait_until(lambda: proxy.connections == 0, what="the connection gone")


def _tcp(pid: int) -> List[str]:
    """The lines of /proc/net/tcp that are sockets of this process."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [line for line in lines if line.split()[9] in inodes]
