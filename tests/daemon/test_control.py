"""The daemon's local socket: its name is had once, and it answers its own user in whole lines."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from typing import Any, Awaitable, Callable, Dict, List

import pytest

from edge.daemon.control import ControlServer, address
from edge.errors import EdgeError

DEVICE = f"test-{os.getpid()}"
HANDLERS: Dict[str, Callable[[Dict[str, Any]], Dict[str, Any]]] = {"status": lambda request: {"asked": request}}


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


async def told(reader: asyncio.StreamReader) -> bytes:
    """All that comes before the end of the connection, orderly or not."""
    try:
        return await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:
        return b""


async def ask(*lines: bytes) -> List[Any]:
    reader, writer = await asyncio.open_unix_connection(address(DEVICE))
    answers = []
    for line in lines:
        writer.write(line)
        await writer.drain()
        answers.append(json.loads(await asyncio.wait_for(reader.readline(), 60)))
    writer.close()
    await writer.wait_closed()
    return answers


def test_it_answers_line_by_line() -> None:
    async def test() -> None:
        server = ControlServer(DEVICE, HANDLERS)
        await server.start()
        server.open()
        assert await ask(b'{"op":"status","n":1}\n', b'{"op":"status","n":2}\n') == [
            {"asked": {"op": "status", "n": n}} for n in (1, 2)
        ]
        await server.stop()

    run(test)


@pytest.mark.parametrize(
    "line", [b"nonsense\n", b"{}\n", b"[]\n", b"7\n", b'{"op":"explode"}\n', b'{"op":[]}\n', b"\xff\n"]
)
def test_a_request_that_is_none_gets_an_error_and_does_no_harm(line: bytes) -> None:
    async def test() -> None:
        server = ControlServer(DEVICE, HANDLERS)
        await server.start()
        server.open()
        (answer,) = await ask(line)
        assert "status" in answer["error"]
        assert (await ask(b'{"op":"status"}\n'))[0]["asked"]
        await server.stop()

    run(test)


def test_a_line_without_end_is_cut_off() -> None:
    async def test() -> None:
        server = ControlServer(DEVICE, HANDLERS)
        await server.start()
        server.open()
        reader, writer = await asyncio.open_unix_connection(address(DEVICE))
        writer.write(b"x" * 300000)
        assert await told(reader) == b""
        writer.close()
        await server.stop()

    run(test)


def test_a_name_is_had_once_and_free_again_afterwards() -> None:
    async def test() -> None:
        first, second = ControlServer(DEVICE, HANDLERS), ControlServer(DEVICE, HANDLERS)
        await first.start()
        first.open()
        with pytest.raises(EdgeError, match=f"'{DEVICE}' is already running"):
            await second.start()
            second.open()
        await second.stop()
        assert (await ask(b'{"op":"status"}\n'))[0]["asked"], "the first is as it was"
        await first.stop()
        await second.start()
        second.open()
        await second.stop()

    run(test)


def test_another_user_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.daemon.control._peer", lambda _writer: os.getuid() + 12345)

    async def test() -> None:
        server = ControlServer(DEVICE, HANDLERS)
        await server.start()
        server.open()
        reader, writer = await asyncio.open_unix_connection(address(DEVICE))
        writer.write(b'{"op":"status"}\n')
        assert await told(reader) == b""
        writer.close()
        await server.stop()

    run(test)


def test_its_name_is_no_file() -> None:
    assert address(DEVICE).startswith("\0edge/")
    with socket.socket(socket.AF_UNIX) as sock, pytest.raises(ConnectionRefusedError):
        sock.connect(address(DEVICE))
