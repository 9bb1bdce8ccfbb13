"""How a worker starts: on an interpreter that sees its own packages alone, and never longer than its parent lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator, Tuple

import pytest

from edge.wire import start
from edge.wire.channel import Channel, Closed

#: A worker for these tests: it answers every message with what it is asked to evaluate.
WORKER = """
import json, os, signal, sys
from edge.wire.channel import Closed
from edge.wire.process import begin
channel = begin("edge: " + sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
while True:
    try:
        question = channel.receive().control
    except Closed:
        os._exit(7)
    channel.send({"answer": eval(question["ask"])})
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package's wire folder, with the worker above in it, in a folder with packages of another Python."""
    site = tmp_path_factory.mktemp("site-packages")
    wire = site / "edge" / "wire"
    wire.mkdir(parents=True)
    (site / "edge" / "__init__.py").write_text("")
    for file in Path(start.__file__).parent.glob("*.py"):
        (wire / file.name).write_text(file.read_text())
    (site / "edge" / "echo.py").write_text(WORKER)
    for foreign in ("numpy", "json", "socket"):
        (site / (foreign + ".py")).write_text("raise SystemExit('a package that was made for another Python')")
    return site


@pytest.fixture(params=["here", "3.6", "3.8"])
def python(request: pytest.FixtureRequest) -> str:
    if request.param == "here":
        return sys.executable
    return str(request.getfixturevalue("python" + request.param.replace(".", "")))


class Echo:
    """The worker above."""

    def __init__(self, python: str, site: Path, **how: Any) -> None:
        self.channel, theirs = Channel.pair()
        self.channel.set_timeout(20)
        fd = theirs.fileno()
        command = [python, str(site / "edge" / "wire" / "start.py"), "edge.echo", "gate", str(fd), str(os.getpid())]
        self.process = subprocess.Popen(command, pass_fds=[fd], **how)
        theirs.close()

    def ask(self, question: str) -> Any:
        self.channel.send({"ask": question})
        control = self.channel.receive().control
        assert control is not None
        return control["answer"]

    def close(self) -> None:
        self.channel.close()
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def echo(python: str, package: Path, tmp_path: Path) -> Iterator[Echo]:
    started = Echo(python, package, cwd=str(tmp_path))
    yield started
    started.close()


def test_the_package_is_importable_and_the_folder_around_it_is_not(echo: Echo, package: Path) -> None:
    assert echo.ask("sys.modules['edge'].__file__") == str(package / "edge" / "__init__.py")
    path = echo.ask("sys.path")
    assert str(package) not in path
    assert not [p for p in path if p.startswith(str(package))], "neither the wire folder, whose names are not top-level"
    assert echo.ask("'numpy' in sys.modules") is False


def test_it_has_the_name_and_the_manners_of_a_worker(echo: Echo) -> None:
    assert shown(echo) == ("edge: gate", "edge: gate")
    assert echo.ask("signal.getsignal(signal.SIGINT) == signal.SIG_IGN"), "the daemon alone hears Ctrl-C"
    assert echo.ask("os.get_inheritable(channel.fileno())") is False


def shown(echo: Echo) -> Tuple[str, str]:
    """Its name and its command line, as ``ps`` reads them."""
    assert echo.ask("1") == 1  # it has begun
    process = Path(f"/proc/{echo.process.pid}")
    line = (process / "cmdline").read_bytes()
    # One argument, and the 0 that ends it: an empty one more would be shown by some.
    assert line.count(b"\0") <= 1 and line.find(b"\0") in (-1, len(line) - 1)
    return (process / "comm").read_text()[:-1], line.rstrip(b"\0").decode()


@pytest.mark.parametrize("title", ["edge: capture north-gate", "edge: capture höflein", "x"])
def test_it_can_be_named_anew(echo: Echo, title: str) -> None:
    echo.ask(f"__import__('edge.wire.process').wire.process.set_name({title!r})")
    name, line = shown(echo)
    assert line == title
    assert title.startswith(name) and len(name.encode()) in (len(title.encode()), 14, 15)
    assert echo.ask("[sys.argv[1], os.environ['PATH'] != '']") == ["gate", True]


def test_a_title_that_is_too_long_is_cut_and_harms_nothing(echo: Echo) -> None:
    echo.ask("__import__('edge.wire.process').wire.process.set_name('é' * 100000)")
    _, line = shown(echo)
    assert 10 < len(line) < 1000 and set(line) == {"é"}
    assert echo.ask("os.environ == dict(os.environ) and len(os.environ) > 0 and 2 + 2") == 4


def test_it_sees_the_end_of_the_channel(echo: Echo) -> None:
    assert echo.ask("1 + 1") == 2
    echo.channel.close()
    assert echo.process.wait(20) == 7


def test_it_dies_with_a_parent_that_is_killed(python: str, package: Path, wait_until: Callable[..., Any]) -> None:
    # A process between: it starts the worker, says its number and waits to be killed; the channel stays open here.
    between = """
import os, subprocess, sys
python, script, fd = sys.argv[1:]
child = subprocess.Popen([python, script, "edge.echo", "gate", fd, str(os.getpid())], pass_fds=[int(fd)])
print(child.pid, flush=True)
child.wait()
"""
    channel, theirs = Channel.pair()
    channel.set_timeout(20)
    fd = theirs.fileno()
    script = str(package / "edge" / "wire" / "start.py")
    parent = subprocess.Popen(
        [sys.executable, "-c", between, python, script, str(fd)], pass_fds=[fd], stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        channel.send({"ask": "os.getpid()"})
        assert channel.receive().control == {"answer": worker}
        parent.kill()
        theirs.close()
        with pytest.raises(Closed):  # the kernel closed the worker's end, so the worker is gone
            channel.receive()
        wait_until(lambda: not Path(f"/proc/{worker}").exists(), what="the worker gone")
    finally:
        parent.kill()
        parent.wait(20)
        assert parent.stdout is not None
        parent.stdout.close()
        channel.close()


def test_it_does_not_start_for_a_parent_that_is_gone(python: str, package: Path) -> None:
    channel, theirs = Channel.pair()
    fd = theirs.fileno()
    script = str(package / "edge" / "wire" / "start.py")
    orphan = subprocess.Popen([python, script, "edge.echo", "gate", str(fd), "1"], pass_fds=[fd])
    theirs.close()
    try:
        assert orphan.wait(20) == 0
    finally:
        orphan.kill()
        channel.close()


def test_sigterm_ends_it(echo: Echo) -> None:
    echo.ask("0")
    echo.process.terminate()
    assert echo.process.wait(20) == -signal.SIGTERM
