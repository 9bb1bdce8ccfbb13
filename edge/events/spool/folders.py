"""Where a device's spool is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Mapping, Optional, Tuple
from urllib.parse import quote

FILE = "events.db"
_SHM = Path("/dev/shm")


def folders(state: Path, device: str, environ: Optional[Mapping[str, str]] = None) -> Tuple[Path, Path]:
    """The spool's file under the state folder, and the intake's folder in memory; without such a place on disk too."""
    environ = os.environ if environ is None else environ
    name = quote(device, safe="") or "_"
    if name.startswith("."):  # "..", which quote() leaves as it is
        name = f"%2E{name[1:]}"
    folder = state / "events" / name
    return folder / FILE, _memory(environ, folder) / "intake" / name


def _memory(environ: Mapping[str, str], fallback: Path) -> Path:
    systemd = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if os.path.isabs(systemd):
        return Path(systemd)
    session = environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(session) and os.path.isdir(session):
        return Path(session) / "edge"
    return _SHM / f"edge-{os.geteuid()}" if _SHM.is_dir() else fallback
