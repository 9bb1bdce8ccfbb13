"""Interpreters for the inference worker: they need ONNX Runtime beside numpy."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Dict, List, Optional

import pytest

from scripts.servers import ROOT

#: ONNX Runtime's last release for Python 3.6. It wants numpy 1.16 or later: with JetPack 4.6's 1.13.3 it crashes.
_PYTHON36 = ("onnxruntime==1.10.0", "numpy==1.16.6", "flatbuffers==2.0.7", "protobuf==3.19.6")


@pytest.fixture(scope="session", params=["3.6", "3.8"])
def inference_python(request: pytest.FixtureRequest) -> List[str]:
    """The path of a Python of that version, and a folder of packages that it needs beside its own, if any."""
    if request.param == "3.8":
        return [str(request.getfixturevalue("python38"))]
    python: Path = request.getfixturevalue("python36")
    folder = ROOT / ".cache" / "python-3.6-onnxruntime"
    if not (folder / "onnxruntime").is_dir():
        command = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), *_PYTHON36]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip("ONNX Runtime for Python 3.6 cannot be installed: " + done.stderr.strip()[-200:])
    return [str(python), str(folder)]


@pytest.fixture
def inference_environment(inference_python: List[str]) -> Optional[Dict[str, str]]:
    return {**os.environ, "PYTHONPATH": inference_python[1]} if len(inference_python) > 1 else None
