"""Interpreters for the inference worker: they need ONNX Runtime beside numpy."""

from __future__ import annotations

import os
from typing import Dict, List, Optional

import pytest

from tests.inference.python36 import onnxruntime_for


@pytest.fixture(scope="session", params=["3.6", "3.8"])
def inference_python(request: pytest.FixtureRequest) -> List[str]:
    """The path of a Python of that version, and a folder of packages that it needs beside its own, if any."""
    if request.param == "3.8":
        return [str(request.getfixturevalue("python38"))]
    python = request.getfixturevalue("python36")
    return [str(python), str(onnxruntime_for(python))]


@pytest.fixture
def inference_environment(inference_python: List[str]) -> Optional[Dict[str, str]]:
    return {**os.environ, "PYTHONPATH": inference_python[1]} if len(inference_python) > 1 else None
