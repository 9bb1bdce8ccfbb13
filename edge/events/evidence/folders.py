"""Folders and files by descriptors, so that nothing which is exchanged on the way leads anywhere else.

Each step opens one name inside a folder that is open already, and follows no symlink: a link in the place of a folder
or a file is refused, whoever put it there and whenever.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Iterator, Optional

from edge.events.evidence.places import StoreError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER_MODE = 0o750
#: What symlinks, and things that are no folders, are refused with by the kernel.
_NO_FOLDER = (errno.ENOTDIR, errno.ELOOP)


class Refused(StoreError):
    """Something lies there that is not ours: a symlink, a FIFO, a file with two names."""


@contextlib.contextmanager
def opened_root(path: Path, make: bool = False) -> Iterator[int]:
    """The evidence's own folder. Raises OSError."""
    if make and not os.path.lexists(path):
        os.makedirs(path.parent, mode=0o755, exist_ok=True)
        _make(str(path), None)
    try:
        fd = os.open(path, _FOLDER)
    except OSError as error:
        if os.path.islink(path):
            raise NotADirectoryError(error.errno, "is a symlink, which is not followed: name the folder") from error
        raise
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def opened(parent: int, name: str, make: bool = False) -> Iterator[int]:
    """The folder ``name`` in the open folder ``parent``. Raises OSError, and Refused for what is no folder."""
    fd = enter(parent, name, make)
    try:
        yield fd
    finally:
        os.close(fd)


def enter(parent: int, name: str, make: bool = False) -> int:
    """The same, for the caller to close."""
    # Twice: an empty folder may go between its making and its opening.
    for last in (False, True):
        try:
            return os.open(name, _FOLDER, dir_fd=parent)
        except FileNotFoundError:
            if not make or last:
                raise
            _make(name, parent)
        except OSError as error:
            raise _refusal(error, name, is_link(parent, name)) from error
    raise AssertionError("never here")


def open_file(parent: int, name: str) -> int:
    """A regular file of ours with one name, to be read. Raises OSError, and Refused for anything else."""
    try:
        # A FIFO would make us wait for a writer.
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, dir_fd=parent)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise Refused(f"{name} is no file") from error
        raise _refusal(error, name, error.errno == errno.ELOOP) from error
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_uid != os.geteuid():
        os.close(fd)
        raise Refused(f"{name} is no file of ours alone")
    return fd


def is_link(parent: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _make(name: str, parent: Optional[int]) -> None:
    """Make a folder, and see to it that its name is on the disk before what lies in it."""
    try:
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
    except FileExistsError:
        return
    fd = os.open(name, _FOLDER, dir_fd=parent)
    try:
        os.fchmod(fd, _FOLDER_MODE)  # the umask may have taken from it
    finally:
        os.close(fd)
    if parent is not None:
        os.fsync(parent)


def _refusal(error: OSError, name: str, link: bool) -> Exception:
    if link:
        return Refused(f"{name} is a symlink, which is not followed")
    if error.errno in _NO_FOLDER:
        return Refused(f"{name} is no folder")
    return error
