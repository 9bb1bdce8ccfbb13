"""Other Pythons: JetPack 4.6's 3.6 for workers, JetPack 5's 3.8 for the whole."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List

from scripts.servers import ROOT


def interpreter(version: str) -> Path:
    """Path of a python of that version with what it needs installed; ``LookupError`` when this machine has none."""
    command: List[str] = [str(ROOT / "scripts" / "test_interpreters"), version]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no python " + version)
    return Path(done.stdout.strip())
