"""The folder for what must not be lost: whether it can be written, and what room is left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator, NamedTuple

from edge.doctor.account import may
from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, warning

_MIB = 1 << 20
_SCARCE, _NONE_LEFT = 500 * _MIB, 50 * _MIB
_FEW_FILES = 2000


class Room(NamedTuple):
    """Bytes and files that a user may still add; ``files`` is None where the file system sets no bound."""

    bytes: int
    total: int
    files: object = None


def check(context: Context) -> Iterator[Finding]:
    folder = context.state_folder
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    made = "" if there == folder else " (not there yet: it is made when it is needed)"
    made_by_systemd = context.unit is not None and context.unit.runs(context.path) and context.unit.state_folder
    if not there.is_dir():
        yield error("state", f"{there} is no folder, and {folder} is to be one", "move that file away")
        return
    if not may(context.account, there, os.W_OK | os.X_OK) and not (made and made_by_systemd):
        remedy = f"chown {context.account.name} {there}" if there == folder else f"install -d -o {context.account.name}"
        remedy += "" if there == folder else f" {folder}"
        yield error("state", f"{there} cannot be written by {context.account.name}", f"as root: {remedy}")
    elif _read_only(there):
        yield error("state", f"{there} is on a file system that is mounted read-only", f"mount -o remount,rw {there}")
    else:
        yield ok("state", f"{folder}{made}")
    yield judge(room(there))


def room(folder: Path) -> Room:
    found = os.statvfs(str(folder))
    files = found.f_favail if found.f_files else None
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, files)


def judge(found: Room) -> Finding:
    """Whether the room is enough."""
    message = f"{size(found.bytes)} of {size(found.total)} are free"
    remedy = "make room: journalctl --vacuum-size=200M, docker image prune, old logs"
    if isinstance(found.files, int) and found.files < _FEW_FILES:
        words = f"room for {found.files} more files alone, though {message}"
        return (warning if found.files else error)("disk", words, "remove what made so many small files")
    if found.bytes < _NONE_LEFT:
        return error("disk", message, remedy)
    return warning("disk", message, remedy) if found.bytes < _SCARCE else ok("disk", message)


def size(count: int) -> str:
    """``230 MiB``, ``12.5 GiB``."""
    if count < _MIB:
        return f"{count // 1024} KiB"
    return f"{count // _MIB} MiB" if count < 1024 * _MIB else f"{count / (1024 * _MIB):.1f} GiB"


def _read_only(folder: Path) -> bool:
    return bool(os.statvfs(str(folder)).f_flag & os.ST_RDONLY)
