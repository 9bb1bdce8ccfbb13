"""The bytes of a configuration: the main file and the cameras beside it, read once, understood later.

Whoever reads the files does it here, so that a check, the daemon and what it keeps for a bad day see the same.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, NamedTuple, Union

CAMERA_FOLDER = "cameras.d"
MAX_BYTES = 256 * 1024


class Unreadable(NamedTuple):
    """Why there are no bytes, in words for the user."""

    reason: str


Content = Union[bytes, Unreadable]


@dataclass(frozen=True)
class Files:
    """What stood in the files at one moment, by path as named: the main file first, then ``cameras.d`` by name.

    A file that cannot be read, or is not for its name, is there with the reason; so is a folder that cannot be listed.
    Of a file that is too large there is just more than MAX_BYTES. ``digest`` differs where a name, a content or a
    reason does, and nothing else.
    """

    main: Path
    contents: Dict[str, Content]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", _digest(self))

    def named(self) -> Dict[str, Content]:
        """``contents`` by the names below the main file's folder."""
        folder = str(self.main.parent / "x")[:-1]
        return {name[len(folder) :] if name.startswith(folder) else name: c for name, c in self.contents.items()}


def read_files(main: Path) -> Files:
    """The files as they are now. What is wrong with them is for ``survey`` to tell: this never raises for it."""
    folder = main.parent / CAMERA_FOLDER
    contents: Dict[str, Content] = {str(main): read_file(main)}
    try:
        names: List[str] = sorted(filter(is_camera_file, os.listdir(folder)))
    except FileNotFoundError:
        names = []
    except (OSError, ValueError) as error:
        contents[str(folder)] = _unreadable(error)
        names = []
    for name in names:
        path = folder / name
        if name.endswith(".yml"):
            contents[str(path)] = Unreadable(f"is not read for its name: call it {name[:-4]}.yaml")
        else:
            contents[str(path)] = read_file(path)
    return Files(main, contents)


def is_camera_file(name: str) -> bool:
    """Whether a file of this name in ``cameras.d`` is looked at; one that ends in .yml is told to be named wrongly."""
    return name.endswith((".yaml", ".yml")) and not name.startswith(".")


def read_file(path: Path) -> Content:
    """At most one byte more than MAX_BYTES of a file."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            what = "a folder" if path.is_dir() else "neither a file nor a link to one"
            return Unreadable(f"is {what}: a YAML file is expected")
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return _unreadable(error)


def _unreadable(error: Exception) -> Unreadable:
    return Unreadable(f"cannot be read: {(getattr(error, 'strerror', None) or 'not a path').lower()}")


def _digest(files: Files) -> str:
    whole = hashlib.sha256()
    for name, content in files.named().items():
        if isinstance(content, Unreadable):
            kind, data = b"no", _encoded(content.reason)
        else:
            kind, data = b"yes", content
        for part in (_encoded(name), kind, data):
            whole.update(b"%d:" % len(part) + part)
    return whole.hexdigest()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # a file's name may be no UTF-8
