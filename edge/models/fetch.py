"""Downloading a pinned file: resumed where it broke off, verified, and never seen half.

The bytes go to ``<target>.part``, which a broken transfer leaves for the next try; only when its SHA-256 is right does
it take its name. An exclusive lock on that file keeps two processes from writing it at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO, Callable, Optional, Tuple
from urllib.parse import urlsplit

from edge.config.redact import redact
from edge.errors import ModelError
from edge.models.transfer import Refused, Transient, transfer
from edge.models.verify import known_sha256

#: Called with the bytes that are here, and how many there will be (None: not known).
Progress = Callable[[int, Optional[int]], None]

PAUSES = (0.5, 1.5, 4.0)  # seconds before the second, third, fourth try
_ROOM = 16 << 20  # bytes that shall stay free


def fetch(
    url: str,
    sha256: str,
    target: Path,
    size: Optional[int] = None,
    progress: Optional[Progress] = None,
    pauses: Tuple[float, ...] = PAUSES,
) -> None:
    """Make ``target`` the file at ``url`` with that SHA-256 (and ``size`` in bytes, where known).

    Does nothing where it is that already. Raises ModelError: no way there, refused, not the pinned file, no room.
    """
    part = target.with_name(target.name + ".part")
    try:
        if _is_there(target, sha256):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(part) as file:
            if _is_there(target, sha256):  # another process has just fetched it
                part.unlink()
                return
            try:
                _fill(file, url, sha256, target, size, progress, pauses)
            finally:
                if not os.fstat(file.fileno()).st_size:
                    part.unlink()  # nothing came: nothing is left
            _check(file, url, sha256, part)
            os.replace(part, target)
    except OSError as error:
        raise ModelError(f"{target.parent} cannot be written: {(error.strerror or str(error)).lower()}") from None


def _is_there(target: Path, sha256: str) -> bool:
    return target.is_file() and known_sha256(target) == sha256


def _locked(part: Path) -> BinaryIO:
    """``part``, opened for appending, once no other process has it."""
    while True:
        file = open(part, "ab+")  # noqa: SIM115 - returned open
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if part.exists() and os.stat(part).st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # who had it has finished and moved it away


def _fill(
    file: BinaryIO,
    url: str,
    sha256: str,
    target: Path,
    size: Optional[int],
    progress: Optional[Progress],
    pauses: Tuple[float, ...],
) -> None:
    def announce(total: Optional[int]) -> None:
        """Before the first byte: is it the size that it must be, and is there room?"""
        if size is not None and total not in (None, size):
            raise ModelError(f"{redact(url)} offers {total} bytes, the pinned file has {size}: it is not the same file")
        missing = (size or total or 0) - file.tell()
        free = shutil.disk_usage(target.parent).free
        if missing + _ROOM > free:
            raise ModelError(f"no room in {target.parent}: {missing >> 20} MiB are to come, {free >> 20} MiB are free")

    for pause in (*pauses, None):
        try:
            transfer(url, file, size, announce, progress)
            file.flush()
            os.fsync(file.fileno())
            return
        except Refused as refused:
            raise ModelError(f"{redact(url)}: {refused}") from None
        except Transient as trouble:
            if pause is None:
                done = f" from {file.tell()} bytes" if file.tell() else ""
                raise ModelError(
                    f"{trouble} ({redact(url)}). Run it again to go on{done}. A machine with no way to "
                    f"{urlsplit(url).hostname} takes the file from elsewhere: put it at {target} (SHA-256 {sha256})"
                ) from None
            time.sleep(pause)


def _check(file: BinaryIO, url: str, sha256: str, part: Path) -> None:
    """Raise ModelError, and remove what came, unless it is the pinned file."""
    digest = hashlib.sha256()
    file.seek(0)
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
    if digest.hexdigest() != sha256:
        part.unlink()
        raise ModelError(
            f"{redact(url)} is not the pinned file: its SHA-256 is {digest.hexdigest()}, expected {sha256}; removed"
        )
