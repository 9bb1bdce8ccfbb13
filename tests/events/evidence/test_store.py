"""What is written is there whole or not at all, and is found again."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from edge.events.evidence.places import StoreError
from edge.events.evidence.store import Store
from tests.events.evidence.files import all_files, name, place, put, started, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "evidence" / "gate-7"


def test_it_is_there_whole_once_it_is_committed(folder: Path) -> None:
    store = Store(folder, 1 << 30, 1e6)
    relative = place()
    draft = store.create(relative)
    os.write(draft.fd, b"half")
    assert store.read(relative) is None and not store.has(relative)
    assert not (folder / relative).exists()
    os.write(draft.fd, b" and half")
    assert store.commit(draft) == 13
    assert store.read(relative) == b"half and half" and store.has(relative)
    assert all_files(folder) == [relative]


def test_only_the_daemon_and_its_group_may_look(folder: Path) -> None:
    before = os.umask(0o777 & ~0o700)
    try:
        write(Store(folder, 1 << 30, 1e6), place())
    finally:
        os.umask(before)
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o750 if path.is_dir() else 0o640), path


def test_what_was_dropped_or_is_empty_leaves_nothing(folder: Path) -> None:
    store = Store(folder, 1 << 30, 1e6)
    open_before = len(os.listdir("/proc/self/fd"))
    store.create(place()).drop()
    with pytest.raises(StoreError, match="nothing was written"):
        store.commit(store.create(place()))
    assert all_files(folder) == []
    assert len(os.listdir("/proc/self/fd")) == open_before, "nothing stays open"


def test_the_same_picture_under_another_name(folder: Path) -> None:
    store = Store(folder, 1 << 30, 1e6)
    one, other = place(), place()
    write(store, one, b"x" * 300_000)
    assert store.copy(one, other) == 300_000
    assert store.read(other) == store.read(one)
    with pytest.raises(StoreError, match="gone"):
        store.copy(place(), place())


def test_one_larger_than_everything_may_be_is_not_kept(folder: Path) -> None:
    store = started(folder, size=1000)
    small, large = place(), place()
    write(store, small)
    with pytest.raises(StoreError, match="max_size"):
        write(store, large, b"x" * 1001)
    assert all_files(folder) == [small]


def test_what_a_daemon_that_died_was_writing_is_removed_at_the_start(folder: Path) -> None:
    file = name()
    remains = put(folder, place(file=f".{file}.{'0a' * 8}.part"))
    kept = put(folder, place(file=file))
    other = put(folder, place(file=".hidden"))
    writing = Store(folder, 1 << 30, 1e6).create(place())  # a process that lives: it has it open
    os.write(writing.fd, b"still")
    started(folder)
    assert not remains.exists() and kept.exists() and other.exists()
    Store(folder, 1 << 30, 1e6).commit(writing)
    assert len(all_files(folder)) == 3


def test_what_is_written_while_the_folder_is_looked_through_is_counted_once(folder: Path) -> None:
    for _ in range(300):
        put(folder, place(camera="yard"), 10)
    store = Store(folder, 1 << 30, 1e6)
    store.start()
    for _ in range(50):
        write(store, place(), b"x" * 20)
    started_threads = [t for t in threading.enumerate() if t.name == "edge-evidence-walk"]
    for thread in started_threads:
        thread.join()
    store.tidy()
    status = store.status()
    assert (status["files"], status["bytes"]) == (350, 300 * 10 + 50 * 20)


def test_the_status(folder: Path) -> None:
    put(folder, place(day="2026-05-03"), 10)
    store = started(folder)
    assert store.status() == {
        "folder": str(folder), "files": 1, "bytes": 10, "oldest": "2026-05-03", "state": "ok", "reason": "",
    }  # fmt: skip


def test_another_folder_in_its_place_is_counted_anew(folder: Path) -> None:
    store = started(folder)
    write(store, place(), b"x" * 100)
    folder.rename(folder.with_name("old"))  # as when another disk is mounted there
    put(folder, place(), 7)
    write(store, place(), b"x" * 5)
    for thread in [t for t in threading.enumerate() if t.name == "edge-evidence-walk"]:
        thread.join()
    store.tidy()
    assert (store.status()["files"], store.status()["bytes"]) == (2, 12)


def test_a_folder_that_is_removed_while_it_runs_is_made_again(folder: Path) -> None:
    store = started(folder)
    write(store, place())
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    relative = place()
    write(store, relative, b"again")
    assert store.read(relative) == b"again"
