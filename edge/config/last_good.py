"""The configuration that last worked, kept on disk: what the daemon comes up with where its files are broken.

Kept as the files were, with their references unresolved, so that it is understood as they would be. The copy may hold
what secrets the files hold: nobody but its owner reads it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Dict, NamedTuple, Optional

from edge import durable
from edge.config.files import Content, Files

_MAX_BYTES = 64 * 1024 * 1024


class Kept(NamedTuple):
    """``saved``: when, in seconds since 1970."""

    files: Files
    saved: float


def save(folder: Path, files: Files) -> None:
    """Keep ``files`` in ``folder``, in place of what was kept of the same main file. Raises OSError.

    Whatever happens meanwhile, the old copy or the new one is there, whole.
    """
    texts = {name: _text(content) for name, content in files.named().items() if isinstance(content, bytes)}
    kept = {"main": _absolute(files.main), "saved": time.time(), "digest": files.digest, "files": texts}
    place = place_of(folder, files.main)
    durable.replace(place, json.dumps(kept).encode())


def find(folder: Path, main: Path) -> Optional[Kept]:
    """What was last kept of ``main``, under the name that it has now; None where nothing is, or it is damaged."""
    try:
        with open(place_of(folder, main), "rb") as file:
            kept = json.loads(file.read(_MAX_BYTES))
        parent, texts = main.parent, kept["files"]
        contents: Dict[str, Content] = {str(main): _bytes(texts.pop(main.name))}
        contents.update({str(parent / name): _bytes(text) for name, text in texts.items()})
        files, saved = Files(main, contents), float(kept["saved"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    same = kept["main"] == _absolute(main) and kept["digest"] == files.digest
    return Kept(files, saved) if same else None


def place_of(folder: Path, main: Path) -> Path:
    """The file in ``folder`` that keeps ``main``."""
    return folder / f"last-good-{hashlib.sha256(os.fsencode(_absolute(main))).hexdigest()[:16]}.json"


def _absolute(main: Path) -> str:
    return os.path.abspath(main)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
