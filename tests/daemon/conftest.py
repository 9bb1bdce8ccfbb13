"""Workers made up for a test: the real start and channel, and what they do as the test says."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

import edge
from edge.daemon import process
from tests.daemon.watched import ONLINE

MakeWorker = Callable[[str, str], Path]


@pytest.fixture
def make_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeWorker:
    """``make_worker("capture", code)``: makes that the module; its ``channel`` leads to the daemon. The package."""
    package = tmp_path / "edge"
    (package / "wire").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for file in (Path(edge.__file__).parent / "wire").glob("*.py"):
        (package / "wire" / file.name).write_text(file.read_text())
    monkeypatch.setattr(process.start, "__file__", str(package / "wire" / "start.py"))

    def make(module: str, code: str) -> Path:
        (package / f"{module}.py").write_text(
            "import os, signal, sys, time\n"
            "from edge.wire.channel import Closed\n"
            "from edge.wire.process import begin\n"
            "channel = begin('edge: test', int(sys.argv[2]), int(sys.argv[3]))\n" + code
        )
        return package

    return make


@pytest.fixture
def capture(make_worker: MakeWorker) -> Callable[[str], None]:
    """``capture(code)``: makes that the capture worker; ``order`` is what it was told first."""

    def make(code: str) -> None:
        make_worker(
            "capture",
            "order = channel.receive().control\n"
            f"online = {ONLINE!r}\n"
            "def wait():\n"
            "    while (channel.receive().control or {}).get('op') != 'stop': pass\n" + code,
        )

    return make
