"""ONNX Runtime for the Python 3.6 of the workers' tests, in a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from scripts.servers import ROOT

#: ONNX Runtime's last release for Python 3.6. It wants numpy 1.16 or later: with JetPack 4.6's 1.13.3 it crashes.
_PACKAGES = ("onnxruntime==1.10.0", "numpy==1.16.6", "flatbuffers==2.0.7", "protobuf==3.19.6")


def onnxruntime_for(python: Path) -> Path:
    """A folder for PYTHONPATH, made the first time; skips the test where that cannot be done."""
    folder = ROOT / ".cache" / "python-3.6-onnxruntime"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=str(folder.parent), prefix="onnxruntime-") as made:
            command = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--target", made, *_PACKAGES]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                pytest.skip("ONNX Runtime for Python 3.6 cannot be installed: " + done.stderr.strip()[-200:])
            Path(made).rename(folder)
            Path(made).mkdir()  # the context wants something to remove
    return folder
