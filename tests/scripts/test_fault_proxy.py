"""scripts/fault_proxy.py: what goes through it, what it breaks, and that it breaks the same each time."""

from __future__ import annotations

import os
import random
import socket
import threading
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.rtsp_harm import HARMS, Harm, Units
from scripts.servers import PATIENCE, RtspServer, free_port, wait_until
from tests.capture.harness import CaptureHarness, rtsp

MESSAGE = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\n$$$$$"


def frame(number: int, channel: int = 0, size: int = 100) -> bytes:
    """An interleaved RTP packet."""
    payload = bytes([0x80, 96]) + number.to_bytes(2, "big") + bytes(8) + bytes([number % 251]) * size
    return b"$" + bytes([channel]) + len(payload).to_bytes(2, "big") + payload


FRAMES = [frame(n, channel=n % 2, size=20 + n % 90) for n in range(2000)]
STREAM = MESSAGE + b"".join(FRAMES) + MESSAGE


def treated(kind: str, share: float = 0.0, seed: int = 1) -> Tuple[bytes, Dict[str, int]]:
    """The stream after it came through in pieces of any size."""
    counts = {"passed": 0, "harmed": 0, "dropped": 0}
    harm, cuts, out, at = Harm(random.Random(seed), counts), random.Random(0), b"", 0
    while at < len(STREAM):
        size = cuts.randint(1, 700)
        out += harm.treat(STREAM[at : at + size], kind, share)
        at += size
    return out, counts


def units(stream: bytes) -> List[bytes]:
    return [unit for _, unit in Units().feed(stream)]


def test_messages_and_frames_are_told_apart_however_they_come() -> None:
    cut = Units()
    found = [unit for n in range(len(STREAM)) for unit in cut.feed(STREAM[n : n + 1])]
    assert [unit for _, unit in found] == [MESSAGE, *FRAMES, MESSAGE]
    assert [channel for channel, _ in found] == [None, *[n % 2 for n in range(2000)], None]


def test_what_passes_is_not_touched() -> None:
    assert treated("pass") == (STREAM, {"passed": 1000, "harmed": 0, "dropped": 0})


def test_garbage_keeps_the_frames_and_their_headers() -> None:
    out, counts = treated("garbage")
    found = units(out)
    assert found[0] == found[-1] == MESSAGE
    for before, after in zip(FRAMES, found[1:-1]):
        assert (len(after), after[:16]) == (len(before), before[:16])
        assert (after == before) is bool(before[1] % 2), "RTCP is left alone"
    assert counts == {"passed": 0, "harmed": 1000, "dropped": 0}


def test_garbage_packets_keep_the_frames_alone() -> None:
    found = units(treated("garbage-packets")[0])
    assert [len(unit) for unit in found] == [len(MESSAGE), *map(len, FRAMES), len(MESSAGE)]
    assert all(a[:4] == b[:4] and a[4:] != b[4:] for a, b in zip(FRAMES, found[1:-1]))


def test_garbage_streams_keep_nothing() -> None:
    out, _ = treated("garbage-stream")
    assert len(out) == len(STREAM)
    assert not any(word in out for word in (b"RTSP", b"CSeq"))


def test_cut_packets_are_whole_frames() -> None:
    found = units(treated("truncate")[0])[1:-1]
    assert len(found) == 2000
    assert all(after[4:] == before[4:][: len(after) - 4] for before, after in zip(FRAMES, found))
    assert 300 < sum(len(a) < len(b) for a, b in zip(found, FRAMES)) <= 1000
    assert min(map(len, found)) == 16, "down to nothing behind the header"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.2, 1.0])
def test_lost_packets_are_that_share_and_the_rest_is_whole(share: float) -> None:
    out, counts = treated("lose", share)
    assert counts["dropped"] == pytest.approx(1000 * share, abs=30 if 0 < share < 1 else 0)
    assert set(units(out)) <= {MESSAGE, *FRAMES}
    assert len(units(out)) == 2002 - counts["dropped"]


def test_a_stall_lets_messages_alone_through() -> None:
    assert units(treated("stall")[0]) == [MESSAGE, MESSAGE]


@pytest.mark.parametrize("kind", HARMS)
def test_it_is_the_same_harm_each_time(kind: str) -> None:
    assert treated(kind, 0.3) == treated(kind, 0.3)
    if kind != "stall":
        assert treated(kind, 0.3)[0] != treated(kind, 0.3, seed=2)[0]


# ---- connections -----------------------------------------------------------------------------------------------------


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
        for sock in (before, client(proxy)):
            if mode == "close":
                assert sock.recv(1) == b""
            else:
                with pytest.raises(ConnectionResetError):
                    sock.recv(1)
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
