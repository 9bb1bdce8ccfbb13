"""Puts events until it is killed: ``python -m tests.events.spool.killed FOLDER FIRST``.

Before an event is put its number is written to stdout, and again (negative) when put() has returned; what is fetched
first is told as ``old N number`` lines.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from edge.events.spool import Bounds
from tests.events.spool.spools import Bench, everything, number, payload

BOUNDS = Bounds(max_events=10_000_000)  # beyond bounds events would be lost rightly


def main() -> None:
    bench = Bench(Path(sys.argv[1]))
    bench.bounds = BOUNDS
    spool = bench.open()
    lines = [f"old {e.n} {number(e.payload)}\n" for e in everything(spool)]
    os.write(1, "".join([*lines, "ready\n"]).encode())
    sent = threading.Thread(target=_send, args=(spool,), daemon=True)
    sent.start()
    at = int(sys.argv[2])
    while True:
        while len(spool._pending) > 500:
            time.sleep(0)  # more than a disk takes would be lost rightly
        os.write(1, b"put %d\n" % at)
        spool.put("event", "gate", "zone.enter", payload(at))
        os.write(1, b"has %d\n" % at)
        at += 1


def _send(spool) -> None:  # type: ignore[no-untyped-def]
    """Have most of what is committed acknowledged, so that delivery is under way at the kill."""
    after = 0
    while True:
        page = spool.fetch(after, 20)
        for entry in page:
            after = entry.n
            if entry.n % 10:
                os.write(1, b"sent %d %d\n" % (entry.n, number(entry.payload)))
                spool.delivered([entry.n])


if __name__ == "__main__":
    main()
