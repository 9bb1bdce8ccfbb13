"""The file in which is kept what Home Assistant was told."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.homeassistant.daemon_side import BOX, GATE, YARD, Daemon, cameras, disabled
from tests.homeassistant.samples import TELEMETRY


def test_where_it_is_never_turned_on_nothing_is_written(daemon: Daemon) -> None:
    assert daemon.change(disabled("gate")) == []
    daemon.told.telemetry(TELEMETRY)
    daemon.tick()
    daemon.stop()
    assert not daemon.file.parent.exists()
    assert daemon.publisher.listened == []


def test_the_file_is_its_owners(daemon: Daemon) -> None:
    old = os.umask(0)
    try:
        daemon.change(cameras("gate"))
        daemon.stop()
    finally:
        os.umask(old)
    assert stat.S_IMODE(daemon.file.stat().st_mode) == 0o600
    assert [path.name for path in daemon.file.parent.iterdir()] == [daemon.file.name]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"told": 7, "fields": []}', b'{"told": {"a": 7}, "fields": []}', b"\xff",
        b'{"told": {"homeassistant/device/x/config": 7}, "fields": []}', b"[" * 100000,
    ],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(daemon: Daemon, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    daemon.file.parent.mkdir()
    daemon.file.write_bytes(content)
    daemon.start()
    assert daemon.change(cameras("gate")) == [BOX, GATE]
    daemon.start()
    assert daemon.change(cameras()) == [f"-{GATE}", BOX]


def test_a_file_that_somebody_wrote_empties_no_other_topics(daemon: Daemon) -> None:
    told = {"edge/other/state": {}, "#": {}, "homeassistant/device/x/config": {"a": "sensor", "b": 7}}
    daemon.file.parent.mkdir()
    daemon.file.write_text(json.dumps({"told": told, "fields": [["cpu", "load"], [], [7], 7, ["x", "y"]]}))
    daemon.start()
    assert daemon.change(cameras()) == ["-homeassistant/device/x/config", BOX]


def test_a_link_in_the_place_of_the_file_is_not_followed(daemon: Daemon, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    daemon.file.parent.mkdir()
    daemon.file.symlink_to(precious)
    daemon.start()
    daemon.change(cameras("gate"))
    daemon.stop()
    assert precious.read_text() == "precious"


def test_a_folder_that_cannot_be_written_to_stops_nothing(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    daemon.file.parent.write_text("no folder")
    assert daemon.change(cameras("gate", "yard")) == [BOX, GATE, YARD]
    assert daemon.change(cameras("gate")) == [f"-{YARD}"]
    daemon.stop()
    assert [r.getMessage().count("cannot be kept") for r in caplog.records if "kept" in r.getMessage()] == [1]
