"""Other Pythons: those of JetPack 4.6, 6 and 7 for workers, JetPack 5's for the whole."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List

from scripts.servers import ROOT


def interpreter(version: str) -> Path:
    """Path of a python of that flavour (see scripts/test_interpreters) with what it needs installed.

    ``LookupError`` when this machine has none.
    """
    command: List[str] = [str(ROOT / "scripts" / "test_interpreters"), version]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LookupError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no python " + version)
    return Path(done.stdout.strip())
