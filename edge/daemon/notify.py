"""What the daemon tells systemd: sd_notify(3)'s protocol, a datagram of lines.

Of our own rather than from systemd-python, which cannot be installed everywhere: under ``Type=notify`` a daemon that
cannot say READY would be taken for one that never started, and killed.
"""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from typing import Deque, MutableMapping, Optional

from edge.log import redact

_KEPT = 8


class Notifier:
    """Talks to whoever started this process with ``NOTIFY_SOCKET``; silent where nobody did. Never raises or blocks.

    Takes what systemd has set out of ``environ``, so that no worker speaks in the daemon's name.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        address = environ.pop("NOTIFY_SOCKET", "")
        timeout = environ.pop("WATCHDOG_USEC", "")
        whose = environ.pop("WATCHDOG_PID", "")
        # An @ at the front stands for the NUL of an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        #: Somebody listens.
        self.active = address[:1] in ("@", "/")
        self._status = ""
        self._unsent: Deque[str] = deque(maxlen=_KEPT)
        self.watchdog_s: Optional[float] = None
        if self.active and timeout.isdigit() and int(timeout) > 0 and whose in ("", str(os.getpid())):
            #: systemd ends a daemon that it has not heard of for so long; None where it does not care.
            self.watchdog_s = int(timeout) / 1e6

    def ready(self, status: str) -> None:
        """The start, or a reload, is over."""
        self._status = _line(status)
        self._send(f"READY=1\nSTATUS={self._status}")

    def status(self, text: str) -> None:
        """What ``systemctl status`` shows; sent when it is another than before."""
        line = _line(text)
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def reloading(self) -> None:
        """A reload begins; ``ready`` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """All is well: to be said at least twice in ``watchdog_s``."""
        if self.watchdog_s is not None:
            self._send("WATCHDOG=1", keep=False)

    def extend(self, seconds: float) -> None:
        """What is under way, a start, a reload or a stop, may take so long from now on."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}", keep=False)

    def _send(self, message: str, keep: bool = True) -> None:
        """What cannot be sent now, since systemd is busy or being replaced, goes before a later message."""
        if not self.active:
            return
        try:
            # A new one each time: after systemctl daemon-reexec another socket may have the address.
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                while self._unsent:
                    sock.sendto(self._unsent[0].encode(), self._address)
                    self._unsent.popleft()
                sock.sendto(message.encode(), self._address)
        except OSError:
            if keep:
                self._unsent.append(message)


def _line(text: str) -> str:
    return redact(" ".join(text.split()))
