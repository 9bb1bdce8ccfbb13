"""Wakes a thread that waits for a socket."""

from __future__ import annotations

import select
import socket


class Wake:
    """``up`` may be called by any thread, at any time, and never raises; the rest is the waiting thread's."""

    def __init__(self) -> None:
        self.waiting, self._ringing = socket.socketpair()
        self.waiting.setblocking(False)
        self._ringing.setblocking(False)
        self._rung = False

    def up(self) -> None:
        if not self._rung:
            self._rung = True
            try:
                self._ringing.send(b"\0")
            except OSError:
                pass  # full: it will wake all the same; or closed: nobody is there to wake

    def wait(self, timeout: float) -> None:
        """Until it was woken, for ``timeout`` seconds at most."""
        poller = select.poll()
        poller.register(self.waiting, select.POLLIN)
        if poller.poll(1000 * max(0.01, timeout)):
            self.clear()

    def clear(self) -> None:
        try:
            self.waiting.recv(4096)
        except OSError:
            pass
        self._rung = False  # after the reading: who sets it in between has queued what is seen next

    def close(self) -> None:
        self.waiting.close()
        self._ringing.close()
