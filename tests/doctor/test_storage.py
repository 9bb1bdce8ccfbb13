"""The state folder and the room in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.doctor.account import Account
from edge.doctor.checks import storage
from edge.doctor.checks.storage import Room, judge, size
from tests.doctor.machines import Tree, by_name

MIB = 1 << 20


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "edge"


def test_a_folder_that_is_there_or_can_be_made(tree: Tree, state: Path) -> None:
    found = by_name(storage.check(tree.context()))
    assert found["state"].status == "ok" and "not there yet" in found["state"].message
    state.mkdir(parents=True)
    assert by_name(storage.check(tree.context()))["state"].message == str(state)
    assert "free" in found["disk"].message


def test_a_folder_of_somebody_else(tree: Tree, state: Path, nobody: Account) -> None:
    state.mkdir(parents=True)
    found = by_name(storage.check(tree.context(account=nobody)))["state"]
    assert (found.status, found.remedy) == ("error", f"as root: chown edge {state}")


def test_a_file_in_its_place(tree: Tree, state: Path) -> None:
    state.parent.mkdir()
    state.write_text("")
    found = by_name(storage.check(tree.context()))["state"]
    assert found.status == "error" and "is no folder" in found.message


@pytest.mark.parametrize(
    ("room", "status"),
    [
        (Room(9000 * MIB, 30000 * MIB, 100000), "ok"),
        (Room(9000 * MIB, 30000 * MIB), "ok"),
        (Room(400 * MIB, 30000 * MIB, 100000), "warning"),
        (Room(4 * MIB, 30000 * MIB, 100000), "error"),
        (Room(9000 * MIB, 30000 * MIB, 10), "warning"),
        (Room(9000 * MIB, 30000 * MIB, 0), "error"),
    ],
)
def test_room(room: Room, status: str) -> None:
    found = judge(room)
    assert found.status == status
    assert bool(found.remedy) == (status != "ok")


def test_sizes() -> None:
    assert [size(n) for n in (810 << 10, 230 * MIB, 12800 * MIB)] == ["810 KiB", "230 MiB", "12.5 GiB"]
