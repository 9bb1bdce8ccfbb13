"""What goes when there is too much, or it is too old; and the clock that says how old."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Optional

import pytest

from edge.config.evidence import SpoolConfig
from edge.events.spool import Bounds, Trouble, rounds
from edge.events.spool.bounds import Losses
from edge.events.spool.clock import AgeClock
from edge.events.spool.database import Database
from scripts.servers import wait_until
from tests.events.spool.spools import Bench, everything, numbers

_DAY = 86400.0


class Time:
    """Monotonic, and told to go on."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.passed


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "JUDGE_EVERY", 0.0)


def _ages(bench: Bench, seconds: float) -> None:
    """Everything in the file is older by so much: the file's own clock goes on."""
    database = Database(bench.file)
    state = database.state()
    with database:
        database.set_state({**state, "clock": state.get("clock", 0) + seconds})
    database.close()


def test_bounds_are_those_of_the_configuration() -> None:
    assert Bounds.of(SpoolConfig(max_events=2000, history=5)) == Bounds(2000, 256_000_000, 7 * _DAY, 5.0)
    assert Bounds.of(SpoolConfig()) == Bounds()


def test_too_many_the_oldest_go_and_are_counted(bench: Bench, often: None) -> None:
    bench.bounds = Bounds(max_events=1000)
    spool = bench.open()
    made = bench.filled(spool, 1300)
    wait_until(lambda: spool.waiting == 1000, timeout=60)
    assert numbers(everything(spool)) == made[300:]
    wait_until(lambda: bench.troubles, timeout=60)
    assert bench.kinds() == ["lost"] and "max_events" in bench.troubles[0].reason
    assert sum(t.count for t in bench.troubles) + spool._rounds.losses._count == 300
    spool.stop(30)
    assert [s.n for s in bench.history().events()] == list(range(301, 1301)), "what is lost is nowhere"
    assert numbers(everything(bench.open())) == made[300:]


def test_delivered_ones_do_not_count_as_waiting(bench: Bench, often: None) -> None:
    bench.bounds = Bounds(max_events=1000)
    spool = bench.open()
    bench.filled(spool, 800)
    spool.delivered(range(1, 701))
    made = bench.filled(spool, 800)
    assert numbers(everything(spool))[100:] == made
    assert bench.troubles == []


def test_a_bound_may_change_while_it_runs(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 300)
    spool.change(Bounds(max_events=100))
    wait_until(lambda: spool.waiting == 100, timeout=60)
    wait_until(lambda: [t.count for t in bench.troubles] == [200], timeout=60)


def test_size_delivered_ones_go_first(bench: Bench, often: None) -> None:
    spool = bench.open()
    for _ in range(8):
        bench.filled(spool, 1000)
    spool.delivered(range(1, 5001))
    wait_until(lambda: not spool._rounds.changed, timeout=60)
    spool.stop(30)
    bench.bounds = Bounds(max_size=bench.file.stat().st_size)
    again = bench.open()
    wait_until(lambda: next(iter(bench.history().events())).n > 1, timeout=60)
    again.change(Bounds(max_size=1_000_000))
    size = bench.file.stat().st_size
    wait_until(lambda: bench.file.stat().st_size <= 1_000_000, timeout=60, what=f"the file to shrink from {size}")
    left = everything(again)
    assert [e.n for e in left] == list(range(left[0].n, 8001))
    assert sum(t.count for t in bench.troubles) + again._rounds.losses._count == left[0].n - 5001


def test_too_old_ones_go(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 300)
    spool.delivered([300])
    spool.stop(30)
    _ages(bench, 3 * _DAY)
    bench.bounds = Bounds(max_age=2 * _DAY)
    again = bench.open()
    wait_until(lambda: again.waiting == 0, timeout=60)
    made = bench.filled(again, 3)
    assert numbers(again.fetch(0, 10)) == made
    wait_until(lambda: bench.troubles, timeout=60)
    assert [t.kind for t in bench.troubles] == ["lost"] and "max_age" in bench.troubles[0].reason
    assert bench.troubles[0].count == 299


