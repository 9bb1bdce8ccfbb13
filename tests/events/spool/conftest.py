from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from tests.events.spool.spools import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Opens spools of one file, and closes them."""
    made = Bench(tmp_path)
    yield made
    made.close()
