"""Where an entry is the moment it is put: a file in memory (tmpfs), which outlives the process.

Two files in turn: one holds the batch that is being committed, the other is filled meanwhile. A file is emptied when
all in it is committed. Not for power cuts, and never synced: the spool's file is for that.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from pathlib import Path
from typing import List, Tuple

from edge.events.spool.entry import Entry
from edge.events.spool.record import Damaged, unpack

_HEAD = struct.Struct("<IIQ")  # length, CRC of number and record, number
_NUMBER = struct.Struct("<Q")
NAMES = ("intake-0", "intake-1")


def secure_folder(path: Path) -> int:
    """Open the folder, made if need be, for nobody but us. Raises OSError; the caller closes it.

    The two folders above it must be ours or root's as well, and none of the three a link: /dev/shm is everybody's.
    """
    names = path.parts[-3:]
    at = os.open(path.parents[len(names) - 1], os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in names:
            inner = _step(name, at)
            os.close(at)
            at = inner
            told = os.fstat(at)
            shared = told.st_mode & 0o022 and not told.st_mode & stat.S_ISVTX
            if told.st_uid not in (os.geteuid(), 0) or shared:
                raise PermissionError(f"{name} in {path} belongs to another user, or others may write there")
        if told.st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to another user (uid {told.st_uid})")
        if stat.S_IMODE(told.st_mode) != 0o700:
            os.fchmod(at, 0o700)
    except OSError:
        os.close(at)
        raise
    return at


def _step(name: str, at: int) -> int:
    try:
        os.mkdir(name, 0o700, dir_fd=at)
    except OSError:
        pass  # it is there, or opening it tells why not
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)


class Intake:
    """Not thread-safe: the spool's lock is around every call. ``limit`` is of one file, in bytes."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Raises OSError."""
        self._limit = limit
        self._fds: List[int] = []
        at = secure_folder(folder)
        try:
            for name in NAMES:
                flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
                fd = os.open(name, flags, 0o600, dir_fd=at)
                self._fds.append(fd)
                told = os.fstat(fd)
                if not stat.S_ISREG(told.st_mode) or told.st_uid != os.geteuid() or told.st_nlink != 1:
                    raise PermissionError(f"{folder / name} is not a file of ours")
        except OSError:
            self.close()
            raise
        finally:
            os.close(at)
        self._sizes = [os.fstat(fd).st_size for fd in self._fds]
        self._newest = [0, 0]  # the newest number in each
        self._filling = 0

    def read(self) -> List[Entry]:
        """What an earlier process left, in order. A record that was not finished is cut off, and what follows it.
        Raises OSError."""
        found = {}
        for index, fd in enumerate(self._fds):
            entries, end = _records(os.pread(fd, self._sizes[index], 0))
            os.ftruncate(fd, end)  # or what is written next would stand behind it, and never be read
            self._sizes[index] = end
            for entry in entries:
                found[entry.n] = entry
                self._newest[index] = max(self._newest[index], entry.n)
        self._filling = 0 if self._newest[0] >= self._newest[1] else 1
        return [found[n] for n in sorted(found)]

    def write(self, n: int, packed: bytes) -> None:
        """One write. Raises OSError, after which nothing of it is left."""
        if self._sizes[self._filling] + len(packed) > self._limit and self._sizes[self._filling]:
            self._drop(1 - self._filling)  # as full as memory may be: what is older is lost there too
            self._filling = 1 - self._filling
        at = self._filling
        number = _NUMBER.pack(n)
        record = _HEAD.pack(len(packed), zlib.crc32(packed, zlib.crc32(number)), n) + packed
        written = os.write(self._fds[at], record)
        if written != len(record):
            os.ftruncate(self._fds[at], self._sizes[at])
            raise OSError("no room in it for an event")
        self._sizes[at] += written
        self._newest[at] = n

    def turn(self) -> None:
        """A batch is going to be committed: fill the other file, if it is free."""
        if not self._sizes[1 - self._filling]:
            self._filling = 1 - self._filling

    def committed(self, n: int) -> None:
        """Everything up to ``n`` is safe: empty what holds nothing newer. Raises OSError."""
        for index in range(2):
            if self._sizes[index] and self._newest[index] <= n:
                self._drop(index)

    def close(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    def _drop(self, index: int) -> None:
        os.ftruncate(self._fds[index], 0)
        self._sizes[index] = 0


def _records(data: bytes) -> Tuple[List[Entry], int]:
    """The entries, and where the last good one ends."""
    found: List[Entry] = []
    at = end = 0
    while at + _HEAD.size <= len(data):
        length, check, n = _HEAD.unpack_from(data, at)
        packed = data[at + _HEAD.size : at + _HEAD.size + length]
        at += _HEAD.size + length
        if len(packed) != length or zlib.crc32(packed, zlib.crc32(_NUMBER.pack(n))) != check:
            break
        try:
            found += unpack(packed, n, old=True)
        except Damaged:
            break
        end = at
    return found, end
