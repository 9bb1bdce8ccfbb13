"""`make demo`, as a person would run it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, Set

import psutil
import pytest

from scripts.servers import PATIENCE, ROOT

DEMO = [sys.executable, "-m", "scripts.demo"]


@pytest.fixture
def environment(tmp_path: Path, clean_environment: Dict[str, str]) -> Dict[str, str]:
    if not (ROOT / ".venv" / "bin" / "edge").exists():
        pytest.skip("no .venv: run make setup")
    return dict(clean_environment, TMPDIR=str(tmp_path))


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """No file in the demo's temporary folder, and no process that works with one there or for the demo's device."""
    yield
    assert list(tmp_path.iterdir()) == []
    assert [p for p in processes() if str(tmp_path) in p] == []


def processes() -> Set[str]:
    """Command lines and environments of all processes."""
    found: Set[str] = set()
    for process in psutil.process_iter():
        try:
            found.add(f"{process.cmdline()} {process.environ().get('TMPDIR')}")
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def test_it_shows_events_for_a_while(environment: Dict[str, str]) -> None:
    done = subprocess.run(
        DEMO, cwd=str(ROOT), env=dict(environment, DURATION="8", COLUMNS="160"), capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    kinds = {words[2] for words in map(str.split, done.stdout.splitlines()) if len(words) > 2}
    assert {"device.start", "camera.online", "object.start"} <= kinds
    assert "events, the first after " in done.stdout
    assert "h264 768x576" in done.stdout  # the table of cameras
    assert "\033" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_told_to(number: signal.Signals, environment: Dict[str, str]) -> None:
    with subprocess.Popen(DEMO, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "object.start" in line:
                break
        process.send_signal(number)
        rest = process.stdout.read()
        assert process.wait(PATIENCE) == 0
    assert "events, the first after " in rest


def test_ctrl_c_at_a_terminal_is_no_error_of_make(environment: Dict[str, str]) -> None:
    """make itself must not get it: it would end with an error, however well the demo ends."""
    terminal, inner = pty.openpty()
    command = ["setsid", "--ctty", "make", "--silent", "demo"]
    with subprocess.Popen(command, cwd=str(ROOT), env=environment, stdin=inner, stdout=inner, stderr=inner) as make:
        os.close(inner)
        said = b""
        while b"object.start" not in said:
            said += os.read(terminal, 65536)
        os.write(terminal, b"\x03")
        try:
            while True:
                said += os.read(terminal, 65536)
        except OSError:  # EIO: the other side has closed
            os.close(terminal)
        assert make.wait(PATIENCE) == 0
    assert b"events, the first after " in said
