"""Looks through the evidence's folder: once at the start for what there is, and a day's folder for its oldest files."""

from __future__ import annotations

import fcntl
import heapq
import os
import stat
from pathlib import Path
from typing import Callable, Container, Iterator, List, NamedTuple, Optional, Tuple

from edge.events.evidence import places
from edge.events.evidence.folders import Refused, opened, opened_root
from edge.events.evidence.index import Index

#: Called with a path below the folder, and what is wrong with what lies there.
Refuse = Callable[[str, str], None]


class File(NamedTuple):
    written: float
    size: int
    name: str


class Walked(NamedTuple):
    found: Index
    #: When the newest file was written.
    newest: Optional[float]
    #: Device and inode of the folder; None where there is none.
    identity: Optional[Tuple[int, int]]


def walk(root: Path, own: Container[str], refuse: Refuse) -> Walked:
    """Count everything, but for names that are in ``own``; and remove what a daemon that died was writing.

    Raises OSError, and Refused where ``root`` is no folder.
    """
    index, newest = Index(), None
    try:
        with opened_root(root) as top:
            for camera in _names(top, places.is_camera):
                for day, folder in _folders(top, camera, refuse):
                    _remove_parts(folder)
                    for file in files(folder, f"{camera}/{day}", refuse):
                        if file.name not in own:
                            index.count(camera, day, file.size)
                            newest = file.written if newest is None else max(newest, file.written)
                    if (camera, day) not in index.groups:
                        index.count(camera, day, 0, 0)
            found = os.fstat(top)
            return Walked(index, newest, (found.st_dev, found.st_ino))
    except FileNotFoundError:
        return Walked(index, None, None)


def oldest(folder: int, where: str, most: int, refuse: Refuse) -> Tuple[List[File], int, int]:
    """The ``most`` oldest files of a day, the oldest first; and how many there are in all, with their bytes."""
    count = size = 0

    def counted() -> Iterator[File]:
        nonlocal count, size
        for file in files(folder, where, refuse):
            count += 1
            size += file.size
            yield file

    return heapq.nsmallest(most, counted()), count, size


def files(folder: int, where: str, refuse: Refuse) -> Iterator[File]:
    """The evidence in the open folder of a day. What is not ours is left where it is."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not places.is_file(entry.name):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield File(found.st_mtime, found.st_size, entry.name)
            else:
                refuse(f"{where}/{entry.name}", "is no file")


def _folders(top: int, camera: str, refuse: Refuse) -> Iterator[Tuple[str, int]]:
    try:
        with opened(top, camera) as inside:
            for day in _names(inside, places.is_day):
                try:
                    with opened(inside, day) as folder:
                        yield day, folder
                except Refused as error:
                    refuse(f"{camera}/{day}", str(error))
                except FileNotFoundError:
                    pass  # it was empty
    except Refused as error:
        refuse(camera, str(error))
    except FileNotFoundError:
        pass


def _names(folder: int, wanted: Callable[[str], bool]) -> List[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if wanted(entry.name)]


def _remove_parts(folder: int) -> None:
    """Remove the drafts that nobody has open any more."""
    for name in _names(folder, places.is_part):
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            continue
        try:
            if stat.S_ISREG(os.fstat(fd).st_mode):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=folder)
        except OSError:
            pass  # somebody writes it
        finally:
            os.close(fd)
