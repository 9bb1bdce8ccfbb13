"""jetson-stats itself, version by version: its sources, fetched once, and a service made of its own classes.

It is AGPL-3.0 and no part of this project: it lies in a cache folder, and runs in processes of its own.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Dict, List, Optional, Type

import pytest

from scripts.servers import ROOT, wait_until

VERSIONS = ("4.2.12", "4.3.2", "7.2.2")
_PATHS = re.compile(r"""(["'])/(sys|run)(?=["'/])""")

#: Reads the board with the package's own services, and serves it as jtop.service does, by the package's own manager.
_SERVICE = r"""
import queue, sys, threading, time
from jtop import __version__, service
from jtop.core import cpu, engine, fan, gpu, memory, power, temperature

version, answers, moves = sys.argv[1] or __version__, sys.argv[2] == "answers", sys.argv[3] == "moves"

class Config(dict):
    def set(self, name, value):
        self[name] = value

parts = {
    "cpu": cpu.CPUService(), "gpu": gpu.GPUService(), "mem": memory.MemoryService(Config()),
    "engines": engine.EngineService(), "temperature": temperature.TemperatureService(),
    "power": power.PowerService(), "fan": fan.FanService(Config()),
}

def read(uptime):
    data = {name: part.get_status(*([0] if name == "mem" else [])) for name, part in parts.items()}
    data["uptime"] = uptime
    return data

orders, data, event = queue.Queue(), {}, threading.Event()
service.JtopManager.register("get_queue", callable=lambda: orders)
service.JtopManager.register("sync_data", callable=lambda: data)
service.JtopManager.register("sync_event", callable=lambda: event)
server = service.JtopManager().get_server()
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
began = time.time()
while True:
    data.update(read(time.time() - began if moves else 1.0))
    event.set()
    try:
        order = orders.get(timeout=0.1) if answers else time.sleep(0.1)
    except queue.Empty:
        continue
    if order and "init" in order:
        orders.put(order)
        time.sleep(0.05)
    elif order and "interval" in order:
        board = {"hardware": {}, "cpu": {}}
        orders.put({"init": {"version": version, "interval": order["interval"], "board": board,
                             "memory": "", "fan": {}, "jc": False}})
        time.sleep(0.05)
"""


def package(version: str) -> Path:
    """A folder with the package ``jtop`` of that version; skips the test where it cannot be had."""
    folder = ROOT / ".cache" / f"jetson-stats-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=str(folder.parent), prefix="jetson-stats-") as made:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", made]
            done = subprocess.run([*command, f"jetson-stats=={version}"], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"jetson-stats {version} cannot be had: {done.stderr.strip()[-200:]}")
            (archive,) = Path(made).glob("*.tar.gz")
            with tarfile.open(archive) as packed:
                inside = [m for m in packed.getmembers() if "/jtop/" in m.name and "/tests" not in m.name]
                for member in inside:
                    member.name = member.name.split("/", 1)[1]
                packed.extractall(f"{made}/out", inside)
            Path(made, "out").rename(folder)
    return folder


def planted(version: str, root: Path) -> Path:
    """A copy of the package that takes ``root`` for the machine's /sys and /run; the folder for PYTHONPATH."""
    target = root / "packages"
    for source in package(version).rglob("*.py"):
        copy = target / source.relative_to(package(version))
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text(encoding="utf-8")
        copy.write_text(_PATHS.sub(rf"\1{root}/\2", text), encoding="utf-8")
    (root / "run").mkdir(parents=True, exist_ok=True)
    return target


class Service:
    """jtop's service for the board at ``root``; a context manager. What it does wrong is said at its making."""

    def __init__(
        self, root: Path, packages: Path, python: str = sys.executable, version: str = "", answers: bool = True,
        moves: bool = True,
    ) -> None:  # fmt: skip
        self.root = root
        command = [python, "-c", _SERVICE, version, *("answers" if answers else "", "moves" if moves else "")]
        self._log = (root / "service.log").open("wb")
        self.process = subprocess.Popen(
            command, env=environment(root, packages), stdout=self._log, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> Service:
        def ready() -> bool:
            assert self.process.poll() is None, (self.root / "service.log").read_text()
            return b"ready" in (self.root / "service.log").read_bytes() and (self.root / "run/jtop.sock").exists()

        wait_until(ready, what="jtop's service")
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.kill()
        self._log.close()

    def pause(self) -> None:
        """It stands still, and its socket is still there."""
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def environment(root: Path, packages: Optional[Path]) -> Dict[str, str]:
    """For a worker on that board. Nothing of this machine's own jetson-stats is found."""
    found = {**os.environ, "EDGE_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    found.pop("PYTHONPATH", None)
    if packages is not None:
        found["PYTHONPATH"] = str(packages)
    return found


def readings(messages: List[Dict[str, object]]) -> List[Dict[str, object]]:
    return [message for message in messages if message["op"] == "reading"]
