"""Whether a file is the one that is meant, by its SHA-256, without reading it each time."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Dict, List

from edge.models.folders import state_folder

_REMEMBERED = 200


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def known_sha256(path: Path) -> str:
    """The file's SHA-256, from memory where its time, size and inode are as they were when it was last read.

    Raises OSError. The memory is a file of the state folder; where that cannot be written, the hash is made each time.
    """
    status = os.stat(path)
    key = os.path.realpath(path)
    stamp = [status.st_mtime_ns, status.st_size, status.st_ino]
    memory = _read()
    seen = memory.get(key, [])
    if seen[:3] == stamp and len(seen) == 4:
        return str(seen[3])
    digest = sha256_of(path)
    memory.pop(key, None)
    memory[key] = [*stamp, digest]
    _write(memory)
    return digest


def _file() -> Path:
    return state_folder() / "verified.json"


def _read() -> Dict[str, List[object]]:
    try:
        memory = json.loads(_file().read_text())
        return {str(k): list(v) for k, v in memory.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _write(memory: Dict[str, List[object]]) -> None:
    latest = dict(list(memory.items())[-_REMEMBERED:])
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=_file().parent, prefix=".verified", delete=False) as file:
            json.dump(latest, file)
        os.replace(file.name, _file())
    except OSError:
        pass  # a read-only place: the next look hashes again
