"""An interpreter with roboflow's ``supervision``, in a virtual environment of its own, made on demand."""

from __future__ import annotations

import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

from scripts.bench.setting import CACHE

#: The last one that has ByteTrack and does not warn of it.
SUPERVISION = "supervision==0.27.0.post2"
#: What it asks for, but for opencv-python, whose windows need libraries that a server does not have.
_ASKED = ("scipy", "matplotlib", "pyyaml", "defusedxml", "pillow", "requests", "tqdm", "pydeprecate<0.6")
#: The same ones for everybody who is compared.
_SAME = ("numpy", "onnxruntime", "opencv-python-headless", "paho-mqtt")


class NotInstallable(Exception):
    """The message says why."""


def supervision_python() -> str:
    """Raises :class:`NotInstallable`."""
    folder = CACHE / SUPERVISION.replace("==", "-")
    python, done = folder / "bin" / "python", folder / "done"
    wanted = [f"{name}=={version(name)}" for name in _SAME]
    if done.exists() and done.read_text().split() == wanted:
        return str(python)
    print(f"installing {SUPERVISION} into {folder} …", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    _pip(python, *_ASKED, *wanted)
    _pip(python, "--no-deps", SUPERVISION)
    done.write_text(" ".join(wanted))
    return str(python)


def _pip(python: Path, *what: str) -> None:
    # Nothing is built: a machine need not have a compiler to be measured.
    how = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:"]
    found = subprocess.run([str(python), *how, *what], capture_output=True, text=True)
    if found.returncode:
        raise NotInstallable((found.stderr.strip().splitlines() or ["pip failed"])[-1])
