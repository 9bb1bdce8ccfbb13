"""The interpreter that the judge runs on: supervision and motmetrics beside numpy, made when it is first needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ..setting import CACHE

# supervision 0.28 calls its ByteTrack deprecated and 0.31 is without it; motmetrics wants a numpy before 2.
PACKAGES = ("supervision==0.27.0", "motmetrics==1.4.0", "numpy==1.26.4", "pandas<3", "opencv-python-headless<4.12")


class NotInstallable(Exception):
    """The message says why."""


def interpreter() -> Path:
    """Its path. Raises :class:`NotInstallable`."""
    folder = CACHE / "mot-venv"
    python, done = folder / "bin" / "python", folder / "packages"
    if not done.exists() or done.read_text() != "\n".join(PACKAGES):
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", "--only-binary", ":all:", *PACKAGES]
        found = subprocess.run(install, capture_output=True, text=True)
        if found.returncode:
            raise NotInstallable((found.stderr.strip().splitlines() or ["pip failed"])[-1])
        done.write_text("\n".join(PACKAGES))
    return python
