"""A user on whose machine events are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli import local
from tests.cli.kept_events import Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Site:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("STATE_DIRECTORY", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(local, "running", lambda: [])
    monkeypatch.setattr("edge.models.folders.SYSTEM_STATE", tmp_path / "system")
    return Site(tmp_path, capsys)
