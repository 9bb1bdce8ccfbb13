"""A spool of the test's own, and events for it."""

from __future__ import annotations

import hashlib
import itertools
import time
from pathlib import Path
from typing import Callable, List

from edge.events.spool import Bounds, Entry, Spool, Trouble
from edge.events.spool.reader import History
from scripts.servers import wait_until

_CAMERAS = ("gate", "yard")


def payload(number: int, time: str = "2026-05-04T12:30:00.250Z", pad: str = "") -> bytes:
    camera = _CAMERAS[number % 2]
    noise = hashlib.sha256(str(number).encode()).hexdigest()
    return (
        f'{{"schema":1,"id":"018f435f-c3c0-7000-8000-{number:012x}","type":"zone.enter","device":"d","time":"{time}",'
        f'"seq":{number},"replayed":false,"camera":"{camera}","zone":"{noise}{pad}"}}'
    ).encode()


def number(entry_payload: bytes) -> int:
    """What payload() was given."""
    at = entry_payload.index(b'"seq":') + 6
    return int(entry_payload[at : entry_payload.index(b",", at)])


class Bench:
    """Spools of one file, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "state" / "events.db"
        self.intake = folder / "memory"
        self.troubles: List[Trouble] = []
        self.bounds = Bounds()
        self.spools: List[Spool] = []
        self.numbers = itertools.count(1)
        self.clock: Callable[[], float] = time.monotonic

    def open(self) -> Spool:
        self.file.parent.mkdir(exist_ok=True)
        spool = Spool(self.file, self.intake, self.bounds, self.troubles.append, self.clock)
        self.spools.append(spool)
        spool.start()
        return spool

    def put(self, spool: Spool, count: int = 1, **how: str) -> List[int]:
        made = list(itertools.islice(self.numbers, count))
        for n in made:
            spool.put("event", _CAMERAS[n % 2], "zone.enter", payload(n, **how))
        return made

    def filled(self, spool: Spool, count: int, **how: str) -> List[int]:
        """Put, and committed."""
        target = spool.last + count
        made = self.put(spool, count, **how)
        wait_until(lambda: spool.committed >= target, timeout=60, what="the commit")
        return made

    def history(self) -> History:
        return History(self.file)

    def kinds(self) -> List[str]:
        return [t.kind for t in self.troubles]

    def close(self) -> None:
        for spool in self.spools:
            spool.stop(30)


def everything(spool: Spool, limit: int = 100) -> List[Entry]:
    """All that waits, page by page."""
    found: List[Entry] = []
    while True:
        page = spool.fetch(found[-1].n if found else 0, limit)
        if not page:
            return found
        found += page


def numbers(entries: List[Entry]) -> List[int]:
    return [number(e.payload) for e in entries]
