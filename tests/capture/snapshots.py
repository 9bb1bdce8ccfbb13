"""A capture worker that keeps its stream, and this test as the daemon that asks it for snapshots."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional

import cv2
import numpy as np

from tests.capture.harness import CaptureHarness

RECORD = {"seconds": 10.0, "bytes": 32_000_000}
Answer = Dict[str, Any]


class Shot(NamedTuple):
    """``answer``: the worker's; ``data``: what it wrote."""

    answer: Answer
    data: bytes

    @property
    def picture(self) -> np.ndarray:
        """(height, width, 3), blue first."""
        decoded = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        return decoded

    @property
    def luma(self) -> np.ndarray:
        decoded = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert decoded is not None
        return decoded


class Recorder(CaptureHarness):
    """``record``: what is kept from the start; None: nothing."""

    def __init__(self, source: Dict[str, Any], record: Optional[Dict[str, Any]] = RECORD, **how: Any) -> None:
        super().__init__(source, **how)
        self.requests = 0
        self._files: Dict[int, Any] = {}
        self._answers: Dict[int, Answer] = {}
        if record is not None:
            self.keep(record)

    def keep(self, record: Optional[Dict[str, Any]]) -> None:
        self.control.send({"op": "change", "record": record})

    def ask(self, captured: Optional[int] = None, fds: Optional[List[int]] = None, **more: Any) -> int:
        """Order a snapshot; the request's number."""
        self.requests += 1
        order = {
            "op": "snapshot", "request": self.requests, "captured": captured, "form": "clean", "box": None, "label": "",
            "quality": 95, "masks": [], **more,
        }  # fmt: skip
        if fds is None:
            file = self._files[self.requests] = tempfile.NamedTemporaryFile()  # noqa: SIM115
            fd = os.dup(file.fileno())
            self.control.send(order, [fd])
            os.close(fd)
        else:
            self.control.send(order, fds)
        return self.requests

    def answer(self, request: int) -> Shot:
        while request not in self._answers:
            message = self.hear()
            if message is not None and message["op"] == "snapshot":
                self._answers[message["request"]] = message
        answer = self._answers[request]
        file = self._files.pop(request, None)
        if file is None:
            return Shot(answer, b"")
        file.seek(0)
        data = file.read()
        file.close()
        return Shot(answer, data)

    def snapshot(self, captured: Optional[int] = None, **more: Any) -> Shot:
        return self.answer(self.ask(captured, **more))

    def close_channels(self) -> None:
        for file in self._files.values():
            file.close()
        super().close_channels()
