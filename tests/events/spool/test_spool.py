"""The spool as the daemon uses it."""

from __future__ import annotations

import stat
import threading
import time
from typing import List

import pytest

from edge.errors import EdgeError
from edge.events.spool import Entry
from scripts.servers import wait_until
from tests.events.spool.spools import Bench, everything, number, numbers, payload


def test_what_is_put_is_fetched_in_order(bench: Bench) -> None:
    spool = bench.open()
    spool.put("event", "gate", "zone.enter", payload(1))
    spool.put("picture", "yard", "", b'{"event":"x","file":"a.jpg"}')
    spool.put("event", "", "device.start", b'{"type":"device.start"}')
    wait_until(lambda: spool.committed == 3)
    assert spool.fetch(0, 10) == [
        Entry(1, "event", "gate", "zone.enter", payload(1)),
        Entry(2, "picture", "yard", "", b'{"event":"x","file":"a.jpg"}'),
        Entry(3, "event", "", "device.start", b'{"type":"device.start"}'),
    ]
    assert spool.fetch(2, 10)[0].n == 3
    assert spool.fetch(0, 1)[0].n == 1
    assert spool.fetch(3, 10) == []
    assert (spool.waiting, spool.state, spool.reason) == (3, "ok", "")


def test_the_same_after_a_restart_and_marked_as_old(bench: Bench) -> None:
    spool = bench.open()
    made = bench.filled(spool, 700)
    spool.delivered(range(1, 101))
    spool.stop(30)
    again = bench.open()
    assert (again.last, again.waiting) == (700, 600)
    found = everything(again)
    assert numbers(found) == made[100:]
    assert all(e.old for e in found)
    bench.filled(again, 1)
    assert [e.old for e in again.fetch(700, 10)] == [False]


def test_numbers_are_never_used_twice(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 300)
    spool.delivered(range(1, 301))
    spool.stop(30)
    bench.history().purge()
    again = bench.open()
    assert again.fetch(0, 10) == []
    bench.filled(again, 1)
    assert [e.n for e in again.fetch(0, 10)] == [301]


def test_delivered_out_of_order(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 10)
    spool.delivered([9, 3, 1, 2])
    assert [e.n for e in spool.fetch(0, 20)] == [4, 5, 6, 7, 8, 10]
    spool.stop(30)
    again = bench.open()
    assert [e.n for e in again.fetch(0, 20)] == [4, 5, 6, 7, 8, 10]


def test_a_discarded_entry_is_lost_but_looked_up(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 3)
    spool.discard(2, "too large for the broker")
    wait_until(lambda: bench.troubles)
    assert bench.troubles == [("lost", 1, "too large for the broker")]
    assert [e.n for e in spool.fetch(0, 9)] == [1, 3]
    spool.stop(30)
    assert [(s.n, s.delivered, s.discarded) for s in bench.history().events()] == [
        (1, False, ""), (2, False, "too large for the broker"), (3, False, ""),
    ]  # fmt: skip


def test_entries_put_before_the_start_come_first(bench: Bench) -> None:
    bench.file.parent.mkdir()
    from edge.events.spool import Spool

    spool = Spool(bench.file, bench.intake, bench.bounds, bench.troubles.append)
    bench.spools.append(spool)
    bench.put(spool, 2)
    assert spool.waiting == 2
    spool.start()
    bench.put(spool, 1)
    wait_until(lambda: spool.committed == 3)
    assert numbers(spool.fetch(0, 9)) == [1, 2, 3]


def test_stop_commits_what_is_put(bench: Bench) -> None:
    spool = bench.open()
    bench.put(spool, 7)
    spool.stop(30)
    for path in bench.intake.iterdir():
        assert path.stat().st_size == 0
    assert len(list(bench.history().events())) == 7


def test_who_sends_is_told_at_once_and_once_for_a_picture(bench: Bench) -> None:
    spool = bench.open()
    seen: List[int] = []
    spool.on_ready = lambda: seen.append(len(spool.fetch(0, 100)))
    bench.put(spool, 1)
    assert seen == [1]
    with spool.together():
        bench.put(spool, 2)
        with spool.together():
            bench.put(spool, 1)
        assert seen == [1]
    with spool.together():
        pass
    assert seen == [1, 4]


def test_two_processes_cannot_have_one_file(bench: Bench) -> None:
    bench.open()
    with pytest.raises(EdgeError, match="in use by another process"):
        bench.open()


def test_files_are_for_nobody_else(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 1)
    for folder in (bench.file.parent, bench.intake):
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(bench.intake.stat().st_mode) == 0o700


def test_many_threads_put_and_one_sends(bench: Bench) -> None:
    spool = bench.open()
    threads = [
        threading.Thread(
            target=lambda k=k: [spool.put("event", f"c{k}", "t", payload(k * 1000 + i)) for i in range(500)]
        )
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    got: List[Entry] = []
    while len(got) < 2000:
        page = spool.fetch(got[-1].n if got else 0, 37)
        spool.delivered(e.n for e in page)
        got += page
        time.sleep(0)
    for thread in threads:
        thread.join()
    assert [e.n for e in got] == list(range(1, 2001))
    for k in range(4):  # in the order of each thread
        assert [number(e.payload) for e in got if e.camera == f"c{k}"] == [k * 1000 + i for i in range(500)]
    wait_until(lambda: spool.waiting == 0)


def test_nothing_is_committed_in_the_middle_of_a_picture(bench: Bench) -> None:
    """Unless the picture takes longer than a commit may wait: the clock stands still here."""
    bench.clock = lambda: 1000.0
    spool = bench.open()
    commits: List[int] = []
    spool.on_commit = lambda: commits.append(spool.committed)
    with spool.together():
        bench.put(spool, 25)
    wait_until(lambda: commits)
    assert commits == [25]


def test_a_picture_without_events_wakes_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = bench.open()
    woken: List[int] = []
    monkeypatch.setattr(spool._lock, "notify", lambda: woken.append(1))
    for _ in range(3):
        with spool.together():
            pass
    assert woken == []


def test_it_says_whether_it_lives(bench: Bench) -> None:
    spool = bench.open()
    assert spool.alive(time.monotonic())
    assert not spool.alive(time.monotonic() + 3600)
    spool.stop(30)
    assert spool.alive(time.monotonic() + 3600)


def test_a_long_backlog_is_paged_and_not_kept(bench: Bench) -> None:
    spool = bench.open()
    made = bench.filled(spool, 6000)
    assert numbers(everything(spool, 64)) == made
    assert len(spool._recent) <= 1000
    spool.delivered(range(1, 3001))
    spool.delivered(range(4001, 6001))
    assert numbers(everything(spool, 1000)) == made[3000:4000]
