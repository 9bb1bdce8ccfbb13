"""Looking into the file from outside, and taking events out of it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from typing import List

import pytest

from edge.errors import EdgeError
from edge.events.spool.database import Database
from edge.events.spool.reader import History, event_time
from scripts.servers import wait_until
from tests.events.spool.spools import Bench, everything, numbers, payload

_AT = 1_777_897_800.25  # of payload()'s time


def _ns(found) -> List[int]:  # type: ignore[no-untyped-def]
    return [s.n for s in found]


def _timed(bench: Bench) -> None:
    """Numbers 1 to 600, of which 101 to 200 are of one hour, 201 to 300 of the next and so on; 1 to 250 delivered."""
    spool = bench.open()
    for hour in range(6):
        bench.filled(spool, 100, time=f"2026-05-04T{hour:02d}:30:00.250Z")
    spool.delivered(range(1, 251))
    spool.stop(30)


def test_nothing_where_there_is_no_file(bench: Bench) -> None:
    assert list(bench.history().events()) == []
    assert bench.history().find("018f") is None
    assert bench.history().purge() == 0
    assert not bench.file.exists()


def test_all_of_it_in_both_directions(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 700)
    for _ in range(5):  # some in slots
        bench.filled(spool, 1)
    for history in (bench.history(), History(bench.file)):
        assert _ns(history.events()) == list(range(1, 706))
        assert _ns(history.events(newest_first=True)) == list(range(705, 0, -1))
        assert _ns(history.events(newest_first=True, limit=3)) == [705, 704, 703]
        assert _ns(history.events(limit=0)) == []
        spool.stop(30)
    first = next(iter(bench.history().events()))
    assert first.payload["seq"] == 1 and (first.delivered, first.discarded) == (False, "")


def test_by_camera_type_and_time(bench: Bench) -> None:
    _timed(bench)
    history = bench.history()
    assert _ns(history.events(camera="gate")) == list(range(2, 601, 2))
    assert _ns(history.events(camera="nobody")) == []
    assert len(_ns(history.events(types=["zone.*"]))) == 600
    assert _ns(history.events(types=["zone", "object.*", "ZONE.*"])) == []
    start = event_time({"time": "2026-05-04T02:30:00.250Z"})
    assert _ns(history.events(since=start, until=start)) == list(range(201, 301))
    assert _ns(history.events(since=start + 0.001, newest_first=True)) == list(range(600, 300, -1))
    assert _ns(history.events(until=start - 0.001)) == list(range(1, 201))
    assert _ns(history.events(waiting_only=True)) == list(range(251, 601))
    assert sum(s.delivered for s in history.events()) == 250


def test_pictures_are_no_events(bench: Bench) -> None:
    spool = bench.open()
    spool.put("picture", "gate", "", b'{"event":"018f435f-c3c0-7000-8000-000000000001","time":"2026-05-04T12:30:00Z"}')
    spool.put("event", "gate", "zone.enter", payload(1))
    spool.stop(30)
    assert _ns(bench.history().events()) == [2]


def test_find(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 400)
    history = bench.history()
    found = history.find("018f435f-c3c0-7000-8000-00000000000a")
    assert found is not None and found.n == 10
    assert history.find("018f435f-c3c0-7000-8000-00000000018f").n == 399  # type: ignore[union-attr]
    assert history.find("gate") is None and history.find("018f435f-c3c0-7000-8000-ffff") is None
    with pytest.raises(EdgeError, match="several events"):
        history.find("018f435f")


def test_event_times() -> None:
    assert event_time({"time": "2026-05-04T12:30:00.250Z"}) == _AT
    assert event_time({"time": "2026-05-04T12:30:00Z"}) == int(_AT)
    for told in ({}, {"time": None}, {"time": "yesterday"}, {"time": 5}):
        assert event_time(told) == 0.0


def test_it_can_be_read_while_it_is_written(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 1000)
    seen: List[int] = []
    reading = bench.history().events()
    for stored in reading:
        seen.append(stored.n)
        if stored.n % 300 == 0:
            bench.filled(spool, 30)
    assert seen == list(range(1, len(seen) + 1)) and len(seen) >= 1090


def test_a_long_export_does_not_keep_the_wal_from_being_cleared(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 1000)
    reading = bench.history().events()
    next(reading)
    bench.filled(spool, 300)
    link = sqlite3.connect(str(bench.file))
    busy, in_wal, cleared = link.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    link.close()
    assert (busy, cleared) == (0, in_wal)
    assert len(list(reading)) == 1299


def test_words_for_a_file_that_cannot_be_read(bench: Bench) -> None:
    bench.file.parent.mkdir(parents=True)
    bench.file.write_bytes(b"no database at all" * 100)
    for look in (lambda h: list(h.events()), lambda h: h.find("018f"), lambda h: h.purge()):
        with pytest.raises(EdgeError, match=r"events\.db cannot be opened"):
            look(bench.history())


def test_purge_takes_what_is_delivered(bench: Bench) -> None:
    _timed(bench)
    assert bench.history().purge() == 250
    assert _ns(bench.history().events()) == list(range(251, 601))
    assert bench.history().purge() == 0
    spool = bench.open()
    assert [e.n for e in everything(spool)] == list(range(251, 601))
    bench.filled(spool, 1)
    assert spool.last == 601


def test_purge_of_what_is_older_than_a_time(bench: Bench) -> None:
    _timed(bench)
    before = event_time({"time": "2026-05-04T01:30:00.250Z"})
    assert bench.history().purge(before=before) == 100
    assert bench.history().purge(before=event_time({"time": "2026-05-04T04:00:00Z"}), waiting=True) == 300
    assert _ns(bench.history().events()) == list(range(401, 601))
    spool = bench.open()
    assert [e.n for e in everything(spool)] == list(range(401, 601)) and spool.waiting == 200


def test_purge_of_all_leaves_nothing_in_the_file(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 500)
    spool.stop(30)
    assert bench.history().purge(waiting=True) == 500
    assert list(bench.history().events()) == []
    copy = bench.file.with_name("copy")
    shutil.copy(bench.file, copy)
    database = Database(copy, read_only=True)
    assert database.link.execute("SELECT count(*) FROM blocks WHERE length(body) > 0").fetchone() == (0,)
    assert database.newest_dictionary() == 1, "the others are made of events"
    assert database.tail(0) == ([], 0)
    database.close()


@pytest.mark.parametrize("count", [5, 900])
def test_purge_while_the_spool_runs(bench: Bench, count: int) -> None:
    spool = bench.open()
    for _ in range(3):
        bench.filled(spool, count // 3 or 1)
    last = spool.last
    spool.delivered([1, 2])
    assert bench.history().purge(waiting=True) == last
    made = bench.filled(spool, 3)
    wait_until(lambda: spool.waiting == 3, timeout=60)
    assert numbers(everything(spool)) == made
    assert _ns(bench.history().events()) == [last + 1, last + 2, last + 3]
    made += bench.filled(spool, 700)
    assert numbers(everything(spool)) == made
    spool.stop(30)
    assert numbers(everything(bench.open())) == made
    assert bench.troubles == []


def test_purge_and_the_spool_at_the_same_time(bench: Bench) -> None:
    spool = bench.open()
    stop = threading.Event()
    purged: List[int] = []

    def purge() -> None:
        while not stop.is_set():
            purged.append(bench.history().purge())

    thread = threading.Thread(target=purge)
    thread.start()
    got: List[int] = []
    after = 0
    try:
        bench.put(spool, 1500)
        while len(got) < 1500:
            page = spool.fetch(after, 50)
            got += numbers(page)
            spool.delivered(e.n for e in page)
            after = page[-1].n if page else after
    finally:
        stop.set()
        thread.join()
    assert got == list(range(1, 1501))
    assert bench.troubles == []
    spool.stop(30)
    purged.append(bench.history().purge())
    assert sum(purged) == 1500
    assert list(bench.history().events()) == []
