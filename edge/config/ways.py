"""Where to look so as to miss no change of the configuration's files: folders, and the names in them that matter.

A file may be changed in itself, or by what stands on the way to it: one of its folders is moved away or made anew, or a
symbolic link is turned, as Kubernetes does with a mounted ConfigMap (``edge.yaml -> ..data/edge.yaml``, and
``..data -> ..2024_03_01`` is replaced as a whole).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List, NamedTuple, Set

from edge.config.files import CAMERA_FOLDER, is_camera_file

_MAX_LINKS = 40  # as the kernel follows


class Folder(NamedTuple):
    """``names``: entries that matter. ``holds_files``: what is written into them matters, not their being there alone.
    ``cameras``: it is ``cameras.d``, and the names of camera files matter, those to come too."""

    names: Set[str]
    holds_files: bool = False
    cameras: bool = False

    def matters(self, name: str) -> bool:
        return name in self.names or (self.cameras and is_camera_file(name))


def ways(main: Path) -> Dict[str, Folder]:
    """The folders to watch for the files of ``main``, an absolute path, by their real paths; some may not be there."""
    found: Dict[str, Folder] = {}
    _follow(found, str(main))
    cameras = _follow(found, str(main.parent / CAMERA_FOLDER))
    try:
        names = os.listdir(cameras)
    except (OSError, ValueError):
        names = []
    found[cameras] = found.get(cameras, Folder(set()))._replace(holds_files=True, cameras=True)
    for name in filter(is_camera_file, names):
        _follow(found, os.path.join(cameras, name))
    return found


def _follow(found: Dict[str, Folder], path: str) -> str:
    """Add every folder on the way to ``path`` through all links; the real path that it ends at."""
    here, links = "/", 0
    pending: List[str] = path.split("/")[::-1]
    while pending:
        name = pending.pop()
        if name in ("", "."):
            continue
        if name == "..":
            here = os.path.dirname(here)  # as meant: links on the way here have been replaced by what they name
            continue
        folder = found.setdefault(here, Folder(set()))
        folder.names.add(name)
        entry = os.path.join(here, name)
        try:
            target = os.readlink(entry)
        except (OSError, ValueError):  # no link
            if not any(part not in ("", ".") for part in pending):
                found[here] = folder._replace(holds_files=True)
            here = entry
            continue
        links += 1
        if links > _MAX_LINKS:
            break
        if target.startswith("/"):
            here = "/"
        pending.extend(target.split("/")[::-1])
    return here
