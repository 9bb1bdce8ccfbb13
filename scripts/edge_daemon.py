"""``edge run`` in a folder of its own, for the chaos run and the benchmarks, and what the kernel tells of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, TypeVar

from scripts.servers import PATIENCE, ROOT, wait_until

Status = Dict[str, Any]
T = TypeVar("T")
#: The daemon and all that it starts carry it in their environment, whatever becomes of their parents.
_MARK = "EDGE_RUN_ID"
_STOP_S = 20.0


class Holdings(NamedTuple):
    """What a process holds."""

    rss_kib: int
    fds: int
    memfds: int
    threads: int


def holdings(pid: int) -> Holdings:
    """Raises OSError when it is gone."""
    words = Path(f"/proc/{pid}/status").read_text().split()
    folder = Path(f"/proc/{pid}/fd")
    targets: List[str] = []
    for entry in os.listdir(folder):
        try:
            targets.append(os.readlink(folder / entry))
        except OSError:
            pass  # closed meanwhile
    memfds = sum(target.startswith("/memfd:") for target in targets)
    return Holdings(int(words[words.index("VmRSS:") + 1]), len(targets), memfds, len(os.listdir(f"/proc/{pid}/task")))


class Process(NamedTuple):
    """One process of the system's table. ``name`` is how it calls itself."""

    pid: int
    parent: int
    state: str
    name: str


class EdgeDaemon:
    """``config`` is its main file, ``cameras`` the folder ``cameras.d``; the files are written by whoever has it."""

    def __init__(self, folder: Path, device: str, environment: Optional[Dict[str, str]] = None) -> None:
        self.device = device
        self.config, self.cameras, self.log_file = folder / "edge.yaml", folder / "cameras.d", folder / "log"
        self.cameras.mkdir(parents=True)
        self._mark = f"{os.getpid()}/{device}"
        self._environment = {**os.environ, "STATE_DIRECTORY": str(folder / "state"), _MARK: self._mark}
        self._environment.update(environment or {})
        for name in ("JOURNAL_STREAM", "NOTIFY_SOCKET"):
            self._environment.pop(name, None)
        self._lock = threading.Lock()
        self._socket: Optional[socket.socket] = None
        self.process: Optional[subprocess.Popen[bytes]] = None

    def start(self) -> EdgeDaemon:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                # It ends with whoever started it, however that went.
                ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "edge", "run", "-c", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment, cwd=ROOT,
                start_new_session=True,  # Ctrl-C is for whoever runs it
            )  # fmt: skip
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def status(self) -> Optional[Status]:
        """The daemon's answer at its local socket; None while nobody is there. One connection for all of them."""
        with self._lock:
            try:
                if self._socket is None:
                    self._socket = socket.socket(socket.AF_UNIX)
                    self._socket.settimeout(PATIENCE)
                    self._socket.connect(f"\0edge/{os.getuid()}/{self.device}")
                self._socket.sendall(b'{"op":"status"}\n')
                answer = b""
                while not answer.endswith(b"\n"):
                    part = self._socket.recv(1 << 20)
                    if not part:
                        raise ConnectionError("closed")
                    answer += part
            except OSError:
                self._hang_up()
                return None
        status: Status = json.loads(answer)
        return status

    def until(self, condition: Callable[[Status], T], what: str, timeout: float = PATIENCE) -> T:
        """Wait for what the condition finds in a status. TimeoutError; RuntimeError when the daemon has ended."""

        def look() -> Optional[T]:
            assert self.process is not None
            if self.process.poll() is not None:
                raise RuntimeError(f"the daemon ended with {self.process.poll()}:\n{self.log[-4000:]}")
            status = self.status()
            return condition(status) if status is not None else None

        found = wait_until(look, timeout, what)
        assert found is not None
        return found

    def until_analysed(self, *names: str, pictures: int = 3, timeout: float = PATIENCE) -> Status:
        """Wait until these cameras (all of them, where none is named) have had so many pictures analysed."""

        def analysed(status: Status) -> Optional[Status]:
            cameras = {c["name"]: c for c in status["cameras"]}
            wanted = [cameras.get(name) for name in names or cameras]
            return status if wanted and all(c and c["pictures"] >= pictures for c in wanted) else None

        found = self.until(analysed, f"{pictures} pictures of {', '.join(names) or 'every camera'}", timeout)
        assert found is not None
        return found

    def processes(self) -> List[Process]:
        """The daemon and everything that it or what it has started has started, orphans and zombies too."""
        table = _table()
        ours = {self.pid} | {pid for pid in table if _environment_of(pid).get(_MARK) == self._mark}
        while True:  # a zombie has no environment any more
            more = {p.pid for p in table.values() if p.parent in ours} - ours
            if not more:
                return [table[pid] for pid in sorted(ours) if pid in table]
            ours |= more

    def stop(self) -> int:
        """End it; its exit status."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with self._lock:
            self._hang_up()
        return int(self.process.returncode)

    def close(self) -> None:
        """End it, and whatever it has left."""
        if self.process is not None:
            self.stop()
            for process in self.processes():
                os.kill(process.pid, signal.SIGKILL)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def _table() -> Dict[int, Process]:
    table: Dict[int, Process] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                name, fields = Path(f"/proc/{entry}/stat").read_text().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue
            state, parent = fields.split()[:2]
            table[int(entry)] = Process(int(entry), int(parent), state, name)
    return table


def _environment_of(pid: int) -> Dict[str, str]:
    try:
        data = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in data.split("\0") if "=" in entry)
