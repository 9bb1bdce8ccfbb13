"""The worker as the daemon starts it: without jtop, and with a jtop that hangs, dies, stands still or lies."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from edge.telemetry.sources import jtop_thread
from edge.telemetry.sources.jtop_thread import Jtop, JtopThread
from scripts.servers import wait_until
from tests.support.worker import PATIENCE, WorkerHarness
from tests.telemetry.boards import nano, orin_nano, write
from tests.telemetry.jetson_stats import VERSIONS, Service, environment, planted

MODULE, INTERVAL, VERSION = "edge.telemetry.worker", 0.2, "4.3.2"


def worker(root: Path, packages: Any = None, python: Any = sys.executable) -> WorkerHarness:
    return WorkerHarness(MODULE, "telemetry", python, environment(root, packages))


def opened(harness: WorkerHarness, last: bool = True) -> WorkerHarness:
    harness.control.send({"op": "open", "interval": INTERVAL, "last": last})
    return harness


def reading(harness: WorkerHarness, source: str, note: str = "") -> Dict[str, Any]:
    """The next reading of that source whose note has that text in it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        message = harness.wait_for("reading")
        if str(message["source"]).startswith(source) and note in message["note"]:
            return message
    raise AssertionError(f"no reading of {source} with {note!r}: {harness.messages[-3:]}")


def test_without_jetson_stats(root: Path) -> None:
    with worker(orin_nano(root)) as harness:
        found = reading(opened(harness), "sysfs", "jetson-stats is not installed")
        assert found["values"]["gpus"] == [{"load": 99.0, "mhz": 306.0, "limit_mhz": 625.0}]
        harness.control.send({"op": "stop"})
        assert harness.process.wait(PATIENCE) == 0
    assert harness.stderr == ""


def test_on_python_36(python36: Path, root: Path) -> None:
    with worker(nano(root), python=python36) as harness:
        assert reading(opened(harness), "sysfs")["values"]["temperatures"]["gpu"] == 31
        harness.control.send({"op": "stop"})
    assert harness.stderr == ""


def test_another_python_may_have_it(root: Path) -> None:
    with worker(root) as harness:
        farewell = opened(harness, last=False).ended()
    assert farewell["jtop"] is False


def test_a_pc_says_nothing_of_jtop(root: Path) -> None:
    with worker(root) as harness:
        assert reading(opened(harness), "sysfs")["note"] == ""
        harness.control.send({"op": "stop"})


def test_it_ends_with_the_daemon(root: Path) -> None:
    with worker(root) as harness:
        reading(opened(harness), "sysfs")
        harness.close_channels()
        assert harness.process.wait(PATIENCE) == 0


def test_no_service(root: Path) -> None:
    packages = planted(VERSION, nano(root))
    with worker(root, packages) as harness:
        reading(opened(harness), "sysfs", "jtop's service does not run (no /run/jtop.sock)")


def test_a_socket_without_a_service(root: Path) -> None:
    packages = planted(VERSION, nano(root))
    write(root, "run/jtop.sock", "")
    with worker(root, packages) as harness:
        reading(opened(harness), "sysfs", "jtop: The jtop.service is not active")


def test_a_service_that_never_answers(root: Path) -> None:
    packages = planted(VERSION, nano(root))
    with Service(root, packages, answers=False), worker(root, packages) as harness:
        for _ in range(5):  # while its connect() hangs the kernel's files are told
            assert reading(opened(harness) if not harness.messages else harness, "sysfs", "jtop is being asked")
        harness.control.send({"op": "stop"})
        assert harness.process.wait(PATIENCE) == 0


def test_a_service_of_another_version(root: Path) -> None:
    packages = planted(VERSION, nano(root))
    with Service(root, packages, version="4.2.12"), worker(root, packages) as harness:
        reading(opened(harness), "sysfs", "jtop: Mismatch version jtop service: [4.2.12] and client: [4.3.2]")


def test_a_service_that_dies(root: Path) -> None:
    packages = planted(VERSION, nano(root))
    with Service(root, packages) as service, worker(root, packages) as harness:
        reading(opened(harness), "jtop")
        service.kill()
        reading(harness, "sysfs", "jtop: ")


def test_a_service_that_stands_still(root: Path) -> None:
    packages = planted(VERSION, nano(root))
    with Service(root, packages, moves=False), worker(root, packages) as harness:
        reading(opened(harness), "sysfs", "jtop: its service stands still")


# ---- with a client that is made of a few lines, where real ones would take minutes ------------------------------

FAKE = '''
import datetime, threading
__version__ = {version!r}
class jtop:
    gpu, engine, memory, power, fan = {{}}, {{}}, {{}}, {{}}, {{}}
    temperature = {{"GPU": {{"online": True, "temp": 50.0}}}}
    uptime = datetime.timedelta(0)
    def __init__(self, interval=1.0):
        self.tick, self.running = threading.Event(), True
    def start(self):
        {start}
    def ok(self, spin=False):
        self.tick.wait(0.01)
        self.uptime += datetime.timedelta(seconds=1)
        return {ok}
    def close(self):
        self.running = False
'''