def test_history_is_kept_for_its_time(bench: Bench) -> None:
    spool = bench.open()
    bench.filled(spool, 300)
    spool.delivered(range(1, 301))
    spool.stop(30)
    _ages(bench, _DAY / 2)
    spool = bench.open()
    bench.filled(spool, 300)
    spool.stop(30)
    assert len(list(bench.history().events())) == 600
    _ages(bench, _DAY / 2 + 60)
    bench.open()
    wait_until(lambda: [s.n for s in bench.history().events()] == list(range(301, 601)), timeout=60)
    assert bench.troubles == []


def test_no_history_is_kept_where_none_is_wanted(bench: Bench) -> None:
    clock = bench.clock = Time()
    bench.bounds = Bounds(history=0)
    spool = bench.open()
    bench.filled(spool, 600)
    spool.delivered(range(1, 601))

    def empty() -> bool:
        clock.passed += 20
        bench.filled(spool, 1)
        spool.delivered([spool.last])
        return next(iter(bench.history().events())).n > 500

    wait_until(empty, timeout=60)


def test_losses_are_told_once_a_minute() -> None:
    now, told = [100.0], []  # type: ignore[var-annotated]
    losses = Losses(told.append, lambda: now[0])
    assert losses.due == float("inf")
    losses.add(0, "nothing")
    losses.tell()
    assert told == []
    losses.add(2, "a")
    assert losses.due == 0
    losses.tell()
    losses.add(3, "b")
    losses.add(4, "c")
    losses.tell()
    assert told == [Trouble("lost", 2, "a")] and losses.due == 60
    now[0] += 60
    losses.tell()
    losses.tell()
    assert told == [Trouble("lost", 2, "a"), Trouble("lost", 7, "c")]


class Machine:
    """With an uptime, a time of day, and a boot."""

    def __init__(self, wall: float, uptime: float = 0.0, boot: str = "a") -> None:
        self.wall, self.uptime, self.boot = wall, uptime, boot

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.uptime += seconds

    def clock(self, kept: Optional[Dict[str, Any]] = None) -> AgeClock:
        return AgeClock(kept or {}, lambda: self.uptime, lambda: self.wall, lambda: self.boot)


_NOW = 1.78e9


def _restarted(kept: Dict[str, Any], change: Callable[[Machine], None]) -> float:
    machine = Machine(_NOW + 100, 100.0)
    change(machine)
    return machine.clock(kept)()


def test_the_clock_goes_by_uptime_while_it_runs() -> None:
    machine = Machine(0.0)
    clock = machine.clock()
    machine.passes(50)
    assert clock() == 50 and not clock.stepped
    machine.wall += _NOW  # the network tells the time
    assert clock() == 50 and clock.stepped
    clock.keep()
    assert not clock.stepped


def test_over_a_restart() -> None:
    machine = Machine(_NOW)
    clock = machine.clock()
    machine.passes(100)
    kept = clock.keep()
    assert kept["clock"] == 100

    def same_boot(m: Machine) -> None:
        m.passes(30)

    def same_boot_and_set_back(m: Machine) -> None:
        m.passes(30)
        m.wall = 0

    def rebooted(m: Machine) -> None:
        m.wall, m.uptime, m.boot = m.wall + 500, 10, "b"

    def rebooted_without_the_time(m: Machine) -> None:
        m.wall, m.uptime, m.boot = 20, 10, "b"

    def rebooted_in_another_century(m: Machine) -> None:
        m.wall, m.uptime, m.boot = m.wall * 3, 10, "b"

    answers: List[float] = [
        _restarted(kept, change)
        for change in (
            same_boot, same_boot_and_set_back, rebooted, rebooted_without_the_time, rebooted_in_another_century,
        )
    ]  # fmt: skip
    assert answers == pytest.approx([130, 130, 600, 100, 100])


def test_a_clock_that_started_in_1970_does_not_make_events_old(bench: Bench) -> None:
    """Put without the time, restarted with it."""
    bench.bounds = Bounds(max_age=60)
    spool = bench.open()
    made = bench.filled(spool, 30, time="1970-01-01T00:01:00.000Z")
    spool.stop(30)
    again = bench.open()
    made += bench.filled(again, 1)
    assert numbers(everything(again)) == made
