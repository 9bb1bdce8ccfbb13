from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Iterator

import pytest


@pytest.fixture
def root() -> Iterator[Path]:
    """A machine's root folder, of a path so short that a socket has room in it."""
    with tempfile.TemporaryDirectory(prefix="edge-") as made:
        yield Path(made)
