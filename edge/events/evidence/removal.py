"""Removes evidence: the oldest first, by the order of its days and in a day by when it was written."""

from __future__ import annotations

import os
from collections import deque
from typing import Callable, Deque, List, Tuple

from edge.events.clock import rfc3339
from edge.events.evidence.folders import Refused, opened
from edge.events.evidence.index import Group, Index
from edge.events.evidence.places import Place
from edge.events.evidence.walk import File, Refuse, oldest

# How many of a day's files are remembered at a time.
_AT_ONCE = 2000


class Removal:
    """For one thread."""

    def __init__(self, index: Index, refuse: Refuse) -> None:
        self._index, self._refuse = index, refuse
        #: Whose turn it is, the oldest first.
        self._next: Deque[Tuple[float, Group, File]] = deque()

    def until(self, top: int, enough: Callable[[], bool], most: int) -> int:
        """Remove the oldest until there is room ``enough``, and no more than ``most``; how many went.

        ``top`` is the evidence's open folder. Raises OSError where nothing can be removed.
        """
        removed = 0
        while removed < most and not enough() and (self._next or self._look(top)):
            _, group, file = self._next.popleft()
            self._remove(top, group, file)
            removed += 1
        return removed

    def older(self, top: int, than: float, most: int) -> int:
        """Remove what was written before ``than`` (seconds since 1970), and no more than ``most``; how many went."""
        removed, day = 0, rfc3339(max(0.0, than))[:10]
        groups = [group for group, total in self._index.groups.items() if group[1] <= day and total.since < than]
        for group in sorted(groups, key=lambda group: group[1]):
            for file in self._oldest(top, group, min(_AT_ONCE, most - removed)):
                if file.written >= than:
                    break
                self._remove(top, group, file)
                removed += 1
            if removed >= most:
                break
        if removed:
            self._next.clear()
        return removed

    def empty_folders(self, top: int) -> None:
        """Remove those of days of which nothing is left."""
        for group in [group for group, total in self._index.groups.items() if not total.files]:
            self._remove_folders(top, group)

    def _look(self, top: int) -> bool:
        """Find out whose turn it is; False when nothing is left."""
        while True:
            groups = self._index.oldest()
            if not groups:
                return False
            found: List[Tuple[float, Group, File]] = []
            for group in groups:
                found += [(file.written, group, file) for file in self._oldest(top, group, _AT_ONCE)]
            if found:
                self._next.extend(sorted(found)[:_AT_ONCE])
                return True
            for group in groups:  # so that the next day's turn comes, whatever was counted here
                self._index.forget(group)

    def _oldest(self, top: int, group: Group, most: int) -> List[File]:
        camera, day = group
        try:
            with opened(top, camera) as folder, opened(folder, day) as inside:
                found, count, size = oldest(inside, f"{camera}/{day}", most, self._refuse)
        except FileNotFoundError:
            self._index.forget(group)
            return []
        except Refused as error:
            self._refuse(f"{camera}/{day}", str(error))
            self._index.forget(group)
            return []
        self._index.set(group, count, size)
        if found:
            self._index.groups[group].since = found[0].written
        else:
            self._remove_folders(top, group)
        return found

    def _remove(self, top: int, group: Group, file: File) -> None:
        camera, day = group
        try:
            with opened(top, camera) as folder, opened(folder, day) as inside:
                os.unlink(file.name, dir_fd=inside)
        except FileNotFoundError:
            pass  # by somebody else
        except (Refused, IsADirectoryError) as error:  # exchanged meanwhile
            self._refuse(str(Place(camera, day, file.name)), str(error))
        self._index.removed(camera, day, file.size)
        total = self._index.groups.get(group)
        if total is not None and not total.files:
            self._remove_folders(top, group)

    def _remove_folders(self, top: int, group: Group) -> None:
        """A day's folder that is empty goes, and a camera's."""
        camera, day = group
        self._index.forget(group)
        try:
            with opened(top, camera) as folder:
                os.rmdir(day, dir_fd=folder)
            os.rmdir(camera, dir_fd=top)
        except (OSError, Refused):
            pass  # something is in it
