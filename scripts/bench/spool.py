"""``python -m scripts.bench.spool [--seconds N] [--only NAME] [--folder FOLDER]``: what the spool costs.

Bytes are counted by the kernel for this process (``/proc/self/io``: write_bytes): whole pages of 4 kB that were dirty
when they were synced. So the folder must be on a disk; tmpfs counts nothing.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List

from edge.events.event import Event
from edge.events.spool import Bounds, Spool

from .spool_events import events

RATE = 20.0
BACKLOG = 36_000


class Sender:
    """Fetches what there is, and has it acknowledged some milliseconds later."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._wake, self._stop = spool, threading.Event(), False
        self.after = 0
        self.seen: Dict[int, float] = {}
        spool.on_ready = self._wake.set
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop:
            self._wake.wait(1.0)
            self._wake.clear()
            for entry in iter(lambda: self._spool.fetch(self.after, 20), []):
                now = time.monotonic()
                self.seen.update((e.n, now) for e in entry)
                self.after = entry[-1].n
                time.sleep(0.003)
                self._spool.delivered([e.n for e in entry])

    def close(self) -> None:
        self._stop = True
        self._wake.set()
        self._thread.join()


def written() -> int:
    """Bytes that this process had the kernel write."""
    told = Path("/proc/self/io").read_text().split()
    return int(told[told.index("write_bytes:") + 1])


def memory_mb() -> float:
    """Resident now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def put(spool: Spool, event: Event, payload: bytes) -> None:
    spool.put("event", event.camera or "", event.type, payload)


def wear(make: Callable[[], Spool], seconds: float) -> None:
    """Events at an even pace, all delivered: bytes written for each, the last checkpoint included."""
    spool = make()
    spool.start()
    sender = Sender(spool)
    source = events(1)
    commits = [0]

    def committed() -> None:
        commits[0] += 1

    spool.on_commit = committed
    before, began, sizes, at = written(), time.monotonic(), [], {}
    count = int(seconds * RATE)
    for i in range(count):
        time.sleep(max(0.0, began + i / RATE - time.monotonic()))
        event = next(source)
        payload = event.to_json()
        sizes.append(len(payload))
        at[i + 1] = time.monotonic()
        put(spool, event, payload)
    spool.stop(30)
    sender.close()
    total = written() - before
    waits = sorted(sender.seen[n] - at[n] for n in at if n in sender.seen)
    file = sum(p.stat().st_size for p in spool_files(make))
    print(f"wear: {total / count:.0f} bytes written for each of {count} events of {statistics.mean(sizes):.0f} bytes, "
          f"{count / max(1, commits[0]):.2f} a commit; {file / count:.0f} bytes of file for each; put to fetch: "
          f"median {waits[len(waits) // 2] * 1e3:.0f} ms, p95 {waits[int(len(waits) * 0.95)] * 1e3:.0f} ms, "
          f"most {waits[-1] * 1e3:.0f} ms")  # fmt: skip


def spool_files(make: Callable[[], Spool]) -> List[Path]:
    folder = make()._rounds._keeper._file.parent
    return list(folder.glob("events.db*"))


def cost(make: Callable[[], Spool], _seconds: float) -> None:
    """put() with its write into the intake, at a pace that leaves the spool's thread time to commit."""
    spool = make()
    spool.start()
    made = [(e, e.to_json()) for e in itertools.islice(events(2), 4000)]
    took = []
    for event, payload in made:
        began = time.perf_counter()
        put(spool, event, payload)
        took.append((time.perf_counter() - began) * 1e6)
        if len(took) % 10 == 0:
            time.sleep(0.005)
    spool.stop(30)
    took.sort()
    print(f"put: median {took[len(took) // 2]:.1f} µs, p95 {took[int(len(took) * 0.95)]:.1f} µs, mean "
          f"{statistics.mean(took):.1f} µs")  # fmt: skip


def backlog(make: Callable[[], Spool], _seconds: float) -> None:
    """An hour's worth of events waits; then all of it is paged through."""
    spool = make()
    spool.start()
    source = events(3)
    first = memory_mb()
    for i in range(BACKLOG):
        event = next(source)
        put(spool, event, event.to_json())
        if i == 2000:
            first = memory_mb()
        if i % 20 == 0:
            time.sleep(0.002)
    while spool.committed < BACKLOG:
        time.sleep(0.05)
    filled = memory_mb()
    after, count, most = 0, 0, filled
    began = time.process_time(), time.perf_counter()
    while True:
        page = spool.fetch(after, 100)
        if not page:
            break
        after, count = page[-1].n, count + len(page)
        most = max(most, memory_mb())
    cpu, wall = time.process_time() - began[0], time.perf_counter() - began[1]
    print(f"backlog: {count} paged, {cpu / count * 1e6:.1f} µs of CPU each ({wall / count * 1e6:.1f} µs); resident "
          f"{first:.1f} MB after 2,000, {filled:.1f} MB after {BACKLOG:,}, {most:.1f} MB while paging")  # fmt: skip
    spool.stop(30)


ALL = {"wear": wear, "put": cost, "backlog": backlog}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="of events for wear (default 180)")
    parser.add_argument("--only", choices=list(ALL), action="append")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured (default: the temporary folder)")
    args = parser.parse_args()
    for name in args.only or list(ALL):
        folder = Path(tempfile.mkdtemp(prefix="edge-spool-", dir=args.folder))
        intake = Path(tempfile.mkdtemp(prefix="edge-spool-", dir="/dev/shm"))
        try:
            print(f"{name} in {folder} on {os.uname().machine} …", flush=True)
            ALL[name](lambda at=folder, memory=intake: Spool(at / "events.db", memory, Bounds(), print), args.seconds)
        finally:
            shutil.rmtree(folder)
            shutil.rmtree(intake)


if __name__ == "__main__":
    main()
