"""A worker process seen from the daemon: what it says, and every way in which it can end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Awaitable, Callable, Dict, Iterator, List, Tuple

import pytest

from edge.daemon import process
from edge.daemon.process import WorkerProcess

BOUND = 100.0


@pytest.fixture
def worker_module(make_worker: Callable[[str, str], Path]) -> Callable[[str], Path]:
    """``worker_module(code)``: makes ``edge.test_worker`` of it; the folder of the package."""
    return lambda code: make_worker("test_worker", code)



class Watched:
    """A worker with all that it said."""

    def __init__(self, python: str = sys.executable) -> None:
        self.messages: List[Any] = []
        self.ends: List[Tuple[int, str]] = []
        self._news = asyncio.Event()
        self.worker = WorkerProcess(python, "edge.test_worker", "test", self._heard, self._ended)

    def _heard(self, message: Any) -> None:
        self.messages.append(message.control)
        self._news.set()

    def _ended(self, status: int, last_words: str) -> None:
        self.ends.append((status, last_words))
        self._news.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not condition():
                self._news.clear()
                await self._news.wait()

        await asyncio.wait_for(wait(), BOUND)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def descriptors() -> Iterator[None]:
    """Nothing stays open."""
    gc.collect()  # what other tests have left to be found
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_hears_and_is_heard(worker_module: Callable[[str], Path]) -> None:
    worker_module("channel.send({'echo': channel.receive().control}); sys.exit(0)")

    async def test() -> None:
        watched = Watched()
        watched.worker.send({"number": 7})
        await watched.until(lambda: watched.ends)
        assert watched.messages == [{"echo": {"number": 7}}]
        assert watched.ends == [(0, "")]
        assert watched.worker.ended
        watched.worker.send({"too": "late"})  # nobody is there, and nobody minds
        watched.worker.kill()

    run(test)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
        ("raise RuntimeError('the last words')", 1),
    ],
)
def test_every_end_is_told_once(
    worker_module: Callable[[str], Path], code: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    worker_module("channel.send({'alive': 1})\nprint('working on it', file=sys.stderr)\n" + code)
    caplog.set_level(logging.DEBUG, logger="edge")

    async def test() -> None:
        watched = Watched()
        await watched.until(lambda: watched.ends)
        assert [end[0] for end in watched.ends] == [status]
        assert watched.messages == [{"alive": 1}], "what it said before its end is heard"
        if status == 1:
            assert watched.ends[0][1] == "RuntimeError: the last words"

    run(test)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    # A crash tells what it said last; a process that was killed by somebody has nothing to explain.
    assert ("working on it" in said) == (status not in (0, -signal.SIGKILL))


def test_many_messages_at_once_are_all_heard_in_order(worker_module: Callable[[str], Path]) -> None:
    worker_module("for n in range(500): channel.send({'n': n, 'fill': 'x' * 500})")

    async def test() -> None:
        watched = Watched()
        await watched.until(lambda: watched.ends)
        assert [m["n"] for m in watched.messages] == list(range(500))

    run(test)


def test_a_worker_that_is_stuck_holds_up_nobody_and_can_be_killed(worker_module: Callable[[str], Path]) -> None:
    worker_module("signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\nchannel.send({})\ntime.sleep(1000)")

    async def test() -> None:
        watched = Watched()
        await watched.until(lambda: watched.messages)
        began = time.monotonic()
        for _ in range(5000):
            watched.worker.send({"op": "nobody reads this", "fill": "x" * 1000})
        assert time.monotonic() - began < 20
        watched.worker.kill()
        await watched.until(lambda: watched.ends)
        assert watched.ends[0][0] == -signal.SIGKILL

    run(test)


def test_a_worker_that_hangs_at_its_end_is_helped(
    worker_module: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_LINGER_S", 0.2)
    worker_module("channel.close()\ntime.sleep(1000)")

    async def test() -> None:
        watched = Watched()
        await watched.until(lambda: watched.ends)
        assert watched.ends[0][0] == -signal.SIGKILL

    run(test)


def test_it_runs_in_a_session_of_its_own_with_one_thread_a_library(worker_module: Callable[[str], Path]) -> None:
    worker_module("channel.send({'session': os.getsid(0), 'pid': os.getpid(), 'omp': os.environ['OMP_NUM_THREADS']})")

    async def test() -> None:
        watched = Watched()
        await watched.until(lambda: watched.ends)
        (said,) = watched.messages
        assert said["session"] == said["pid"] != os.getsid(0), "Ctrl-C at the terminal does not reach it"
        assert said["omp"] == "1"

    run(test)


def test_an_interpreter_that_is_not_there() -> None:
    async def test() -> None:
        with pytest.raises(OSError):
            Watched(python="/nowhere/python3")

    run(test)


def test_what_it_says_is_logged_and_a_flood_is_cut(
    worker_module: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    worker_module("print('x' * 5000, file=sys.stderr)\nprint('é' * 3, file=sys.stderr)\nchannel.send({})")
    caplog.set_level(logging.DEBUG, logger="edge")

    async def test() -> None:
        watched = Watched()
        await watched.until(lambda: watched.ends)

    run(test)
    said: Dict[str, Any] = {r.getMessage(): r for r in caplog.records}
    assert "x" * 1000 in said and "é" * 3 in said
    assert said["é" * 3].fields["worker"] == "test"
