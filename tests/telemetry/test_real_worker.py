"""The daemon's side with a real worker on a board of files."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any, Callable, List, Optional

import pytest

from edge.config import TelemetryConfig
from edge.daemon.process import WorkerProcess
from edge.telemetry import telemetry as module
from edge.telemetry.telemetry import MODULE, Telemetry
from tests.telemetry.boards import orin_nano


def test_a_real_worker(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started, heard, killed, tried again, made to hang, replaced, stopped."""
    monkeypatch.setenv("EDGE_ROOT", str(orin_nano(root)))
    monkeypatch.setattr(module, "RETRY_S", 0.1)
    monkeypatch.setattr(module, "SAMPLE_S", 0.2)
    monkeypatch.setattr(module, "PATIENCE_S", 1.0)
    published: List[Any] = []

    async def run() -> None:
        telemetry = Telemetry(
            TelemetryConfig(), [sys.executable],
            lambda python, heard, ended: WorkerProcess(python, MODULE, "telemetry", heard, ended),
            published.append, lambda *_: None, lambda _: None,
        )  # fmt: skip
        telemetry.start()
        first = await until(lambda: telemetry.state == "running" and telemetry.process and telemetry.process.pid)
        assert published[0]["temperatures"]["tj"] == 86.9
        assert telemetry.status()["gpus"] == [{"load": 99, "mhz": 306, "limit_mhz": 625}]
        os.kill(first, signal.SIGKILL)
        second = await until(lambda: running_other_than(telemetry, first))
        assert published[1] == {"note": "telemetry is lost: its process was killed by signal 9"}
        os.kill(second, signal.SIGSTOP)
        await until(lambda: telemetry.check_heartbeat() or running_other_than(telemetry, second))
        await telemetry.stop()
        assert telemetry.process is not None and telemetry.process.ended

    asyncio.run(run())


def running_other_than(telemetry: Telemetry, pid: int) -> Optional[int]:
    process = telemetry.process
    return process.pid if telemetry.state == "running" and process and process.pid != pid else None


async def until(condition: Callable[[], Any], patience: float = 60.0) -> Any:
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    while loop.time() < end:
        value = condition()
        if value:
            return value
        await asyncio.sleep(0.02)
    raise TimeoutError
