"""What is compared, each started and ended in the same way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import yaml

from scripts.edge_daemon import EdgeDaemon
from scripts.servers import ROOT, wait_until

from .baselines.job import Job

ONNX = ROOT / "models" / "person" / "person.onnx"
SCORE = 0.4  # as models/person/model.yaml has it
FPS = 5.0


class Contender:
    """Started with cameras' URLs; ``roots`` are the processes whose trees count."""

    #: As the table calls it.
    name = ""

    def start(self, broker: int, cameras: Dict[str, str], folder: Path) -> None:
        raise NotImplementedError

    def ready(self) -> bool:
        """Every camera delivers."""
        raise NotImplementedError

    def pictures(self) -> Tuple[float, int]:
        """When this was so, and how many were analysed by then."""
        raise NotImplementedError

    def roots(self) -> List[int]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Edge(Contender):
    """``camera``: further keys of each camera."""

    def __init__(self, name: str, camera: Optional[Dict[str, Any]] = None) -> None:
        self.name = name
        self._camera = camera or {}

    def start(self, broker: int, cameras: Dict[str, str], folder: Path) -> None:
        self._daemon = EdgeDaemon(folder, f"compare-{os.getpid()}")
        config = {
            "device": self._daemon.device,
            "mqtt": {"url": f"mqtt://127.0.0.1:{broker}"},
            "models": {"people": {"spec": "person"}},
            "cameras": {
                name: {"source": url, "fps": FPS, "objects": {"person": {}}, **self._camera}
                for name, url in cameras.items()
            },
        }
        self._daemon.config.write_text(yaml.safe_dump(config, sort_keys=False))
        self._daemon.start()

    def ready(self) -> bool:
        status = self._daemon.status()
        if not status or not status["cameras"] or any(m["state"] != "ready" for m in status["models"]):
            return False
        # One that analyses on motion alone may have had nothing to analyse yet.
        least = 0 if self._camera else 1
        return all(c["state"] == "online" and c["pictures"] >= least for c in status["cameras"])

    def pictures(self) -> Tuple[float, int]:
        status = self._daemon.until(lambda s: s, "an answer")
        return time.monotonic(), sum(c["pictures"] for c in status["cameras"])

    def roots(self) -> List[int]:
        return [self._daemon.pid]

    def close(self) -> None:
        self._daemon.close()


class Programs(Contender):
    """Commands that end when this process does. They count their pictures on standard output."""

    def _run(self, commands: Sequence[List[str]], folder: Path) -> None:
        folder.mkdir(parents=True)
        self._logs: List[Path] = []
        self._processes: List[subprocess.Popen[bytes]] = []
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        for number, command in enumerate(commands):
            self._logs.append(folder / f"{number}.log")
            with self._logs[-1].open("wb") as log:
                self._processes.append(
                    subprocess.Popen(
                        ["setpriv", "--pdeathsig", "KILL", "--", *command],
                        stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
                    )
                )  # fmt: skip

    def ready(self) -> bool:
        for process, log in zip(self._processes, self._logs):
            if process.poll() is not None:
                raise RuntimeError(f"{self.name} ended by itself:\n{log.read_text(errors='replace')[-2000:]}")
        counts = [self._last(log) for log in self._logs]
        return all(count and all(n > 0 for n in count["pictures"].values()) for count in counts)

    def pictures(self) -> Tuple[float, int]:
        counts = [self._last(log) for log in self._logs]
        at = sum(count["at"] for count in counts) / len(counts)
        return at, sum(sum(count["pictures"].values()) for count in counts)

    @staticmethod
    def _last(log: Path) -> Dict[str, Any]:
        for line in reversed(log.read_text(errors="replace").split("\n")[:-1]):
            if line.startswith("{"):
                return dict(json.loads(line))
        return {}

    def roots(self) -> List[int]:
        return [process.pid for process in self._processes]

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Baseline(Programs):
    """``module``: of ``baselines``. ``apart``: a process a camera rather than one for all."""

    def __init__(self, name: str, module: str, python: str = sys.executable, apart: bool = False) -> None:
        self.name = name
        self._command = [python, "-m", f"{__package__}.baselines.{module}"]
        self._apart = apart

    def start(self, broker: int, cameras: Dict[str, str], folder: Path) -> None:
        parts = [{name: url} for name, url in cameras.items()] if self._apart else [cameras]
        jobs = [Job(broker, part, FPS, str(ONNX), SCORE) for part in parts]
        self._run([[*self._command, job.words()] for job in jobs], folder)


class Decoding(Programs):
    """The floor's first half: each camera received and decoded by what costs least, and thrown away."""

    name = "receive and decode"

    def start(self, broker: int, cameras: Dict[str, str], folder: Path) -> None:
        self._run([["gst-launch-1.0", "--no-position", *_decode(url).split()] for url in cameras.values()], folder)

    def ready(self) -> bool:
        return all("New clock" in log.read_text(errors="replace") for log in self._logs)

    def pictures(self) -> Tuple[float, int]:
        return time.monotonic(), 0


def _decode(url: str) -> str:
    return (
        f"rtspsrc location={url} protocols=tcp latency=200 ! rtph264depay "
        "! video/x-h264,stream-format=byte-stream,alignment=au ! h264parse ! avdec_h264 max-threads=1 ! fakesink"
    )


def wait_ready(contender: Contender) -> None:
    wait_until(contender.ready, what=f"pictures of every camera by {contender.name}")
