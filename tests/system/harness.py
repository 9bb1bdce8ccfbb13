"""``edge run`` as a user starts it, and what can be seen of it from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

import psutil

from scripts.servers import ROOT, wait_until

#: Bound of every wait: a broken daemon fails its test, a slow machine does not.
PATIENCE = 100.0
#: A stop may take so long, by the daemon's own bounds.
STOP_S = 5.0

Status = Dict[str, Any]


class Edge:
    """A daemon with the configuration ``text``, in ``folder``, where it has a folder for temporary files too."""

    def __init__(
        self, folder: Path, text: str, python: str = sys.executable, environment: Optional[Dict[str, str]] = None
    ) -> None:
        self.folder = folder
        self.config = folder / "edge.yaml"
        self.config.write_text(text)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.log_file = folder / "log"
        self.python = python
        self.state = folder / "state"
        self.environment = {
            **os.environ, **(environment or {}), "TMPDIR": str(self.temporary), "STATE_DIRECTORY": str(self.state),
        }  # fmt: skip
        self.environment.pop("JOURNAL_STREAM", None)
        self.shared_memory = _named_memory()
        self.seen: List[psutil.Process] = []
        self.process: Optional[subprocess.Popen[bytes]] = None

    def command(self, *words: str) -> List[str]:
        return [self.python, "-m", "edge", *words]

    def start(self) -> Edge:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("run", "-c", str(self.config)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=str(ROOT),
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def status(self) -> Optional[Status]:
        """The daemon's answer at its local socket; None while nobody is there."""
        device = next(line.split(":")[1].strip() for line in self.config.read_text().splitlines() if "device:" in line)
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            try:
                sock.connect(f"\0edge/{os.getuid()}/{device}")
                sock.sendall(b'{"op":"status"}\n')
                line = sock.makefile("rb").readline()
            except ConnectionError:
                return None
        status: Status = json.loads(line)
        self.remember()
        return status

    def camera(self, name: str) -> Dict[str, Any]:
        """What the status says of one camera; empty while there is no status."""
        status = self.status() or {"cameras": []}
        return next((c for c in status["cameras"] if c["name"] == name), {})

    def until(self, condition: Callable[[Status], Any], what: str, timeout: float = PATIENCE) -> Any:
        """Wait for what the condition finds in a status."""

        def look() -> Any:
            assert self.process is not None
            assert self.process.poll() is None, f"the daemon ended with {self.process.poll()}:\n{self.log}"
            status = self.status()
            return condition(status) if status is not None else None

        try:
            return wait_until(look, timeout, what)
        except TimeoutError:
            raise TimeoutError(f"{what}; status: {json.dumps(self.status(), indent=1)}\n{self.log}") from None

    def until_state(self, state: str, *cameras: str) -> None:
        self.until(
            lambda s: {c["name"] for c in s["cameras"] if c["state"] == state} >= set(cameras),
            f"{', '.join(cameras)} {state}",
        )

    def until_pictures(self, *cameras: str, more: int = 3) -> None:
        """Wait until each camera has had so many more pictures analysed."""
        before = {c["name"]: c["pictures"] for c in (self.status() or {"cameras": []})["cameras"]}
        self.until(
            lambda s: all(
                c["pictures"] >= before.get(c["name"], 0) + more for c in s["cameras"] if c["name"] in cameras
            ),
            f"{more} more pictures of {', '.join(cameras)}",
        )

    def remember(self) -> None:
        """Note every process of the daemon's, so that what is left of them can be found after its end."""
        assert self.process is not None
        try:
            for found in [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]:
                if found not in self.seen:
                    self.seen.append(found)
        except psutil.NoSuchProcess:
            pass

    def processes(self) -> List[psutil.Process]:
        """Those that still run (a zombie does not)."""
        return [p for p in self.seen if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    def left_behind(self) -> List[str]:
        """Processes, files and shared memory that are there after the daemon's end."""
        found = [f"process {p.pid} {p.name()}" for p in self.processes()]
        found += [f"file {path}" for path in self.temporary.rglob("*")]
        found += [f"shared memory {name}" for name in sorted(_named_memory() - self.shared_memory)]
        found += ["status socket"] if self.status() is not None else []
        return found

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send the signal; the seconds until the end."""
        assert self.process is not None
        self.remember()
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        return time.monotonic() - began

    def close(self) -> None:
        """End whatever is left."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.remember()
            self.process.terminate()
            try:
                self.process.wait(2 * STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(PATIENCE)
        for left in self.processes():
            left.kill()

    def run(self, *words: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Another command of ``edge``, to its end."""
        return subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.environment,
            cwd=str(ROOT),
        )


def _named_memory() -> Set[str]:
    # libfaketime's, which is never the daemon's, comes and goes with tests that run beside this one.
    return {n for n in os.listdir("/dev/shm") if "faketime" not in n} if os.path.isdir("/dev/shm") else set()


def state_of(status: Status, name: str) -> str:
    return str(next(c["state"] for c in status["cameras"] if c["name"] == name))


def model_folder(folder: Path, onnx: Path, lines: Sequence[str]) -> Path:
    """A folder with a ``model.yaml`` for ``onnx``."""
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text("\n".join([f"onnx: {onnx}", *lines]) + "\n")
    return folder


FASTESTDET = (
    "licence: BSD-3-Clause",
    "input: {color: bgr, scale: 0.00392157, fit: stretch}",
    "output: {decoder: fastestdet, nms_iou: 0.45}",
    "labels: coco80",
)
