"""Noticing that a camera which could not be connected to is back, before its next try is due.

A site's power comes back and the waits have grown to half a minute by then: to connect to a port costs next to nothing,
a capture process does not.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

EVERY_S = 2.0
_BOUND_S = 2.0
_RTSP_PORT = 554


class Port(NamedTuple):
    host: str
    port: int


def port_of(location: str) -> Optional[Port]:
    """The port of an ``rtsp://`` location; None for anything else, and for a host by name, whose look-up may hang."""
    try:
        parts = urlsplit(location)
        ipaddress.ip_address(parts.hostname or "")
        return Port(parts.hostname or "", parts.port or _RTSP_PORT) if parts.scheme == "rtsp" else None
    except ValueError:
        return None


class Door:
    """What is known of a port from one wait to the next: a try in between may fail just before the port opens."""

    closed = False


async def until_open(port: Port, door: Optional[Door] = None) -> None:
    """Returns once the port, found closed before, is open. One that is open from the start is not what was missing."""
    door = Door() if door is None else door
    while True:
        if not await _open(port):
            door.closed = True
        elif door.closed:
            door.closed = False
            return
        await asyncio.sleep(EVERY_S * random.uniform(0.75, 1.25))


async def _open(port: Port) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(*port), _BOUND_S)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    return True
