"""Noticing that a camera which could not be connected to is back, before its next try is due.

A site's power comes back and the waits have grown to half a minute by then: to ask a port whether an RTSP server is
behind it costs next to nothing, a capture process does not. A camera that still starts takes connections long before it
answers, so it is the answer that counts.
"""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

EVERY_S = 2.0
_BOUND_S = 2.0
_RTSP_PORT = 554
# Every server answers that, without a user too. (RFC 2326, 10.1)
_QUESTION = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"


class Port(NamedTuple):
    host: str
    port: int


def port_of(location: str) -> Optional[Port]:
    """The port of an ``rtsp://`` location; None for anything else."""
    try:
        parts = urlsplit(location)
        port = Port(parts.hostname or "", parts.port or _RTSP_PORT)
    except ValueError:
        return None
    return port if parts.scheme == "rtsp" and port.host else None


class Door:
    """What is known of a port from one wait to the next: a try in between may fail just before the port opens."""

    closed = False
    #: A look-up of its host's name cannot be called back. While one hangs there is no other.
    busy = False


async def until_open(port: Port, door: Optional[Door] = None) -> None:
    """Returns once the port, found closed before, is open. One that is open from the start is not what was missing."""
    door = Door() if door is None else door
    while True:
        if not await _open(port, door):
            door.closed = True
        elif door.closed:
            door.closed = False
            return
        await asyncio.sleep(EVERY_S * random.uniform(0.75, 1.25))


async def _open(port: Port, door: Door) -> bool:
    """Whether something answers there, within a bound."""
    if door.busy:
        return False
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()

    def tell(answered: bool) -> None:
        if not answer.done():
            answer.set_result(answered)

    def ask() -> None:
        answered = _answers(port)
        door.busy = False
        try:
            loop.call_soon_threadsafe(tell, answered)
        except RuntimeError:
            pass  # The loop is closed: nobody waits any more.

    door.busy = True
    # A thread of its own: those of the loop's pool are waited for at the end, however long a name server is silent.
    threading.Thread(target=ask, daemon=True).start()
    try:
        return await asyncio.wait_for(answer, 2 * _BOUND_S)
    except asyncio.TimeoutError:
        return False


def _answers(port: Port) -> bool:
    try:
        with socket.create_connection(port, _BOUND_S) as sock:
            sock.sendall(_QUESTION)
            return bool(sock.recv(1))
    except (OSError, UnicodeError):
        return False
