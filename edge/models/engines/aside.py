"""Engines that were put aside: what of them lies there still, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple

from edge.models.engines.cache import ASIDE


class Aside(NamedTuple):
    """``bytes``: of all its files."""

    key: str
    reason: str
    bytes: int
    files: List[Path]


def put_aside(folder: Path) -> List[Aside]:
    """What was put aside from the cache in ``folder``, the oldest first. Raises OSError."""
    place = folder / ASIDE
    files: Dict[str, List[Path]] = {}
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        files.setdefault(path.stem, []).append(path)
    return [_aside(stem, paths) for stem, paths in files.items()]


def remove_put_aside(folder: Path) -> int:
    """Delete it all; the bytes. Raises OSError."""
    freed = 0
    for one in put_aside(folder):
        freed += one.bytes
        for path in one.files:
            path.unlink()
    return freed


def _aside(stem: str, paths: List[Path]) -> Aside:
    reason = next((path.read_text("utf-8", "replace") for path in paths if path.suffix == ".reason"), "")
    return Aside(stem.rsplit("-", 1)[-1], " ".join(reason.split()), sum(path.stat().st_size for path in paths), paths)
