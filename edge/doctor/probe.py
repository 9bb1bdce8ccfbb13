"""Asks the workers' interpreter: a process started as the workers are, that answers and ends."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from edge.errors import EdgeError
from edge.wire import start
from edge.wire.channel import Channel, Closed

Message = Dict[str, Any]
# The first start after an installation writes GStreamer's registry, and any may have to read from a slow card.
START_S = 60.0
_END_S = 3.0
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Probe:
    """Runs ``module`` on ``python`` and keeps what it says. Raises EdgeError where it cannot be started.

    It has ``START_S`` until it is ready, and ``patience`` seconds from then on. Close it in the end. ``root``: where
    it finds the files that tell which board this is.
    """

    def __init__(
        self, python: str, module: str, order: Message, patience: float = START_S, root: Path = Path("/")
    ) -> None:
        self.messages: List[Message] = []
        self.over = False
        self._patience, self._deadline = patience, time.monotonic() + START_S
        self._hung = self._last_words = ""
        self.channel, theirs = Channel.pair()
        fd = theirs.fileno()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self.process = subprocess.Popen(
                [python, start.__file__, module, "doctor", str(fd), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
                pass_fds=[fd],
                env={**os.environ, **_ENVIRONMENT, "EDGE_ROOT": str(root)},
                start_new_session=True,
            )
        except OSError as failure:
            self.channel.close()
            self._stderr.close()
            raise EdgeError(f"{python} cannot be started: {(failure.strerror or str(failure)).lower()}") from None
        finally:
            theirs.close()
        self.channel.set_timeout(0)
        try:
            self.channel.send(order)
        except Closed:
            pass  # it has ended already, which is seen when it is listened to

    def hear(self) -> None:
        """Take a message that is there, or its end."""
        try:
            message = self.channel.receive().control or {}
        except BlockingIOError:
            return
        except (Closed, ConnectionError):
            self.over = True
            return
        if message.get("op") == "ready":
            self._deadline = time.monotonic() + self._patience
        elif message.get("op") == "end":
            self.over = True
        self.messages.append(message)

    def look_at_clock(self) -> None:
        """Give it up when its time is over."""
        if not self.over and time.monotonic() > self._deadline:
            self.over = True
            self._hung = f"it hangs{self._while()}"

    def said(self, op: str) -> List[Message]:
        return [message for message in self.messages if message.get("op") == op]

    @property
    def failure(self) -> str:
        """Why it did not end well, once it is closed; empty where it did."""
        if self._hung or self.said("end"):
            return self._hung
        status = self.process.returncode
        if status is not None and status < 0:
            return f"it crashed (signal {-status}){self._while()}"
        return f"it ended with status {status}{self._while()}" + (f": {self._last_words}" if self._last_words else "")

    def _while(self) -> str:
        """What it was about when it was last heard of."""
        last = self.messages[-1] if self.messages else {}
        if last.get("op") == "trying":
            return f" trying {last['element']}"
        return f" importing {last['module']}" if last.get("op") == "importing" else ""

    def close(self) -> None:
        """End it, at once where it does not by itself."""
        if self._hung:
            self.process.kill()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.channel.close()
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        self._last_words = lines[-1][:300] if lines else ""
        self._stderr.close()


def listen(probes: Sequence[Probe], told: Optional[Callable[[], None]] = None) -> None:
    """Hear all of them to their ends, and close them; ``told`` is called whenever one has ended."""
    try:
        waiting = [probe for probe in probes if not probe.over]
        while waiting:
            ready, _, _ = select.select([probe.channel for probe in waiting], [], [], 0.2)
            for probe in waiting:
                if probe.channel in ready:
                    probe.hear()
                probe.look_at_clock()
            left = [probe for probe in waiting if not probe.over]
            if len(left) < len(waiting) and told is not None:
                told()
            waiting = left
    except BaseException:
        for probe in probes:
            probe.process.kill()
        raise
    finally:
        for probe in probes:
            probe.close()


def python_of(setting: str) -> str:
    """The interpreter that ``workers.python`` means."""
    return sys.executable if setting == "auto" else setting
