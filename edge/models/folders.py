"""Where models are.

Looked up by name in this order: beside the configuration (``models/<name>``), the folders in ``$EDGE_MODELS`` (split at
``:``), the installation's own ``models/``. What was downloaded is in the store: ``$STATE_DIRECTORY/models`` under
systemd, ``$XDG_DATA_HOME/edge/models`` where that is set, ``/var/lib/edge/models`` for root, and else
``~/.local/share/edge/models``. Root's store is read by everybody.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import List

import edge

SYSTEM_STATE = Path("/var/lib/edge")
MODEL_FILE = "model.yaml"


def state_folder() -> Path:
    """Where this user's daemon and commands keep what they must not lose."""
    systemd = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if systemd:
        return Path(systemd)
    data = os.environ.get("XDG_DATA_HOME", "")
    if os.path.isabs(data):  # the XDG base directory specification has relative paths ignored
        return Path(data) / "edge"
    return SYSTEM_STATE if os.geteuid() == 0 else Path.home() / ".local" / "share" / "edge"


def stored(sha256: str) -> Path:
    """The file with that hash in the store, or where it is to be put."""
    name = f"{sha256}.onnx"
    for folder in (state_folder(), SYSTEM_STATE):
        if (folder / "models" / name).is_file():
            return folder / "models" / name
    return state_folder() / "models" / name


def installed_models() -> Path:
    """The folder ``models`` of this checkout or installation."""
    checkout = Path(edge.__file__).resolve().parents[1] / "models"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "jetson-edge" / "models"


def search_folders(base: Path) -> List[Path]:
    """The folders in which a model's name is looked up, for a configuration in ``base``."""
    given = [Path(part).expanduser() for part in os.environ.get("EDGE_MODELS", "").split(os.pathsep) if part]
    return [base / "models", *given, installed_models()]
