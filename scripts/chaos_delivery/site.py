"""What is broken: a daemon with real cameras and many events, a broker, the gate between them, and a subscriber."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Optional, Type

import yaml

from scripts.chaos.clips import small
from scripts.chaos_delivery.gate import Gate
from scripts.chaos_delivery.record import Tail
from scripts.chaos_delivery.subscriber import Subscriber
from scripts.chaos_delivery.verdict import Life
from scripts.edge_daemon import EdgeDaemon
from scripts.servers import Broker, RtspServer, wait_until

PREFIX = "edge"
#: Strips across the picture each way, and lines: who walks crosses a border every other second.
STRIPS, LINES, FPS = 14, 6, 3


class KilledBroker(Broker):
    """mosquitto, two lives with persistence and two without, and so on: the second of two finds what the first left."""

    def __init__(self) -> None:
        super().__init__()
        self._plain = self.config.read_text() + "max_queued_messages 0\n"
        self._database = self.folder / "mosquitto.db"
        self.lives: List[Life] = []

    @property
    def persistent(self) -> bool:
        return len(self.lives) % 4 in (1, 2)

    def start(self, timeout: float = 60.0) -> KilledBroker:
        self.lives.append(Life(time.monotonic(), 0.0))
        if self.persistent:
            where = f"persistence_location {self.folder}/\nautosave_on_changes true\nautosave_interval 20\n"
            self.config.write_text(self._plain.replace("persistence false", "persistence true") + where)
        else:
            self._database.unlink(missing_ok=True)
            self.config.write_text(self._plain)
        return super().start(timeout)

    def kill(self) -> None:
        super().kill()
        if not self.lives[-1].ended:
            self.lives[-1] = self.lives[-1]._replace(ended=time.monotonic())


class Site:
    """``with Site(folder, cameras)``: running, with the gate open. ``lives``: how often the daemon was started."""

    def __init__(self, folder: Path, cameras: int = 3, seed: int = 1, version: str = "3.1.1") -> None:
        self.folder, self.seed = folder, seed
        self.truth, self.passed, self.received = (folder / f"{name}.log" for name in ("truth", "gate", "subscriber"))
        self.tail = Tail(self.truth)
        self.lives = 0
        self.pictures = folder / "pictures"
        self._cameras, self._version = cameras, version
        self._stack = contextlib.ExitStack()
        memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self._runtime = tempfile.mkdtemp(prefix="edge-delivery-", dir=memory)
        self._stack.callback(shutil.rmtree, self._runtime, ignore_errors=True)
        environment = {"EDGE_EVENT_LOG": str(self.truth), "RUNTIME_DIRECTORY": self._runtime}
        self.daemon = EdgeDaemon(folder, f"delivery-{os.getpid()}", environment)

    def __enter__(self) -> Site:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        clip = small()
        rtsp = self._stack.enter_context(RtspServer({"square": clip}))
        self.broker = self._stack.enter_context(KilledBroker())
        self.subscriber = self._stack.enter_context(Subscriber(self.broker.port, self.received))
        self.gate = self._stack.enter_context(Gate(self.broker.port, self.passed, self.waiting, self.seed))
        for number in range(self._cameras):
            # The last one comes through a network, the others need no time to connect.
            last = number == self._cameras - 1
            source = {"source": rtsp.url("square")} if last else {"source": f"file:{clip}", "loop": True}
            (self.daemon.cameras / f"c{number}.yaml").write_text(_text({**source, **busy(FPS)}))
        main = {
            "device": self.daemon.device,
            "mqtt": {"url": self.gate.address, "keepalive": 5, "prefix": PREFIX, "version": self._version},
            "evidence": {"folder": str(self.pictures)},
            "models": {"people": {"spec": "person"}},
            "telemetry": {"enabled": False},
        }
        self.daemon.config.write_text(_text(main))
        self._stack.callback(self.daemon.close)
        self.start_daemon()

    # ---- what is done to it --------------------------------------------------------------------------------------

    def start_daemon(self) -> None:
        self.daemon.start()
        self.lives += 1

    def kill_daemon(self) -> None:
        """``kill -9``; its workers end by themselves."""
        process = self.daemon.process
        assert process is not None
        process.kill()
        process.wait()

    def start_broker(self) -> None:
        """Again, on the same port. Nobody gets to it before the subscriber is there: what it misses proves nothing."""
        before, mode = self.subscriber.subscribed, self.gate.mode
        self.gate.set("refuse")
        self.broker.start()
        self.gate.life = len(self.broker.lives) - 1
        wait_until(lambda: self.subscriber.subscribed > before, what="the subscriber is back")
        self.gate.set(mode if mode != "refuse" else "pass")

    def quiet(self) -> None:
        """No camera any more: what was seen ends, and nothing new happens."""
        for file in self.daemon.cameras.iterdir():
            file.unlink()

    # ---- how it is -----------------------------------------------------------------------------------------------

    def waiting(self) -> int:
        """Events that were said and not acknowledged."""
        self.tail.read()
        return len(self.tail.ids - self.gate.acked)

    def ended(self) -> Optional[int]:
        """The exit status of a daemon that ended by itself."""
        return None if self.daemon.process is None else self.daemon.process.poll()


def busy(fps: int) -> Dict[str, Any]:
    """Zones, lines and counts that make events of every few steps that somebody takes."""
    zones = {}
    for n in range(STRIPS):
        a, b = round(n / STRIPS, 3), round((n + 1) / STRIPS, 3)
        zones[f"column{n}"] = {"points": [[a, 0], [b, 0], [b, 1], [a, 1]], "objects": ["person"]}
        zones[f"row{n}"] = {"points": [[0, a], [1, a], [1, b], [0, b]], "dwell": "2s"}
    lines = {f"line{n}": {"points": [[n / LINES, 0], [n / LINES, 1]]} for n in range(1, LINES)}
    looks = {"fps": fps, "objects": {"person": {"min_score": 0.35}}, "zones": zones, "lines": lines}
    return {**looks, "snapshots": {"events": ["object.start"]}}


def _text(keys: Dict[str, Any]) -> str:
    return str(yaml.safe_dump(keys, sort_keys=False))
