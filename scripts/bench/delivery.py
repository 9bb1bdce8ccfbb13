"""From the spool to the broker and back: how soon a new event is acknowledged, how fast a backlog goes, and both.

``python -m scripts.bench.delivery`` measures it alone. Spool and publisher run in a process of their own, as in the
daemon; the broker is a mosquitto on loopback.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable, Dict, Iterable, List

from edge.config import MqttConfig
from edge.events.mqtt.publisher import Publisher
from edge.events.spool import Bounds, Spool

from .measures import Row
from .setting import ROOT, Setting

BACKLOG = 36_000  # an hour of ten events a second
RATE = 10.0  # new events a second, in bursts of up to three as pictures bring them
EVENT = (
    b'{"schema":1,"id":"0195a3f0-0000-7000-8000-%012d","type":"zone.enter","device":"gate-7","time":"2025-03-01T08:00:0'
    b'1.234Z","seq":%d,"boot_id":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff","replayed":false,"camera":"square","model":"peop'
    b'le","object":{"id":12,"label":"person","score":0.871,"best_score":0.9,"box":[0.1,0.1,0.2,0.4],"box_px":[64,48,128,'
    b'192],"speed":[0.1,0.0],"age_s":3.2,"zones":["gate"]},"zone":"gate","latency_ms":{"decode":12.1,"infer":8.4}}'
)


class Measured(Spool):
    """Notes when entries were put and acknowledged."""

    def watch(self) -> None:
        self.put_at: Dict[int, float] = {}
        self.acknowledged_at: Dict[int, float] = {}
        self._next = self.last

    def new(self) -> None:
        self._next += 1
        self.put_at[self._next] = time.monotonic()
        self.put("event", "square", "zone.enter", EVENT % (self._next, self._next))

    def delivered(self, ns: Iterable[int]) -> None:
        ns = list(ns)
        now = time.monotonic()
        if hasattr(self, "acknowledged_at"):
            self.acknowledged_at.update((n, now) for n in ns)
        super().delivered(ns)

    def waited(self) -> List[float]:
        """Seconds from put to the acknowledgement of the new entries, in order."""
        return sorted(at - self.put_at[n] for n, at in self.acknowledged_at.items() if n in self.put_at)


def _share(values: List[float], share: float) -> float:
    return 1000 * values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024**2


def _until(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {seconds:g} s for {what}")
        time.sleep(0.005)


def _work(folder: Path, url: str, version: str, seconds: float) -> Dict[str, float]:
    """In the process that is measured."""
    spool = Measured(folder / "events.db", folder / "intake", Bounds(), lambda trouble: print(trouble, file=sys.stderr))
    spool.start()
    for n in range(BACKLOG):
        spool.put("event", "square", "zone.enter", EVENT % (n, n))
        if n % 1000 == 999:
            _until(lambda: spool.committed > n - 200, "the commits")  # noqa: B023
    _until(lambda: spool.committed >= BACKLOG, "the commits")
    publisher = Publisher(MqttConfig(url=url, client_id="edge-bench", version=version), "gate-7", spool, lambda _: None)
    spool.watch()
    before, most = _rss_mib(), [0.0]
    began, cpu = time.monotonic(), time.process_time()
    over = threading.Event()

    def live() -> None:
        burst = 0
        while not over.wait(burst / RATE):
            burst = burst % 3 + 1
            with spool.together():
                for _ in range(burst):
                    spool.new()
            most[0] = max(most[0], _rss_mib())

    feeder = threading.Thread(target=live)
    feeder.start()
    publisher.start()
    _until(lambda: publisher.published > 0, "the first acknowledgement")
    _until(lambda: publisher.figures()["replaying"] == 0, "the backlog")
    replayed = time.monotonic() - began
    busy = time.process_time() - cpu
    behind = spool.waited()
    during = len(behind)
    known = set(spool.acknowledged_at)
    time.sleep(seconds)
    over.set()
    feeder.join()
    _until(lambda: spool.waiting == 0, "the last acknowledgements")
    alone = sorted(at - spool.put_at[n] for n, at in spool.acknowledged_at.items() if n not in known)
    left = publisher.stop(3.0)
    spool.stop(5.0)
    return {
        "left": left, "rate": BACKLOG / replayed, "cpu_us": 1e6 * busy / BACKLOG, "during": during,
        "behind_p95": _share(behind, 0.95), "p50": _share(alone, 0.5), "p95": _share(alone, 0.95),
        "before": before, "grown": max(most[0], _rss_mib()) - before,
    }  # fmt: skip


def delivery(setting: Setting, seconds: float) -> List[Row]:
    """A backlog of an hour is replayed while new events come; then only these come."""
    rows: List[Row] = []
    for version in ("3.1.1", "5"):
        folder = setting.folder / f"delivery-{version}"
        folder.mkdir()
        url = f"mqtt://127.0.0.1:{setting.broker_port}"
        command = [sys.executable, "-m", "scripts.bench.delivery", "--work", str(folder), url, version, f"{seconds:g}"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        said = json.loads(done.stdout)
        name = f"MQTT {version}"
        rows += [
            Row(f"{name}: from its making to the acknowledgement, p95", said["p95"], "ms", 20,
                detail=f"median {said['p50']:.1f} ms"),
            Row(f"{name}: backlog of {BACKLOG:,} replayed", said["rate"], "events/s", 2000,
                detail=f"{said['cpu_us']:.0f} µs of CPU an event", at_least=True),
            Row(f"{name}: a new event meanwhile, p95", said["behind_p95"], "ms", 1000,
                detail=f"of {said['during']:.0f}"),
            Row(f"{name}: memory grows by", said["grown"], "MiB", 16,
                detail=f"from {said['before']:.0f} MiB"),
        ]  # fmt: skip
    return rows


ALL: Dict[str, Callable[[Setting, float], List[Row]]] = {"delivery": delivery}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.delivery")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the time with new events alone")
    parser.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work is not None:
        folder, url, version, seconds = args.work
        print(json.dumps(_work(Path(folder), url, version, float(seconds))))
        return 0
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder, Setting(Path(folder)) as setting:
        rows = delivery(setting, args.seconds)
    for row in rows:
        print(f"{row.what}: {row.value:.1f} {row.unit} ({'≥' if row.at_least else '≤'} {row.bound:g}) {row.detail}")
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
