"""The doubles in the tests' own process."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import pytest

from tests.simulation.tensorrt.session import Session
from tests.simulation.tensorrt.setting import VERSIONS, TensorRT


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``on(version, board)``: a Session on that board, with ``order`` for faults. One after another, not nested."""
    with ExitStack() as stack:

        def make(version: str = "8.5", board: str = "xavier-nx") -> Any:
            stack.pop_all().close()
            setting = TensorRT(version, board, tmp_path)
            stack.enter_context(setting.here())
            session: Any = stack.enter_context(Session())
            session.order = setting.order
            session.order()
            return session

        yield make


@pytest.fixture(params=VERSIONS)
def session(request: pytest.FixtureRequest, on: Callable[..., Any]) -> Any:
    """An Orin NX with each version in turn."""
    return on(request.param, "orin-nx")


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.RandomState(1).rand(4, 3, 16, 16).astype(np.float32)
