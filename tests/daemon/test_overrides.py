"""Cameras that a command turned on or off: across restarts, until their file is edited."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading
from pathlib import Path
from typing import Callable

import pytest

from edge.config import CameraConfig
from edge.daemon import overrides as overrides_module
from edge.daemon.overrides import Overrides

ON, OFF = CameraConfig(source="test://"), CameraConfig(source="test://", enabled=False)
NOW, LATER = "2024-05-04T12:30:00.250Z", "2024-05-04T13:00:00.000Z"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "overrides-gate-7.json"


def keep(overrides: Overrides) -> str:
    said = asyncio.run(overrides.keep())
    overrides.stop()
    return said


def test_without_a_command_the_file_has_the_word(file: Path) -> None:
    overrides = Overrides(file)
    assert overrides.effective("gate", ON) is ON and overrides.words("gate", OFF) == ""
    assert keep(overrides) == "" and not file.exists()


@pytest.mark.parametrize(("config", "word"), [(ON, "disabled"), (OFF, "enabled")])
def test_a_command_survives_a_restart(file: Path, config: CameraConfig, word: str) -> None:
    overrides = Overrides(file)
    assert overrides.set("gate", not config.enabled, config.enabled, NOW)
    assert keep(overrides) == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and os.listdir(file.parent) == [file.name]
    for again in (overrides, Overrides(file)):
        assert again.effective("gate", config).enabled is not config.enabled
        assert again.words("gate", config) == f"{word} by command since {NOW}"
        assert again.effective("yard", config) is config


def test_the_rest_of_the_configuration_stays(tmp_path: Path, file: Path) -> None:
    overrides = Overrides(file)
    overrides.set("gate", False, True, NOW)
    config = CameraConfig(source="file:a.mp4", fps=2.0)
    config._folder = tmp_path
    assert overrides.effective("gate", config).source_url() == config.source_url()
    assert overrides.effective("gate", config).fps == 2.0 and config.enabled


def test_the_same_again_changes_nothing_and_the_opposite_ends_it(file: Path) -> None:
    overrides = Overrides(file)
    assert not overrides.set("gate", True, True, NOW)
    assert overrides.set("gate", False, True, NOW)
    assert not overrides.set("gate", False, True, LATER)
    assert overrides.words("gate", ON).endswith(NOW)
    assert overrides.set("gate", True, True, LATER)
    assert overrides.words("gate", ON) == ""


def test_an_edit_of_enabled_ends_it_for_good(file: Path) -> None:
    overrides = Overrides(file)
    overrides.set("gate", False, True, NOW)
    overrides.settle({"gate": CameraConfig(source="test://", fps=1.0)})  # another edit does not
    assert not overrides.effective("gate", ON).enabled
    overrides.settle({"gate": OFF})
    overrides.settle({"gate": ON})
    assert overrides.effective("gate", ON).enabled


def test_an_edit_while_the_daemon_is_away_ends_it_too(file: Path) -> None:
    overrides = Overrides(file)
    overrides.set("gate", True, False, NOW)
    keep(overrides)
    again = Overrides(file)
    assert again.effective("gate", ON) is ON and again.words("gate", ON) == ""
    assert again.set("gate", False, True, LATER)


def test_a_camera_that_goes_takes_it_along_and_a_renamed_one_keeps_it(file: Path) -> None:
    overrides = Overrides(file)
    overrides.set("gate", False, True, NOW)
    overrides.set("yard", False, True, NOW)
    overrides.rename("gate", "door")
    overrides.settle({"door": ON})
    assert keep(overrides) == ""
    assert set(json.loads(file.read_text())["cameras"]) == {"door"}
    assert overrides.words("door", ON) and not overrides.words("yard", ON)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"\xff", b"9" * 9999, b'{"cameras":5}', b'{"cameras":{"gate":{}}}', b"[" * 100_000,
     b'{"cameras":{"gate":{"enabled":"no","configured":true,"since":""}}}'],
)  # fmt: skip
def test_a_damaged_file_leaves_the_word_to_the_files(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    overrides = Overrides(file)
    assert overrides.effective("gate", ON) is ON
    assert len(caplog.records) == 1
    overrides.set("gate", False, True, NOW)
    assert keep(overrides) == ""
    assert Overrides(file).words("gate", ON)


def test_a_file_that_is_a_link_or_a_pipe_is_not_followed(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    (tmp_path / "other").write_text('{"cameras":{"gate":{"enabled":false,"configured":true,"since":"x"}}}')
    file.symlink_to(tmp_path / "other")
    assert Overrides(file).effective("gate", ON) is ON
    file.unlink()
    os.mkfifo(file)
    assert Overrides(file).effective("gate", ON) is ON


def unwritable(file: Path) -> None:
    file.parent.write_text("a file where a folder should be")


def full(file: Path) -> None:
    """As a folder is in its place, the last step fails, when the content is written already."""
    (file / "x").mkdir(parents=True)


@pytest.mark.parametrize("break_it", [unwritable, full])
def test_what_cannot_be_written_holds_until_the_next_start(file: Path, break_it: Callable[[Path], None]) -> None:
    break_it(file)
    overrides = Overrides(file)
    overrides.set("gate", False, True, NOW)
    said = keep(overrides)
    assert said.startswith(f"holds until the next start alone: {file} cannot be written: ")
    assert not overrides.effective("gate", ON).enabled
    assert not file.parent.is_dir() or os.listdir(file.parent) == [file.name]


def test_an_answer_to_a_command_that_is_being_written_down_is_written_too(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides, go = Overrides(file), threading.Event()
    real = overrides_module._write
    monkeypatch.setattr(overrides_module, "_write", lambda *what: (go.wait(60), real(*what)))

    async def off_and_on() -> None:
        overrides.set("gate", False, True, NOW)
        first = asyncio.ensure_future(overrides.keep())
        await asyncio.sleep(0)
        overrides.set("gate", True, True, LATER)
        second = asyncio.ensure_future(overrides.keep())
        await asyncio.sleep(0)
        go.set()
        assert await first == await second == ""

    asyncio.run(off_and_on())
    overrides.stop()
    assert Overrides(file).effective("gate", ON) is ON
