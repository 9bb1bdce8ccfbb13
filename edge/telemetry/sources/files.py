"""Small files of /proc and /sys, below a root folder that tests can set."""

import glob
import math
import os
from typing import List, Optional

_MOST = 65536


class Files:
    """Paths are relative to ``root`` and begin with ``sys`` or ``proc``. What cannot be read is as good as not there.

    Sensors come and go, refuse (EAGAIN from a zone whose power is off) and break: none of it is an error here.
    """

    def __init__(self, root: str = "/") -> None:
        self.root = root

    def text(self, path: str) -> str:
        """The file's text without white space and NUL at its ends."""
        try:
            with open(os.path.join(self.root, path), "rb") as file:
                return file.read(_MOST).decode("utf-8", "replace").strip("\0 \t\r\n")
        except (OSError, ValueError):
            return ""

    def number(self, path: str) -> Optional[float]:
        """The one finite number that is all of the file."""
        try:
            number = float(self.text(path))
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def names(self, folder: str) -> List[str]:
        """What is in the folder, sorted as people count: thermal_zone2 before thermal_zone10."""
        try:
            return sorted(os.listdir(os.path.join(self.root, folder)), key=lambda name: (len(name), name))
        except OSError:
            return []

    def find(self, pattern: str) -> List[str]:
        """Paths that match, relative to the root."""
        found = glob.glob(os.path.join(glob.escape(self.root), pattern))
        return sorted(os.path.relpath(path, self.root) for path in found)

    def exists(self, path: str) -> bool:
        return os.path.exists(os.path.join(self.root, path))


def scaled(number: Optional[float], factor: float, digits: int = 0) -> Optional[float]:
    """``number`` times ``factor``, rounded; None stays None."""
    return None if number is None else round(number * factor, digits)
