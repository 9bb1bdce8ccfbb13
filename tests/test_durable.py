"""Small files are whole, and their owner's alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from edge import durable


def test_the_new_content_stands_in_place_of_the_old(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    durable.replace(file, b"old and longer")
    durable.replace(file, b"new")
    assert durable.read(file, 100) == b"new" and durable.read(file, 2) == b"ne"
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == ["state.json"]


def test_what_a_power_cut_left_is_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / ".state.json.new"
    left.write_bytes(b"half of it, and readable to all")
    left.chmod(0o644)
    durable.replace(tmp_path / "state.json", b"new")
    assert (tmp_path / "state.json").read_bytes() == b"new"
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600 and not left.exists()


def test_the_old_content_stays_where_the_new_one_cannot_be_written(tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "state.json"
    durable.replace(file, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        durable.replace(file, b"new")
    assert file.read_bytes() == b"old" and os.listdir(tmp_path) == ["state.json"]


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_bytes(b"secret")
    (tmp_path / "link").symlink_to(theirs)
    (tmp_path / ".state.json.new").symlink_to(theirs)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError):
        durable.read(tmp_path / "link", 10)
    assert durable.read(tmp_path / "pipe", 10) == b"", "and nobody waits for its writer"
    with pytest.raises(OSError):
        durable.replace(tmp_path / "state.json", b"new")
    assert theirs.read_bytes() == b"secret"
