"""A connection to jtop's service, in a thread: its client has no time-outs, and a thread can be left behind.

jetson-stats is imported here and only here, when its service is there to be asked.
"""

import importlib
import importlib.util
import json
import os
import threading
import time
from typing import Any, Dict, Optional, Tuple

from .jetson_stats import adapter_for, known

SOCKET = "run/jtop.sock"
#: A service that stands still gives the same numbers for ever: its uptime tells. After so many intervals it is held to
#: be stuck.
STALE_INTERVALS = 5
_MOST_BYTES = 32768


def installed() -> bool:
    """Whether this interpreter has jetson-stats."""
    try:
        return importlib.util.find_spec("jtop") is not None
    except (ImportError, ValueError):
        return False


class JtopThread(threading.Thread):
    """``failure``: why it has ended. ``latest``: when the last values came (monotonic), and the values."""

    def __init__(self, interval: float) -> None:
        super().__init__(name="jtop", daemon=True)
        self.interval = interval
        self.version = ""
        self.failure = ""
        self.began = time.monotonic()
        self.latest: Optional[Tuple[float, Dict[str, Any]]] = None

    def run(self) -> None:
        try:
            self._follow()
        except Exception as error:  # whatever a version of it raises
            self.failure = "jtop: {}".format(" ".join(str(error).split()) or type(error).__name__)[:200]

    def silent_s(self, now: float) -> float:
        """Seconds since the last values, or since the start."""
        return now - (self.began if self.latest is None else self.latest[0])

    def _follow(self) -> None:
        module = importlib.import_module("jtop")
        self.version = str(getattr(module, "__version__", "of unknown version"))
        adapter = adapter_for(self.version)
        uptime, changed = None, time.monotonic()
        client = module.jtop(interval=self.interval)
        client.start()
        try:
            while client.ok():
                values = adapter.read(client)
                if len(json.dumps(values)) > _MOST_BYTES:  # what does not fit, or is no JSON, is not passed on
                    raise RuntimeError("it tells too much")
                now = time.monotonic()
                if client.uptime != uptime:
                    uptime, changed = client.uptime, now
                if now - changed > STALE_INTERVALS * self.interval:
                    raise RuntimeError("its service stands still")
                self.latest = now, values
        finally:
            client.close()  # before version 7 the end of a with statement leaves its thread running
        raise RuntimeError("its service went away")


class Jtop:
    """Keeps a JtopThread where there is a service, and tries again after a failure.

    ``note``: why there are no values of jtop, in words; empty while there are. ``stuck``: its thread hangs for good,
    and no other should be started in this process.
    """

    RETRY_S = 60.0
    PATIENCE_S = 10.0

    def __init__(self, interval: float, root: str = "/") -> None:
        self._interval, self._socket = interval, os.path.join(root, SOCKET)
        self._thread: Optional[JtopThread] = None
        self._next_try = 0.0
        self._missing = not installed()
        self.note = ""

    @property
    def version(self) -> str:
        return "" if self._thread is None else self._thread.version

    @property
    def known(self) -> bool:
        return known(self.version)

    def values(self, now: float) -> Optional[Dict[str, Any]]:
        """The last values while they are fresh. ``now``: monotonic."""
        if self._missing:
            self.note = "jetson-stats is not installed"
            return None
        if self._thread is None and now >= self._next_try:
            self._start(now)
        thread = self._thread
        if thread is None:
            return None
        if thread.failure:
            self.note, self._thread, self._next_try = thread.failure, None, now + self.RETRY_S
            return None
        if thread.silent_s(now) > self._patience:
            self.note = "jtop does not answer (silent for {:.0f} s)".format(thread.silent_s(now))
            return None
        if thread.latest is None:
            self.note = "jtop is being asked"
            return None
        self.note = ""
        return thread.latest[1]

    def stuck(self, now: float) -> bool:
        """Whether only another process can try again."""
        return self._thread is not None and self._thread.silent_s(now) > self._patience + self.RETRY_S

    @property
    def _patience(self) -> float:
        return max(self.PATIENCE_S, STALE_INTERVALS * self._interval)

    def _start(self, now: float) -> None:
        if not os.path.exists(self._socket):
            self.note, self._next_try = "jtop's service does not run (no /{})".format(SOCKET), now + self.RETRY_S
            return
        self._thread = JtopThread(self._interval)
        self._thread.start()
