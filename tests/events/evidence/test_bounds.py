"""Beyond its size and age the oldest goes, and no clock makes everything go at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from edge.events.evidence.age import HELD_S
from tests.events.evidence.files import DAY, Clock, all_files, place, put, started, write

NOW = 1_777_900_000.0  # 2026-05-04T13:06:40Z


def test_the_oldest_goes_when_there_is_too_much(tmp_path: Path) -> None:
    days = ["2026-05-01", "2026-05-02", "2026-05-03"]
    old = [place("gate" if n % 2 else "yard", days[n // 4]) for n in range(12)]
    for n, relative in enumerate(old):
        put(tmp_path, relative, 100, NOW - 3 * DAY + n)
    store = started(tmp_path, 1200, 100 * DAY, Clock(NOW).age)
    assert all_files(tmp_path) == sorted(old)
    for n in range(1, 13):
        write(store, place(), b"x" * 100)
        left = set(all_files(tmp_path))
        assert left.isdisjoint(old[:n]) and left.issuperset(old[n:]), n
        assert store.status()["bytes"] == 1200
    assert not (tmp_path / "yard").exists(), "nor are empty folders left"
    assert os.listdir(tmp_path / "gate") == ["2026-05-04"]


def test_a_smaller_bound_holds_from_the_next_time_on(tmp_path: Path) -> None:
    files = [place(day=f"2026-04-{n + 1:02}") for n in range(20)]
    for n, relative in enumerate(files):
        put(tmp_path, relative, 100, NOW - 20 * DAY + n)
    store = started(tmp_path, age=100 * DAY, clock=Clock(NOW).age)
    store.change(500, 100 * DAY)
    assert not store.tidy()
    assert all_files(tmp_path) == files[15:]


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    clock = Clock(NOW)
    old, young = place(day="2026-05-01"), place(day="2026-05-04")
    put(tmp_path, old, written=NOW - 3 * DAY)
    put(tmp_path, young, written=NOW - 10)
    (tmp_path / "gate" / "2020-01-01").mkdir()
    store = started(tmp_path, age=4 * DAY, clock=clock.age)
    assert all_files(tmp_path) == [old, young]
    assert not (tmp_path / "gate" / "2020-01-01").exists(), "a day of which nothing is left"
    for _ in range(30):
        clock.pass_by(3600)
        store.tidy()
    assert all_files(tmp_path) == [young]
    assert store.status()["oldest"] == "2026-05-04" and store.status()["files"] == 1


@pytest.mark.parametrize("years", [0.5, 10, 100])
def test_a_clock_that_jumps_ahead_removes_nothing_until_it_has_held(tmp_path: Path, years: float) -> None:
    clock = Clock(NOW)
    files = [put(tmp_path, place(), written=NOW - n) for n in range(10)]
    store = started(tmp_path, age=14 * DAY, clock=clock.age)
    clock.wall += years * 365 * DAY
    for _ in range(50):
        clock.pass_by(60)
        store.tidy()
    assert all(file.exists() for file in files)
    clock.wall -= years * 365 * DAY  # it was wrong
    for _ in range(200):
        clock.pass_by(60)
        store.tidy()
    assert all(file.exists() for file in files)
    clock.wall += years * 365 * DAY  # this time it stays so
    store.tidy()
    clock.pass_by(HELD_S)
    store.tidy()
    assert all_files(tmp_path) == []


def test_a_start_with_a_wrong_clock_removes_nothing_either(tmp_path: Path) -> None:
    files = [put(tmp_path, place(), written=NOW - n) for n in range(10)]
    for wall in (NOW + 20 * 365 * DAY, 0.0):
        clock = Clock(wall)
        store = started(tmp_path, age=14 * DAY, clock=clock.age)
        store.tidy()
        assert all(file.exists() for file in files), wall


def test_by_a_clock_that_is_behind_what_is_new_does_not_go_first(tmp_path: Path) -> None:
    old = [place(day="2026-05-04") for _ in range(10)]
    for n, relative in enumerate(old):
        put(tmp_path, relative, 100, NOW + n)
    store = started(tmp_path, 1000, clock=Clock(3600.0).age)
    new = [place(day="1970-01-01") for _ in range(2)]
    for n, relative in enumerate(new):
        draft = store.create(relative)
        os.write(draft.fd, b"x" * 100)
        os.utime(draft.fd, (NOW + 100 + n, NOW + 100 + n))
        store.commit(draft)
    assert all_files(tmp_path) == sorted(new + old[2:])


def test_ten_thousand_files_go_in_bounded_time_and_in_pieces(tmp_path: Path) -> None:
    for camera in ("gate", "yard"):
        folder = tmp_path / camera / "2026-05-04"
        folder.mkdir(parents=True)
        for n in range(5000):
            (folder / f"{n:08x}-0000-7000-8000-000000000000.jpg").write_bytes(b"x")
    store = started(tmp_path)
    store.change(0, 14 * DAY)
    began, pieces, longest = time.monotonic(), 1, 0.0
    while True:
        piece = time.monotonic()
        more = store.tidy()
        longest = max(longest, time.monotonic() - piece)
        if not more:
            break
        pieces += 1
    assert all_files(tmp_path) == [] and pieces >= 10, "whoever writes is let in between"
    print(f"10,000 files in {time.monotonic() - began:.2f} s, the longest piece {longest:.3f} s")
    assert time.monotonic() - began < 60
    assert os.listdir(tmp_path) == []
