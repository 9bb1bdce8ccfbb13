"""A real MQTT broker and a real RTSP server for the demo, the benchmarks and the tests.

Each runs in a process of its own, on a free port of 127.0.0.1, and dies with the process that started it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Callable, Dict, List, Optional, Type, TypeVar, Union
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
SYSTEM_PYTHON = "/usr/bin/python3"  # sees the distribution's gi, which the interpreter at hand may not

Self = TypeVar("Self", bound="Server")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """A child process that is ready when :meth:`start` returns, and gone when :meth:`stop` does."""

    name = "server"

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"edge-{self.name}-"))
        self.log = self.folder / "log"
        self.process: Optional[subprocess.Popen[bytes]] = None

    def command(self) -> List[str]:
        raise NotImplementedError

    def environment(self) -> Dict[str, str]:
        return dict(os.environ)

    def ready(self) -> bool:
        """Something accepts connections at the port."""
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self) -> int:
        if self.process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self.process.pid

    def start(self: Self, timeout: float = 60.0) -> Self:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                # The kernel ends the child when this process is gone, however it went.
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                start_new_session=True,  # Ctrl-C at the terminal is for the daemon, not for what serves it
            )
        deadline = time.monotonic() + timeout
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = self.log.read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n{said}")
            time.sleep(0.01)
        return self

    def kill(self) -> None:
        """End it without a farewell."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self, timeout: float = 5.0) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        self.kill()

    def restart(self: Self) -> Self:
        """Stop, and start on the same port."""
        self.stop()
        return self.start()

    def freeze(self) -> None:
        """Stop scheduling it: connections stay open, nothing comes through them."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop and remove its folder."""
        if self.process is not None and self.process.poll() is None:
            self.thaw()
        self.stop()
        shutil.rmtree(str(self.folder), ignore_errors=True)

    def __enter__(self: Self) -> Self:
        try:
            return self.start()
        except BaseException:  # Ctrl-C too
            self.close()
            raise

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()


class Broker(Server):
    """mosquitto, keeping nothing on disk. ``users``: names and passwords; without it everybody may connect."""

    name = "broker"

    def __init__(self, users: Optional[Dict[str, str]] = None, program: Optional[str] = None) -> None:
        super().__init__()
        # Debian puts it where only root's PATH looks.
        self.program = program or shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "log_dest stderr", "user root"]
        # A test's subscriber may be slow, and beyond 1,000 messages mosquitto drops them without a word.
        lines.append("max_queued_messages 0")
        if users:
            passwords = self.folder / "passwords"
            passwords.touch(mode=0o600)
            for user, password in users.items():
                subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, password], check=True)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text("\n".join(lines) + "\n")

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def command(self) -> List[str]:
        return [self.program, "-c", str(self.config)]


class RtspServer(Server):
    """``scripts/rtsp_server.py``. ``mounts``: a clip's path (or ``launch:…``) for each name."""

    name = "rtsp"

    def __init__(
        self,
        mounts: Dict[str, Union[str, Path]],
        user: str = "",
        password: str = "",
        auth: str = "digest",
        once: bool = False,
    ) -> None:
        super().__init__()
        self.mounts = {name: str(what) for name, what in mounts.items()}
        self.user, self.password, self.auth, self.once = user, password, auth, once

    def url(self, mount: str, credentials: bool = False) -> str:
        who = "{}:{}@".format(quote(self.user, ""), quote(self.password, "")) if credentials else ""
        return f"rtsp://{who}127.0.0.1:{self.port}/{mount}"

    def command(self) -> List[str]:
        command = [SYSTEM_PYTHON, str(ROOT / "scripts" / "rtsp_server.py"), "--port", str(self.port)]
        if self.user:
            command += ["--user", self.user, "--password-env", "RTSP_PASSWORD", "--auth", self.auth]
        if self.once:
            command.append("--once")
        return command + [f"{name}={what}" for name, what in self.mounts.items()]

    def environment(self) -> Dict[str, str]:
        return dict(os.environ, RTSP_PASSWORD=self.password)


T = TypeVar("T")


PATIENCE = 60.0  # seconds; a machine that is shared or throttled may stand still for half a minute


def wait_until(condition: Callable[[], T], timeout: float = PATIENCE, what: str = "") -> T:
    """The first true value of ``condition``; ``TimeoutError`` naming ``what`` when none comes in time."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError("after {:g} s still not: {}".format(timeout, what or getattr(condition, "__doc__", "")))
        time.sleep(0.02)
