"""A capture worker that keeps pictures from its start on, and this test as the daemon that orders clips of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.wire.clock import monotonic_ns
from tests.capture.snapshots import RECORD, Recorder
from tests.support.worker import PATIENCE, WorkerHarness

SECOND = 10**9


class Kept(Recorder):
    """``record`` stands in the first order: of a source without an encoded stream nothing else is heeded."""

    def __init__(self, source: Dict[str, Any], record: Optional[Dict[str, Any]] = RECORD, **how: Any) -> None:
        WorkerHarness.__init__(self, "edge.capture", "test", **how)
        self.control.send(
            {"op": "open", "source": source, "stall_timeout": PATIENCE, "frozen_timeout": 0.0, "avoid": [],
             "record": record}
        )  # fmt: skip
        self.pictures = None
        self.memory = None
        self.memories = []
        self.serial = 0
        self.requests = 0
        self._files = {}
        self._answers = {}
        self.attach()

    def clip(self, path: Path, begin: int, end: int, masks: Optional[List[Any]] = None) -> Dict[str, Any]:
        """Order a clip into ``path`` between these times of CLOCK_MONOTONIC; its answer."""
        self.requests += 1
        fd = os.open(str(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        order = {"op": "clip", "request": self.requests, "from": begin, "to": end, "masks": masks or []}
        self.control.send(order, [fd])
        os.close(fd)
        return self.wait_for("clip", request=self.requests)

    def clip_of_now(self, path: Path, masks: Optional[List[Any]] = None, seconds: float = 2) -> Dict[str, Any]:
        """The last second, and so many that come."""
        now = monotonic_ns()
        return self.clip(path, now - SECOND, now + int(seconds * SECOND), masks)