@pytest.fixture
def fake(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``fake(start=…, ok=…, version=…)``: a module jtop with these lines in it, and a socket; its Jtop."""

    def make(start: str = "pass", ok: str = "self.running", version: str = "4.3.2", more: str = "") -> Jtop:
        write(root, "run/jtop.sock", "")
        write(root, "packages/jtop/__init__.py", FAKE.format(start=start, ok=ok, version=version) + more)
        monkeypatch.syspath_prepend(str(root / "packages"))
        importlib.invalidate_caches()  # files made within one tick of the clock look as if they had been there
        return Jtop(0.5, str(root))

    yield make
    wait_until(no_import_under_way, what="the threads' imports of jtop")
    sys.modules.pop("jtop", None)


def no_import_under_way() -> bool:
    """A thread that a test left behind could still import that test's module, for the next test."""
    return all(thread.version or thread.failure for thread in threading.enumerate() if isinstance(thread, JtopThread))


def values_of(jtop: Jtop) -> Any:
    return wait_until(lambda: jtop.values(time.monotonic()), what="values of jtop")


def failure_of(jtop: Jtop) -> str:
    """Why it has none."""

    def failed() -> bool:
        return jtop.values(time.monotonic()) is None and jtop.note != "jtop is being asked"

    wait_until(failed, what="a failure")
    return jtop.note


def test_values_of_a_client(fake: Any) -> None:
    jtop = fake()
    assert values_of(jtop)["temperatures"] == {"gpu": 50.0}
    assert (jtop.version, jtop.known, jtop.note) == ("4.3.2", True, "")


def test_an_unknown_version_is_read_as_the_newest(fake: Any) -> None:
    jtop = fake(version="9.1")
    assert values_of(jtop)["temperatures"] == {"gpu": 50.0}
    assert not jtop.known


def test_connecting_hangs(fake: Any) -> None:
    jtop = fake(start="threading.Event().wait()")
    now = time.monotonic()
    assert jtop.values(now) is None and jtop.note == "jtop is being asked"
    assert jtop.values(now + 11) is None and "does not answer (silent for 11 s)" in jtop.note
    assert not jtop.stuck(now + 60)
    assert jtop.stuck(now + 75)


@pytest.mark.parametrize(
    ("how", "note"),
    [
        ({"start": "raise PermissionError(13, 'denied')"}, "denied"),
        ({"ok": "False"}, "its service went away"),
        ({"ok": "1 / 0"}, "division by zero"),
        ({"more": "jtop.gpu = None"}, "NoneType"),
        ({"more": "jtop.temperature = {'GPU': 17}"}, "int"),
        ({"more": "jtop.temperature = {'GPU': {'temp': 'hot'}}"}, "hot"),
        ({"more": "jtop.memory = {'EMC': {'val': object()}}"}, "not JSON serializable"),
        ({"more": "jtop.memory = {'EMC': {'val': 'x' * 99999}}"}, "tells too much"),
        ({"more": "raise ImportError('it forked')"}, "it forked"),
    ],
)
def test_faults_and_garbage(fake: Any, how: Dict[str, str], note: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: List[float] = []

    class Counted(JtopThread):
        def start(self) -> None:
            tries.append(self.interval)
            super().start()

    monkeypatch.setattr(jtop_thread, "JtopThread", Counted)
    jtop = fake(**how)
    assert note in failure_of(jtop)
    now = time.monotonic()
    jtop.values(now + 55)
    assert len(tries) == 1
    jtop.values(now + 61)
    assert len(tries) == 2


def test_a_service_that_comes_later(fake: Any, root: Path) -> None:
    jtop = fake()
    os.unlink(root / jtop_thread.SOCKET)
    now = time.monotonic()
    assert jtop.values(now) is None and "does not run" in jtop.note
    write(root, jtop_thread.SOCKET, "")
    assert jtop.values(now + 59) is None and "does not run" in jtop.note
    jtop.values(now + 61)
    assert values_of(jtop)


def test_the_fake_has_nothing_that_a_real_one_has_not(root: Path) -> None:
    ours = "gpu engine memory power fan temperature uptime start ok close"
    for version in VERSIONS:
        script = (
            "import inspect, jtop\n"
            f"print(jtop.__version__, *(n for n in {ours.split()} if hasattr(jtop.jtop, n)), end=' ')\n"
            "print(*inspect.signature(jtop.jtop.__init__).parameters)"
        )
        packages = planted(version, root / version)
        said = subprocess.run(
            [sys.executable, "-c", script], env=environment(root, packages), capture_output=True, text=True, check=True
        )
        assert said.stdout.splitlines()[-1] == f"{version} {ours} self interval"
