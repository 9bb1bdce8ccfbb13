"""scripts/setup where it has nothing to do, or must not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.servers import ROOT


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_it_is_silent_when_nothing_changed() -> None:
    if not (ROOT / ".venv" / ".setup").exists():
        pytest.skip("no .venv: run make setup")
    done = subprocess.run([str(ROOT / "scripts" / "setup"), "--test"], capture_output=True, text=True)
    # Whatever there was to do is done now.
    done = subprocess.run([str(ROOT / "scripts" / "setup"), "--test"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_who_is_not_root_is_told_what_to_install(tmp_path: Path) -> None:
    """On a machine without the packages: nothing is installed, nothing made, and the line to run is there."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(str(ROOT / "scripts" / "setup"), str(tmp_path / "scripts"))
    shutil.copy(str(ROOT / "scripts" / "packages"), str(tmp_path / "scripts"))
    shutil.copy(str(ROOT / "pyproject.toml"), str(tmp_path))
    script(tmp_path / "bin" / "dpkg-query", "exit 1")
    script(tmp_path / "bin" / "id", "echo 1000")
    environment = dict(os.environ, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    done = subprocess.run([str(tmp_path / "scripts" / "setup")], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "apt-get install --no-install-recommends ca-certificates python3 python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()
