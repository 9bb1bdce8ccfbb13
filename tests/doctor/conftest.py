"""Fixtures: a machine made of files, and the one that the tests run on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from edge.doctor.account import Account
from edge.doctor.context import Context
from edge.doctor.system import System
from tests.capture.test_http import camera as http_camera
from tests.doctor.machines import PATIENCE, Tree

__all__ = ["here", "http_camera", "nobody", "tree"]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


@pytest.fixture
def here(tmp_path: Path) -> Callable[..., Context]:
    """``here(config="", …)``: a context for the machine that the tests run on."""

    def make(config: str = "", **how: Any) -> Context:
        if config:
            how["path"] = tmp_path / "edge.yaml"
            how["path"].write_text(config)
        return Context(System(), **{"patience": PATIENCE, **how})

    return make


@pytest.fixture
def nobody() -> Account:
    """A user that owns none of the files that a test makes, and is in none of their groups."""
    return Account("edge", os.geteuid() + 4711, frozenset([os.getegid() + 4711]))
