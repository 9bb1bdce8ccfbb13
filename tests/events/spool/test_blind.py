"""A start, or a while, in which the disk gives nothing of what is on it."""

from __future__ import annotations

import sqlite3
from typing import List

import pytest

from edge.events.mqtt.lanes import Lanes
from edge.events.spool import Entry, Spool, keeper, rounds
from edge.events.spool.database import Database
from scripts.servers import wait_until
from tests.events.spool.spools import Bench, everything, number, numbers


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "RETRY", (0.02,))


def fails(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def killed(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread ends without another commit."""
    with monkeypatch.context() as patch:
        patch.setattr(spool._rounds, "work", lambda *_: False)
        spool.stop(60)


def test_what_is_on_a_disk_that_cannot_be_read_at_the_start_is_there_afterwards(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = bench.open()
    made = bench.filled(spool, 50)
    with monkeypatch.context() as patch:
        patch.setattr(keeper.Keeper, "commit", fails)
        made += bench.put(spool, 10)
        wait_until(lambda: spool.state == "memory", timeout=60)
        killed(spool, monkeypatch)
    bench.troubles.clear()
    with monkeypatch.context() as patch:
        patch.setattr(keeper, "Database", fails)
        spool = bench.open()
        assert spool.state == "memory" and spool.waiting == 10, "those of the intake"
        assert set(made[50:]) <= set(numbers(everything(spool)))
    wait_until(lambda: spool.state == "ok", timeout=60)
    made += bench.put(spool, 1)
    wait_until(lambda: spool.waiting == 61, timeout=60)
    wait_until(lambda: sorted(numbers(everything(spool))) == made, timeout=60)
    assert "lost" not in bench.kinds()


def test_a_first_start_on_a_full_disk_gives_out_what_comes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Database, "_create", fails)
        spool = bench.open()
        made = bench.put(spool, 2)
        assert spool.waiting == 2
        assert numbers(spool.fetch(0, 10)) == made
    wait_until(lambda: spool.state == "ok", timeout=60)
    wait_until(lambda: numbers(everything(spool)) == made, timeout=60)


def test_a_long_failure_leaves_little_to_be_done(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = bench.open()
    with monkeypatch.context() as patch:
        patch.setattr(keeper.Keeper, "commit", fails)
        bench.put(spool, 1)
        wait_until(lambda: spool.state == "memory", timeout=60)
        bench.put(spool, 15_000)
        assert len(spool._rounds._gone) == 1, "one range, not one for each"
    wait_until(lambda: spool.state == "ok", timeout=60)
    assert spool.waiting == len(everything(spool)) <= 10_001


def test_what_could_not_be_read_for_a_while_is_sent_on_the_same_connection(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = bench.open()
    made = bench.filled(spool, 300)
    spool.stop(60)
    spool = bench.open()
    made += bench.filled(spool, 5)
    lanes = Lanes(spool, 300, 0.0)
    sent: List[Entry] = []

    def send(most: int) -> None:
        for _ in range(most):
            found = lanes.next(0.0)
            if found is None:
                return
            sent.append(found[0])

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "_page", lambda *_: None)
        send(100)
    while len(sent) < len(made):
        before = len(sent)
        send(1000)
        assert len(sent) > before, "nothing is skipped"
    assert [number(entry.payload) for entry in sent] == made
