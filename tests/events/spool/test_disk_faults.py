"""A disk that is full, read-only, slow, or broken."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edge.events.spool import pending, rounds
from edge.events.spool.database import Database
from scripts.servers import ROOT, wait_until
from tests.events.spool.spools import Bench, everything, numbers

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "RETRY", (0.02,))


@pytest.mark.parametrize("what", ["full", "readonly"])
def test_a_real_disk(what: str, tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)], check=False).returncode:
        pytest.skip("mounting a file system is not allowed here")
    command = ["unshare", "-m", sys.executable, "-m", "tests.events.spool.small_disk", what, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.stdout.endswith("well\n"), done.stdout + done.stderr


class Stuck:
    """Database's COMMIT, as a disk that takes its time or fails has it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.waiting = threading.Event(), threading.Event()
        self.error = None
        self._leave = Database.__exit__
        stuck = self

        def leave(database: Database, kind: object, *rest: object) -> None:
            stuck.waiting.set()
            stuck.go.wait(60)
            if stuck.error is not None and kind is None:
                database.link.execute("ROLLBACK")
                raise stuck.error
            stuck._leave(database, kind, *rest)

        monkeypatch.setattr(Database, "__exit__", leave)


def test_a_slow_disk_blocks_nobody_and_memory_is_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "ROWS", 500)
    spool = bench.open()
    stuck = Stuck(monkeypatch)
    made = bench.put(spool, 1)
    assert stuck.waiting.wait(60)
    took = []
    for _ in range(2000):
        began = time.thread_time()
        made += bench.put(spool, 1)
        took.append(time.thread_time() - began)
    assert sorted(took)[1000] < 0.01
    assert numbers(spool.fetch(0, 1)) == made[:1], "they are given out all the same"
    assert len(spool._pending) == 500
    stuck.go.set()
    wait_until(lambda: spool.committed == 2001, timeout=60)
    assert numbers(everything(spool)) == [made[0], *made[-500:]]
    wait_until(lambda: bench.troubles, timeout=60)
    assert bench.kinds() == ["lost"]
    assert sum(t.count for t in bench.troubles) + spool._rounds.losses._count == 1500
    assert spool.waiting == 501
    spool.stop(30)
    assert numbers(everything(bench.open())) == [made[0], *made[-500:]]


def test_a_power_cut_takes_no_event_that_nobody_was_told_of(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent before it was on the disk is not missed there, and who gets its number is sent too."""
    spool = bench.open()
    bench.filled(spool, 5)
    spool.delivered(range(1, 6))
    wait_until(lambda: not spool._rounds.changed, timeout=60)
    stuck = Stuck(monkeypatch)
    told = bench.put(spool, 3)
    assert stuck.waiting.wait(60)
    assert numbers(spool.fetch(5, 10)) == told
    spool.delivered([6, 7, 8])
    assert spool.waiting == 0
    after = Bench(tmp_path / "after")
    after.file.parent.mkdir(parents=True)
    for part in ("", "-wal"):
        shutil.copy(f"{bench.file}{part}", f"{after.file}{part}")
    stuck.go.set()
    wait_until(lambda: spool.committed == 8, timeout=60)
    spool.stop(30)
    again = bench.open()
    assert (again.waiting, again.fetch(0, 10)) == (0, []), "without one, what was delivered stays so"
    left = after.open()
    assert (left.committed, left.waiting) == (5, 0)
    made = after.filled(left, 3)
    assert [e.n for e in left.fetch(0, 10)] == [6, 7, 8] and numbers(left.fetch(0, 10)) == made
    after.close()


def test_while_the_disk_fails_events_are_given_out_from_memory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "ROWS", 100)
    spool = bench.open()
    made = bench.filled(spool, 3)
    stuck = Stuck(monkeypatch)
    stuck.error = sqlite3.OperationalError("disk I/O error")
    stuck.go.set()
    made += bench.put(spool, 50)
    wait_until(lambda: spool.state == "memory", timeout=60)
    assert spool.reason == "disk I/O error"
    assert numbers(everything(spool)) == made
    spool.delivered([1, 2, 3, 4, 5])
    made += bench.put(spool, 100)
    assert spool.last == 153 and spool.waiting == 100, "48 had to go, and 5 are delivered"
    assert [e.n for e in everything(spool)] == list(range(54, 154))
    stuck.error = None
    wait_until(lambda: spool.state == "ok", timeout=60)
    wait_until(lambda: "recovered" in bench.kinds(), timeout=60)
    assert sorted(bench.kinds()) == ["lost", "memory", "recovered"]
    assert [t.count for t in bench.troubles if t.kind == "lost"] == [48]
    assert [e.n for e in everything(spool)] == list(range(54, 154))
    spool.stop(30)
    assert [e.n for e in everything(bench.open())] == list(range(54, 154))


def test_a_crash_while_the_disk_fails_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = bench.open()
    stuck = Stuck(monkeypatch)
    stuck.error = sqlite3.OperationalError("disk I/O error")
    stuck.go.set()
    made = bench.put(spool, 80)
    wait_until(lambda: spool.state == "memory", timeout=60)
    spool.stop(30)
    stuck.error = None
    again = bench.open()
    assert numbers(everything(again)) == made
    assert all(e.old for e in everything(again))


def test_a_child_process_does_not_hold_the_file(bench: Bench) -> None:
    spool = bench.open()
    made = bench.filled(spool, 5)
    child = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, close_fds=False)
    try:
        assert not any("events.db" in os.readlink(p) for p in Path(f"/proc/{child.pid}/fd").iterdir())
        spool.stop(30)
        assert numbers(everything(bench.open())) == made
    finally:
        child.kill()
        child.wait()
