"""How much evidence there is, by camera and day: what is written and removed is counted, so that nothing is looked
through at every write."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

#: A camera and a day.
Group = Tuple[str, str]


class Total:
    """Of one group. ``order``: the day by which it is its turn to go; ``since``: when its oldest file was written, as
    far as one knows."""

    __slots__ = ("bytes", "files", "order", "since")

    def __init__(self, order: str) -> None:
        self.order, self.files, self.bytes, self.since = order, 0, 0, 0.0


class Index:
    def __init__(self) -> None:
        self.groups: Dict[Group, Total] = {}
        self.files = 0
        self.bytes = 0
        #: The newest day that there was at the start. What is written by a clock that is behind goes no sooner than it.
        self._newest = ""

    def count(self, camera: str, day: str, size: int, files: int = 1) -> None:
        """So much more there is."""
        total = self.groups.setdefault((camera, day), Total(day))
        total.files += files
        total.bytes += size
        self.files += files
        self.bytes += size

    def written(self, camera: str, day: str, size: int) -> None:
        """One file more, written just now."""
        self.count(camera, day, size)
        total = self.groups[camera, day]
        total.order = max(total.order, self._newest)

    def removed(self, camera: str, day: str, size: int) -> None:
        total = self.groups.get((camera, day))
        if total is not None:
            self.set((camera, day), max(0, total.files - 1), max(0, total.bytes - size))

    def set(self, group: Group, files: int, size: int) -> None:
        """What was found when its folder was looked at."""
        total = self.groups[group]
        self.files += files - total.files
        self.bytes += size - total.bytes
        total.files, total.bytes = files, size

    def forget(self, group: Group) -> None:
        """Its folder is gone, or holds nothing of ours."""
        if group in self.groups:
            self.set(group, 0, 0)
            del self.groups[group]

    def take_over(self, found: Index) -> None:
        """What was there before the start, as a walk has found it."""
        self._newest = max((day for _, day in found.groups), default="")
        for total in self.groups.values():
            total.order = max(total.order, self._newest)
        for (camera, day), total in found.groups.items():
            self.count(camera, day, total.bytes, total.files)

    def oldest(self) -> List[Group]:
        """The groups whose turn it is to go, those of one day."""
        order = min((total.order for total in self.groups.values()), default=None)
        return [group for group, total in self.groups.items() if total.order == order]

    def oldest_day(self) -> Optional[str]:
        return min((day for (_, day), total in self.groups.items() if total.files), default=None)
