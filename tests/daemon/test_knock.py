"""Noticing that a camera's port is open again."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import List

import pytest

from edge.daemon import knock
from edge.daemon.knock import Port, port_of, until_open
from scripts.servers import free_port

BOUND = 60.0


async def _answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"RTSP/1.0 401 Unauthorized\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(
    ("location", "port"),
    [
        ("rtsp://10.0.0.7/live", Port("10.0.0.7", 554)),
        ("rtsp://10.0.0.7:8554/live?channel=1", Port("10.0.0.7", 8554)),
        ("rtsp://[fd00::7]:8554/live", Port("fd00::7", 8554)),
        ("rtsp://yard.local/live", Port("yard.local", 554)),
        ("http://10.0.0.7/live", None),
        ("rtsp://[fd00::7:8554/live", None),
        ("rtsp://10.0.0.7:99999/live", None),
        ("file:/clips/a.mp4", None),
    ],
)
def test_which_port(location: str, port: object) -> None:
    assert port_of(location) == port


def test_a_port_that_opens_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knock, "EVERY_S", 0.05)
    port = free_port()

    tries: List[bool] = []
    really_open = knock._open

    async def counted(where: Port, door: knock.Door) -> bool:
        tries.append(await really_open(where, door))
        return tries[-1]

    monkeypatch.setattr(knock, "_open", counted)

    async def test() -> None:
        waiting = asyncio.ensure_future(until_open(Port("127.0.0.1", port)))
        while len(tries) < 3:
            await asyncio.sleep(0.01)
        assert not waiting.done() and not any(tries)
        server = await asyncio.start_server(_answer, "127.0.0.1", port)
        await asyncio.wait_for(waiting, BOUND)
        server.close()

    asyncio.run(test())


def test_a_port_that_was_open_all_the_time_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knock, "EVERY_S", 0.02)

    async def test() -> None:
        tries = 0

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal tries
            tries += 1
            await _answer(reader, writer)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        waiting = asyncio.ensure_future(until_open(Port("127.0.0.1", server.sockets[0].getsockname()[1])))
        while tries < 5:
            await asyncio.sleep(0.02)
        assert not waiting.done()
        waiting.cancel()
        server.close()

    asyncio.run(test())


def test_a_name_server_that_hangs_is_asked_once_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knock, "EVERY_S", 0.02)
    monkeypatch.setattr(knock, "_BOUND_S", 0.02)
    asked: List[object] = []
    hang = threading.Event()

    def look_up(*where: object) -> None:
        asked.append(where)
        hang.wait(BOUND)
        raise OSError("no answer")

    monkeypatch.setattr(socket, "create_connection", look_up)

    async def test() -> None:
        door = knock.Door()
        waiting = asyncio.ensure_future(until_open(Port("yard.local", 554), door))
        while not door.closed:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert len(asked) == 1
        hang.set()
        while len(asked) < 3:
            await asyncio.sleep(0.01)
        waiting.cancel()

    try:
        asyncio.run(test())
    finally:
        hang.set()
