"""A worker as the daemon would start it, with this test as the daemon: started, listened to, and ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type, TypeVar, Union

from edge.wire import start
from edge.wire.channel import Channel, Closed, Message

#: Bound of every wait: a broken worker fails its test, a slow machine does not.
PATIENCE = 100.0
Self = TypeVar("Self", bound="WorkerHarness")


class WorkerHarness:
    """Use as a context manager. ``messages`` are the control messages so far; ``stderr`` what it said, once ended."""

    def __init__(
        self,
        module: str,
        name: str,
        python: Union[Path, str] = sys.executable,
        environment: Optional[Dict[str, str]] = None,
        prefix: Optional[List[str]] = None,
    ) -> None:
        self.control, theirs = Channel.pair()
        fd = theirs.fileno()
        self.process = subprocess.Popen(
            [*(prefix or []), str(python), start.__file__, module, name, str(fd), str(os.getpid())],
            pass_fds=[fd],
            stderr=subprocess.PIPE,
            env=environment,
        )
        theirs.close()
        self.control.set_timeout(PATIENCE)
        self.messages: List[Dict[str, Any]] = []
        self.stderr = ""

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close_channels()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)
            if kind is None:
                raise
        finally:
            assert self.process.stderr is not None
            self.stderr = self.process.stderr.read().decode("utf-8", "replace")
            self.process.stderr.close()
        if kind is not None:
            print("the worker said:", self.stderr, sep="\n")

    def close_channels(self) -> None:
        """Close this end of all that the worker is connected to; it ends of that."""
        self.control.close()

    def heard(self, message: Message) -> Optional[Dict[str, Any]]:
        """Note a message; what it says, when it is a control message."""
        if message.control is not None:
            self.messages.append(message.control)
        return message.control

    def hear(self) -> Optional[Dict[str, Any]]:
        """Take the next message."""
        return self.heard(self.control.receive())

    def wait_for(self, op: str, timeout: float = PATIENCE, **values: Any) -> Dict[str, Any]:
        """The next control message with this op and these values."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            message = self.hear()
            if message is None:
                continue
            if message["op"] == op and all(message.get(key) == value for key, value in values.items()):
                return message
            assert message["op"] != "end", f"waited for {op!r}: {message}"
        raise AssertionError(f"no {op!r}; saw {self.messages[-20:]}")

    def said(self, op: str) -> List[Dict[str, Any]]:
        """The control messages with this op that have come so far."""
        return [m for m in self.messages if m["op"] == op]

    def ended(self) -> Dict[str, Any]:
        """The farewell; the process is gone afterwards, with status 0."""
        while True:
            farewell = self.hear()
            if farewell is not None and farewell["op"] == "end":
                break
        assert self.process.wait(PATIENCE) == 0
        try:
            while True:
                self.hear()
        except Closed:
            pass
        return farewell

    def cpu_s(self) -> float:
        """Seconds of CPU that the worker has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
