"""What somebody else has put into the folder is neither followed nor read nor written nor removed."""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path
from typing import Callable, List

import pytest

from edge.events.evidence.places import StoreError
from edge.events.evidence.store import Store
from tests.events.evidence.files import all_files, name, place, put, started, write

SECRET = b"nobody is to see this"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of somebody else's, which looks like evidence."""
    folder = tmp_path / "outside"
    put(folder, "2026-05-04/kept.txt").write_bytes(SECRET)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    folder.mkdir()
    return folder


def untouched(outside: Path) -> None:
    assert all_files(outside) == ["2026-05-04/kept.txt"]
    assert (outside / "2026-05-04" / "kept.txt").read_bytes() == SECRET


def plant_camera(folder: Path, outside: Path) -> None:
    (folder / "gate").symlink_to(outside)


def plant_day(folder: Path, outside: Path) -> None:
    (folder / "gate").mkdir()
    (folder / "gate" / "2026-05-04").symlink_to(outside / "2026-05-04")


def plant_file_as_camera(folder: Path, outside: Path) -> None:
    (folder / "gate").write_text("x")


@pytest.mark.parametrize("plant", [plant_camera, plant_day, plant_file_as_camera])
def test_a_link_in_the_place_of_a_folder(
    plant: Callable[[Path, Path], None], folder: Path, outside: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plant(folder, outside)
    caplog.set_level(logging.INFO, logger="edge")
    store = started(folder, age=60)
    for _ in range(5):
        with pytest.raises(StoreError, match=r"symlink|no folder"):
            store.create(place())
        assert store.read("gate/2026-05-04/" + name()) is None
        store.change(0, 60)
        store.tidy()
    untouched(outside)
    said = [record for record in caplog.records if "left alone" in record.getMessage()]
    assert 1 <= len(said) <= 3, "each is said once"
    assert store.state == "ok", "other cameras' pictures are kept"
    write(store := started(folder), place("yard"))


def test_the_folder_itself_as_a_link(folder: Path, outside: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(outside)
    store = Store(link, 1 << 30, 60)
    with pytest.raises(StoreError, match="symlink"):
        store.create(place())
    store.start()
    store.tidy()
    assert store.state == "failed" and "symlink" in store.reason
    untouched(outside)


def fifo(path: Path, secret: Path) -> None:
    os.mkfifo(path)


def link(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def dangling(path: Path, secret: Path) -> None:
    path.symlink_to(secret.with_name("not there"))


def hard_link(path: Path, secret: Path) -> None:
    os.link(secret, path)


def a_socket(path: Path, secret: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path may not be long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def directory(path: Path, secret: Path) -> None:
    path.mkdir()


def device(path: Path, secret: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only root makes devices")


@pytest.mark.parametrize("plant", [fifo, link, dangling, hard_link, a_socket, directory, device])
def test_something_else_in_the_place_of_a_file(
    plant: Callable[[Path, Path], None], folder: Path, outside: Path
) -> None:
    relative = place()
    (folder / relative).parent.mkdir(parents=True)
    plant(folder / relative, outside / "2026-05-04" / "kept.txt")
    store = started(folder, age=1)
    assert store.read(relative) is None and not store.has(relative)
    store.change(0, 1)
    store.tidy()
    untouched(outside)
    if plant is directory:
        with pytest.raises(StoreError, match="a folder lies at"):
            store.change(1 << 30, 1e6)
            write(store, relative)
        assert [p for p in all_files(folder) if "part" in p] == []
    else:
        store.change(1 << 30, 1e6)
        write(store, relative, b"ours")  # takes its name, and writes nothing through it
        assert store.read(relative) == b"ours"
    untouched(outside)


def test_what_is_not_ours_is_not_removed(folder: Path) -> None:
    strange = [
        "README", "gate/notes.txt", "gate/2026-05-04/picture.jpg", f"gate/2026-05-04/{name()}.bak", "gate/May/x.jpg",
        ".hidden/2026-05-04/" + name(), "gate/2026-05-04/sub/" + name(),
    ]  # fmt: skip
    for relative in strange:
        put(folder, relative)
    put(folder, place(), written=1.0)
    store = started(folder, age=1)
    store.change(0, 1)
    store.tidy()
    assert all_files(folder) == sorted(strange)


def test_drafts_are_not_written_through_a_planted_name(folder: Path, outside: Path) -> None:
    store = started(folder)
    draft = store.create(place())
    part = next((folder / "gate" / "2026-05-04").glob(".*.part"))
    part.unlink()
    part.symlink_to(outside / "2026-05-04" / "kept.txt")  # in the draft's place, while it is written
    os.write(draft.fd, b"ours")
    with pytest.raises(StoreError, match="exchanged"):
        store.commit(draft)
    assert store.read(str(draft.place)) is None
    untouched(outside)


def test_a_link_that_comes_and_goes_while_it_runs_is_never_followed(folder: Path, outside: Path) -> None:
    """The place of a day's folder is a link at one moment and a folder at the next, all the time."""
    (folder / "gate").mkdir()
    day, real, fake = folder / "gate" / "2026-05-04", folder / "gate" / "real", folder / "gate" / "fake"
    real.mkdir()
    fake.symlink_to(outside / "2026-05-04")
    bait = put(outside, place(camera="2026-05-04", day="..", file="bait"))
    bait.unlink()
    known = name()
    (outside / "2026-05-04" / known).write_bytes(SECRET)  # where the link would lead
    stop, swapped = threading.Event(), [0]

    def swap() -> None:
        while not stop.is_set():
            for mine in (real, fake):
                try:
                    os.rename(mine, day)
                    os.rename(day, mine)
                except OSError:
                    pass
                swapped[0] += 1

    store = started(folder)
    reads: List[object] = []
    refused = written = 0
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(1500):
            reads.append(store.read(f"gate/2026-05-04/{known}"))
            try:
                write(store, place(), b"ours")
                written += 1
            except StoreError:
                refused += 1
            store.change(50, 1e6)
            store.tidy()
    finally:
        stop.set()
        thread.join()
    assert set(reads) == {None}
    assert sorted(all_files(outside)) == sorted(["2026-05-04/kept.txt", f"2026-05-04/{known}"])
    assert (outside / "2026-05-04" / known).read_bytes() == SECRET
    print(f"{swapped[0]} exchanges, {written} written, {refused} refused")
    assert swapped[0] > 100 and written + refused == 1500
