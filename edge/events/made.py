"""A log of all events as they are made: what was delivered is held against it.

With ``EDGE_EVENT_LOG`` naming a file, each event's JSON is appended to it in a line of its own before anything else
deals with the event, and a line ``H <id>`` once the spool has it. A process that is killed between the two has not
handed that event over.
"""

from __future__ import annotations

import os
from typing import Callable

from edge.events.event import Event

VARIABLE = "EDGE_EVENT_LOG"


class MadeLog:
    """``handing(event, payload, put)`` calls ``put()``, with the lines around it."""

    def __init__(self) -> None:
        path = os.environ.get(VARIABLE)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600) if path else -1

    def handing(self, event: Event, payload: bytes, put: Callable[[], None]) -> None:
        if self._fd < 0:
            put()
            return
        handed = f"H {event.id}\n".encode()
        os.write(self._fd, payload + b"\n")
        put()
        os.write(self._fd, handed)
