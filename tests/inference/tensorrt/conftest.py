"""A simulated TensorRT for the processes of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from tests.simulation.tensorrt.setting import TensorRT


@pytest.fixture
def tensorrt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], TensorRT]:
    """``tensorrt("8.5", "xavier-nx")``; its files lie elsewhere than the test's."""

    def make(version: str, board: str) -> TensorRT:
        double = TensorRT(version, board, Path(tmp_path_factory.mktemp("double")))
        double.skip_without()
        return double

    return make
