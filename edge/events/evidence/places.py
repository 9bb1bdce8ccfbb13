"""Where a snapshot or a clip lies below the evidence's folder: ``<camera>/<YYYY-MM-DD>/<event id>.jpg`` or ``.mp4``.

Nothing of another shape is a place: no ``..``, nothing absolute, no NUL, no name of another kind.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Optional

from edge.errors import EdgeError

_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_FILE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(jpg|mp4)")
#: A file that is still written, under a name of its own beside its later one.
_PART = re.compile(rf"\.{_FILE.pattern}\.[0-9a-f]{{16}}\.part")
_LONGEST = 64 + 1 + 10 + 1 + 40


class StoreError(EdgeError):
    """Evidence cannot be kept or found; the words say why."""


class Place(NamedTuple):
    camera: str
    day: str
    name: str

    def __str__(self) -> str:
        return "/".join(self)

    @property
    def id(self) -> str:
        """The id of the event that the file is called by."""
        return self.name[:36]


def place(relative: object) -> Place:
    """``relative`` taken apart. Raises StoreError for anything that is no place of evidence."""
    found = find_place(relative)
    if found is None:
        told = ascii(relative)[:80]
        raise StoreError(f"{told} is no place of evidence: <camera>/<YYYY-MM-DD>/<event id>.jpg or .mp4")
    return found


def find_place(relative: object) -> Optional[Place]:
    """The same, with None for what is none."""
    if not isinstance(relative, str) or len(relative) > _LONGEST:
        return None
    parts = relative.split("/")
    if len(parts) != 3 or not (is_camera(parts[0]) and is_day(parts[1]) and is_file(parts[2])):
        return None
    return Place(*parts)


def is_camera(name: str) -> bool:
    return _CAMERA.fullmatch(name) is not None


def is_day(name: str) -> bool:
    return _DAY.fullmatch(name) is not None


def is_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None


def is_part(name: str) -> bool:
    return _PART.fullmatch(name) is not None
