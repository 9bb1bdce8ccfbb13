"""Reads a file of evidence back, for whoever publishes it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Iterator, Optional

from edge.events.evidence.folders import Refused, open_file, opened, opened_root
from edge.events.evidence.places import Place, find_place
from edge.events.evidence.walk import Refuse

_LARGEST = 64 << 20


def read(root: Path, relative: str, refuse: Refuse) -> Optional[bytes]:
    """The whole file; None where it is not there, is not ours, is too large, or ``relative`` is no place at all."""
    where = find_place(relative)
    if where is None:
        return None
    try:
        with _opened(root, where) as fd, open(fd, "rb", closefd=False) as file:
            data = file.read(_LARGEST + 1)
    except Refused as error:
        refuse(f"{where.camera}/{where.day}", str(error))
        return None
    except OSError:
        return None
    return data if len(data) <= _LARGEST else None


def has(root: Path, relative: str) -> bool:
    """Whether there is such a file."""
    where = find_place(relative)
    if where is None:
        return False
    try:
        with _opened(root, where):
            return True
    except (OSError, Refused):
        return False


@contextlib.contextmanager
def _opened(root: Path, where: Place) -> Iterator[int]:
    with opened_root(root) as top, opened(top, where.camera) as camera, opened(camera, where.day) as day:
        fd = open_file(day, where.name)
    try:
        yield fd
    finally:
        os.close(fd)
