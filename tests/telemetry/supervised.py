"""A telemetry whose time and whose worker are the test's."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, List, Optional, Tuple

from edge.config import TelemetryConfig
from edge.telemetry.telemetry import Telemetry
from edge.wire.channel import Message


class Clock:
    """Stands for the event loop: its time goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: List[List[Any]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> Any:
        timer = [self.now + delay, call]
        self.timers.append(timer)

        class Handle:
            def cancel(_self) -> None:
                if timer in self.timers:
                    self.timers.remove(timer)

        return Handle()

    def go(self, seconds: float) -> None:
        self.now += seconds
        for timer in [timer for timer in self.timers if timer[0] <= self.now]:
            self.timers.remove(timer)
            timer[1]()


class Process:
    def __init__(self, python: str, heard: Callable[[Message], None], end: Callable[[int, str], None]) -> None:
        self.python, self._heard, self._end = python, heard, end
        self.ended, self.killed, self.pid = False, False, 17
        self.sent: List[Dict[str, Any]] = []

    def send(self, message: Dict[str, Any]) -> None:
        self.sent.append(message)

    def kill(self) -> None:
        self.killed = True

    async def stop(self, timeout: float) -> None:
        await asyncio.sleep(1000.0)

    def tells(self, **message: Any) -> None:
        self._heard(Message(b"", message, []))

    def reads(self, degrees: float = 50.0, source: str = "sysfs", throttling: Tuple[str, ...] = ()) -> None:
        values = {"temperatures": {"gpu": degrees}, "throttling": list(throttling)}
        self.tells(op="reading", source=source, note="", values=values)

    def ends(self, status: int = 0, words: str = "") -> None:
        self.ended = True
        self._end(status, words)


class Harness:
    def __init__(self, pythons: Tuple[str, ...] = ("python",), **config: Any) -> None:
        self.processes: List[Process] = []
        self.published: List[Optional[Dict[str, Any]]] = []
        self.alarms: List[Tuple[str, str]] = []
        self.factors: List[float] = []
        self.telemetry = Telemetry(
            TelemetryConfig(**config), pythons, self.launch, self.published.append,
            lambda *alarm: self.alarms.append(alarm), self.factors.append,
        )  # fmt: skip
        self.telemetry.start()

    def launch(self, python: str, heard: Callable[[Message], None], end: Callable[[int, str], None]) -> Process:
        self.processes.append(Process(python, heard, end))
        return self.processes[-1]

    @property
    def process(self) -> Process:
        return self.processes[-1]

    def change(self, **config: Any) -> None:
        self.telemetry.change(TelemetryConfig(**config))
