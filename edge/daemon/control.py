"""The daemon's local socket: one JSON line asks, one JSON line answers.

An abstract Unix socket, ``\\0edge/<uid>/<device>``: it has no file that a killed daemon could leave behind, and its
name can be had only once, so a second daemon for the same device notices. It answers the same user and root alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from typing import Any, Callable, Dict

from edge.errors import EdgeError

_MAX_REQUEST = 65536


def address(device: str) -> str:
    """The socket's name for ``device`` of this user."""
    return f"\0edge/{os.getuid()}/{device}"


class ControlServer:
    """``handlers`` by the request's ``op``; what one returns is the answer, from :meth:`open` on."""

    def __init__(self, device: str, handlers: Dict[str, Callable[[Dict[str, Any]], Dict[str, Any]]]) -> None:
        self._device, self._handlers = device, handlers
        self._server: Any = None
        self._open = asyncio.Event()

    async def start(self) -> None:
        """Raises EdgeError when another daemon of this user has the device's name."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(address(self._device))
        except OSError as error:
            sock.close()
            raise EdgeError(
                f"a daemon for the device {self._device!r} is already running (see edge status); stop it first, or "
                "give this one another name (device: in its configuration)"
            ) from error
        sock.setblocking(False)
        self._server = await asyncio.start_unix_server(self._serve, sock=sock, limit=_MAX_REQUEST)

    def open(self) -> None:
        """From now on there is something to tell: who has asked before gets the answer now."""
        self._open.set()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _peer(writer) not in (0, os.getuid()):
                return
            while True:
                line = await reader.readline()
                if not line:
                    return
                await self._open.wait()
                writer.write(json.dumps(self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError):
            pass  # Too long a line, or the other side is gone.
        finally:
            writer.close()

    def _answer(self, line: bytes) -> Dict[str, Any]:
        try:
            request = json.loads(line)
            handler = self._handlers[request["op"]]
        except (ValueError, KeyError, TypeError):
            return {"error": f"expected one of {', '.join(sorted(self._handlers))} as op"}
        return handler(request)


def _peer(writer: asyncio.StreamWriter) -> int:
    """The user at the other end."""
    sock = writer.get_extra_info("socket")
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])
