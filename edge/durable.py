"""Small files that outlive a power cut, and that nobody but their owner reads."""

from __future__ import annotations

import os
from pathlib import Path


def read(file: Path, most: int) -> bytes:
    """Its first ``most`` bytes. A link or a pipe is not followed. Raises OSError."""
    with open(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
        return opened.read(most)


def replace(file: Path, content: bytes) -> None:
    """Whatever happens meanwhile, the old content or the new one is there, whole. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.parent / f".{file.name}.new"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600), "wb") as opened:
            os.fchmod(opened.fileno(), 0o600)  # it may have been left over by a power cut
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(new, file)
    except OSError:
        try:
            os.unlink(new)
        except OSError:  # the one that is being told of is the one that matters
            pass
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # so that the new name, too, outlives a power cut
    finally:
        os.close(folder)
