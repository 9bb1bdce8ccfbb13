"""Evidence made up for a test."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import List, Optional

from edge.events.evidence.age import AgeClock
from edge.events.evidence.store import Store
from scripts.servers import wait_until

DAY = 86400.0


def name(suffix: str = "jpg") -> str:
    """A file's name: any event's id."""
    return f"{uuid.uuid4()}.{suffix}"


def place(camera: str = "gate", day: str = "2026-05-04", file: str = "") -> str:
    return f"{camera}/{day}/{file or name()}"


def write(store: Store, relative: str, data: bytes = b"a picture") -> int:
    """As the daemon and a capture process do it together."""
    draft = store.create(relative)
    os.write(draft.fd, data)
    return store.commit(draft)


def put(folder: Path, relative: str, size: int = 10, written: Optional[float] = None) -> Path:
    """A file that has been there before."""
    file = folder / relative
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    if written is not None:
        os.utime(file, (written, written))
    return file


def started(folder: Path, size: int = 1 << 30, age: float = 14 * DAY, clock: Optional[AgeClock] = None) -> Store:
    """A store that knows what there is."""
    store = Store(folder, size, age, clock)
    store.start()

    def counted() -> bool:
        store.tidy()
        return store._counted

    if folder.is_dir():
        wait_until(counted, what="what is there is counted")
    return store


def all_files(folder: Path) -> List[str]:
    """The paths below it, hidden ones with them."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


class Clock:
    """A time of day and a monotonic clock that a test sets."""

    def __init__(self, wall: float, monotonic: float = 1000.0) -> None:
        self.wall, self.monotonic = wall, monotonic
        self.age = AgeClock(lambda: self.wall, lambda: self.monotonic)

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds
