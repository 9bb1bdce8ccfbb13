"""A worker process and the channel to it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional, Sequence

from edge import log
from edge.wire import start
from edge.wire.channel import Channel, Closed, Message

_logger = logging.getLogger("edge.worker")
# Libraries start a thread a core for work that a worker gives them in small pieces; the lanes decide on threads. What
# a worker did when a library crashed it is told on its stderr.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1",
}  # fmt: skip
_REAP_S = 0.05
# A worker that has closed its channel is on its way out; one that hangs there is helped.
_LINGER_S = 3.0


class WorkerProcess:
    """Runs ``python -m module`` for ``name``; both callbacks are called in the event loop.

    ``on_message`` gets every message; ``on_end`` is called once, when the process has gone and been reaped, with the
    last line that it wrote to stderr, which is otherwise logged.
    """

    def __init__(
        self,
        python: str,
        module: str,
        name: str,
        on_message: Callable[[Message], None],
        on_end: Callable[[int, str], None],
    ) -> None:
        self.name = name
        self.ended = False
        self._gone = asyncio.Event()
        self._on_message, self._on_end = on_message, on_end
        self._loop = asyncio.get_running_loop()
        self._stderr = b""
        self._last_lines: Deque[str] = deque(maxlen=20)
        self._closed_at: Optional[float] = None
        self.channel, theirs = Channel.pair()
        fd = theirs.fileno()
        try:
            self.process = subprocess.Popen(
                [python, start.__file__, module, name, str(fd), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[fd],
                env={**os.environ, **_ENVIRONMENT},
                # The terminal's Ctrl-C reaches the daemon alone, which stops its workers in order.
                start_new_session=True,
            )
        except OSError:
            self.channel.close()
            raise
        finally:
            theirs.close()
        self.channel.set_timeout(0)
        assert self.process.stderr is not None
        self._stderr_fd = self.process.stderr.fileno()
        os.set_blocking(self._stderr_fd, False)
        self._loop.add_reader(self.channel.fileno(), self._readable)
        self._loop.add_reader(self._stderr_fd, self._said)

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, message: Dict[str, Any], fds: Sequence[int] = ()) -> None:
        """Send an order; one that cannot be taken because the process is gone or stuck is dropped.

        Whoever is stuck misses its heartbeat and is replaced, and the one that replaces it is told everything anew.
        """
        self.ask(message, fds)

    def ask(self, message: Dict[str, Any], fds: Sequence[int] = ()) -> bool:
        """The same; whether the order was taken."""
        if self.ended or self._closed_at is not None:
            return False
        try:
            self.channel.send(message, fds)
        except (Closed, BlockingIOError):
            return False
        return True

    async def stop(self, timeout: float) -> None:
        """Ask it to end, and kill it when it has not within ``timeout`` seconds; returns when it is gone."""
        self.send({"op": "stop"})
        try:
            await asyncio.wait_for(self._gone.wait(), timeout)
        except asyncio.TimeoutError:
            self.kill()
            await self._gone.wait()

    def kill(self) -> None:
        """End it now, whatever it does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)

    def _readable(self) -> None:
        # One message a visit: to ask for another costs more than it saves, as hardly ever one is there, and no
        # talkative worker keeps the loop from the others.
        try:
            message = self.channel.receive()
        except BlockingIOError:
            return
        except Closed:
            self._loop.remove_reader(self.channel.fileno())
            self._closed_at = self._loop.time()
            self._reap()
            return
        self._on_message(message)

    def _said(self) -> None:
        try:
            data = os.read(self._stderr_fd, 65536)
        except BlockingIOError:
            return
        if not data:
            self._loop.remove_reader(self._stderr_fd)
            return
        *lines, rest = (self._stderr + data).split(b"\n")
        self._stderr = rest[-4096:]
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._last_lines.append(text)
                log.event(_logger, text[:1000], logging.DEBUG, worker=self.name, pid=self.pid)

    def _reap(self) -> None:
        status = self.process.poll()
        if status is None:
            assert self._closed_at is not None
            if self._loop.time() - self._closed_at > _LINGER_S:
                self.kill()
            self._loop.call_later(_REAP_S, self._reap)
            return
        self.ended = True
        self._gone.set()
        self._said()
        self._loop.remove_reader(self._stderr_fd)
        assert self.process.stderr is not None
        self.process.stderr.close()
        self.channel.close()
        if status not in (0, -signal.SIGKILL, -signal.SIGTERM):
            # A crash: what it said last is worth more than a line at debug level.
            for text in self._last_lines:
                log.event(_logger, text[:1000], logging.WARNING, worker=self.name, pid=self.pid)
        self._on_end(status, self._last_lines[-1] if self._last_lines else "")
