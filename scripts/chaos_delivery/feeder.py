"""The daemon's own way from an event to the broker, without cameras: a factory, a spool, a publisher.

``python -m scripts.chaos_delivery.feeder STATE RUNTIME URL DEVICE`` does what it reads, one line each, and answers each
with one line of JSON, which says how it is then:

    fill COUNT   put so many events, as fast as they are committed
    live RATE    from now on so many a second, evenly (0: none)
    how          nothing

What it puts is written to RUNTIME/truth.log, as the daemon writes it (see :mod:`record`), and when it was put to
RUNTIME/put.log. RUNTIME is in memory, so that what it writes to disk is the spool's.
"""

from __future__ import annotations

import array
import itertools
import json
import math
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterable, List

from edge.analytics import Facts, Happening
from edge.config import MqttConfig
from edge.config.evidence import SpoolConfig
from edge.events.factory import EventFactory
from edge.events.mqtt.publisher import Publisher
from edge.events.spool import Bounds, Spool, Trouble, folders

CAMERAS = 8
MOST = 300_000  # events of one run
_BEHIND = 200  # events that wait for a commit; then a fill goes slower
_LATENCY = {"decode": 6.2, "wait": 18.9, "prepare": 0.6, "infer": 8.9, "outputs": 0.2, "events": 0.3, "total": 36.4}


class Feeder:
    def __init__(self, state: Path, runtime: Path, url: str, device: str) -> None:
        file, intake = folders(state, device, {"RUNTIME_DIRECTORY": str(runtime)})
        self.troubles: List[Trouble] = []
        self.factory = EventFactory(device)
        self.spool = Spool(file, intake, Bounds.of(SpoolConfig()), self.troubles.append)
        self.publisher = Publisher(MqttConfig(url=url, client_id=device), device, self.spool, lambda _: None)
        self._log, self._times = (
            os.open(str(runtime / name), os.O_WRONLY | os.O_CREAT | os.O_APPEND) for name in ("truth.log", "put.log")
        )
        self._steps = itertools.count()
        self._rate = 0.0
        self._changed = threading.Event()
        # When which entry was put and acknowledged. One thread puts at a time, so entries have its order.
        # All the memory that this needs is there from the beginning.
        self._put, self._delivered = (array.array("d", [0.0]) * MOST for _ in range(2))
        self._puts = self._deliveries = 0

    def start(self) -> None:
        self.spool.start()
        self.publisher.start()
        self._base = self.spool.last
        delivered = self.spool.delivered

        def on_delivered(ns: Iterable[int]) -> None:
            now, ns = time.monotonic(), list(ns)
            for n in ns:
                self._delivered[n - self._base - 1] = now
            self._deliveries += len(ns)
            delivered(ns)

        self.spool.delivered = on_delivered  # type: ignore[method-assign]
        threading.Thread(target=self._live, daemon=True).start()

    def fill(self, count: int) -> None:
        for n in range(count):
            self.put()
            if n % 20 == 0:
                while self.spool.last - self.spool.committed > _BEHIND:
                    time.sleep(0.002)

    def live(self, rate: float) -> None:
        self._rate = rate
        self._changed.set()

    def how(self) -> Dict[str, Any]:
        io = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        rss = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
        return {
            "put": self._puts,
            "delivered": self._deliveries,
            "waiting": self.spool.waiting,
            "state": self.spool.state,
            "broker": self.publisher.state,
            "rss_kib": int(rss.split()[1]),
            "written": int(io["write_bytes"]),
            "troubles": [list(trouble) for trouble in self.troubles],
        }

    def since(self, place: int) -> Dict[str, List[float]]:
        """Milliseconds from put to the acknowledgement, of every event from ``place`` on."""
        places = [i for i in range(place, self._puts) if self._delivered[i]]
        return {"put_acked_ms": [round((self._delivered[i] - self._put[i]) * 1000, 2) for i in places]}

    def put(self) -> None:
        step = next(self._steps)
        event = self.factory.make(f"camera{step % CAMERAS}", _happening(step), _LATENCY)
        payload = event.to_json()
        os.write(self._log, payload + b"\n")
        now = time.monotonic()
        os.write(self._times, b"%s %.6f\n" % (event.id.encode(), now))
        self._put[self._puts] = now
        self._puts += 1
        self.spool.put("event", event.camera or "", event.type, payload)
        os.write(self._log, b"H %s\n" % event.id.encode())

    def _live(self) -> None:
        due = 0.0
        while True:
            if not self._rate:
                self._changed.wait()
                self._changed.clear()
                due = time.monotonic()
                continue
            self.put()
            due += 1 / self._rate
            time.sleep(max(0.0, due - time.monotonic()))


def _happening(step: int) -> Happening:
    x = 0.5 + 0.4 * math.sin(step / 50)
    facts = Facts(
        1 + step // 40, "person", 0.73, 0.81, (x, 0.5, min(1.0, x + 0.05), 0.71), (1280, 720), (-0.03, 0.004),
        (step % 40) / 5, ("gate",),
    )  # fmt: skip
    return Happening("zone.enter" if step % 2 else "object.update", time.monotonic(), "people", facts,
                     zone="gate" if step % 2 else None)  # fmt: skip


def main() -> None:
    state, runtime, url, device = sys.argv[1:]
    feeder = Feeder(Path(state), Path(runtime), url, device)
    feeder.start()
    print(json.dumps(feeder.how()), flush=True)
    for line in sys.stdin:
        word, number = [*line.split(), "0"][:2]
        answer: Dict[str, Any] = {}
        if word == "fill":
            feeder.fill(int(number))
        elif word == "live":
            feeder.live(float(number))
        elif word == "since":
            answer = feeder.since(int(number))
        print(json.dumps({**feeder.how(), **answer}), flush=True)
    feeder.live(0)
    feeder.publisher.stop(2.0)
    feeder.spool.stop(2.0)


if __name__ == "__main__":
    main()
