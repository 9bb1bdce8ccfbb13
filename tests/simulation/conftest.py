"""Simulated boards, and what runs on them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Union

import pytest

from tests.simulation.jetson import RELEASES, Jetson

#: A board of each release.
BOARDS = {"r32": "nano", "r35": "agx-xavier", "r36": "agx-orin", "r38": "thor"}
PROBE = Path(__file__).with_name("probe.py")


@pytest.fixture
def make_jetson(tmp_path: Path) -> Callable[..., Jetson]:
    """``make_jetson(release, board="", without=(), sensors=2, usb=…)``"""

    def make(release: str, board: str = "", **how: Any) -> Jetson:
        folder = tmp_path / f"{release}-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        try:
            return Jetson(release, board or BOARDS[release], folder, **how)
        except LookupError as e:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(e))

    return make


@pytest.fixture(params=RELEASES)
def jetson(request: pytest.FixtureRequest, make_jetson: Callable[..., Jetson]) -> Jetson:
    """A board of each release in turn."""
    return make_jetson(request.param)


def probe(jetson: Jetson, what: str, *words: str, python: Union[str, Path] = sys.executable) -> Dict[str, Any]:
    """What probe.py answers on the board."""
    done = subprocess.run(
        [str(python), str(PROBE), what, *words],
        env=jetson.environment(),
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    answer: Dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    answer["stderr"] = done.stderr
    return answer


def run(jetson: Jetson, line: str, python: Union[str, Path] = sys.executable, **wish: Any) -> Dict[str, Any]:
    """Run a pipeline on the board; see probe.py. ``unlinked`` in the answer when it cannot be linked."""
    return probe(jetson, "run", json.dumps({"line": line, **wish}), python=python)
