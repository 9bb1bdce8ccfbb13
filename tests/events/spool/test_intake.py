"""The files in memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.events.spool import Entry
from edge.events.spool.folders import folders
from edge.events.spool.intake import NAMES, Intake
from edge.events.spool.record import pack
from tests.events.spool.spools import Bench, numbers, payload


def _write(intake: Intake, *ns: int) -> None:
    for n in ns:
        intake.write(n, pack("event", "gate", "zone.enter", payload(n)))


def _read(folder: Path) -> list:
    intake = Intake(folder, 1 << 20)
    try:
        return [e.n for e in intake.read()]
    finally:
        intake.close()


def test_what_was_written_is_read_by_the_next(tmp_path: Path) -> None:
    intake = Intake(tmp_path / "i", 1 << 20)
    _write(intake, 1, 2)
    intake.turn()
    _write(intake, 3)
    intake.close()
    intake = Intake(tmp_path / "i", 1 << 20)
    assert intake.read() == [Entry(n, "event", "gate", "zone.enter", payload(n), True) for n in (1, 2, 3)]
    intake.close()


def test_a_committed_file_is_emptied_and_the_other_is_not(tmp_path: Path) -> None:
    intake = Intake(tmp_path / "i", 1 << 20)
    _write(intake, 1, 2)
    intake.turn()
    _write(intake, 3)
    intake.committed(2)
    assert _read(tmp_path / "i") == [3]
    intake.turn()
    _write(intake, 4)
    intake.committed(3)
    assert _read(tmp_path / "i") == [4]
    intake.committed(4)
    assert _read(tmp_path / "i") == []
    intake.close()


def test_while_nothing_is_committed_the_newest_stay(tmp_path: Path) -> None:
    """For as much as memory holds at least, and twice that at most."""
    intake = Intake(tmp_path / "i", 2000)
    _write(intake, *range(1, 101))
    intake.close()
    left = _read(tmp_path / "i")
    assert left == list(range(left[0], 101))
    size = len(pack("event", "gate", "zone.enter", payload(1))) + 16
    assert 2000 // size <= len(left) <= 2 * 2000 // size + 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(cut=st.integers(1, 600))
def test_a_torn_record_is_dropped(tmp_path: Path, cut: int) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    intake = Intake(folder, 1 << 20)
    _write(intake, 1, 2, 3)
    intake.close()
    file = folder / NAMES[0]
    size = file.stat().st_size
    os.truncate(file, max(0, size - cut))
    left = _read(folder)
    each = size // 3
    assert left == [1, 2, 3][: max(0, size - cut) // each]
    intake = Intake(folder, 1 << 20)
    intake.read()
    _write(intake, 9)
    intake.close()
    assert _read(folder) == [*left, 9], "what is written after it is read"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(noise=st.binary(max_size=300))
def test_noise_is_no_record(tmp_path: Path, noise: bytes) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    Intake(folder, 1 << 20).close()
    (folder / NAMES[0]).write_bytes(noise)
    assert _read(folder) == []
    intake = Intake(folder, 1 << 20)
    _write(intake, 7)
    intake.close()
    assert _read(folder) == [7], "what is written after it is read"


def test_a_link_or_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OSError):
        Intake(tmp_path / "link", 100)
    with pytest.raises(OSError):
        Intake(tmp_path / "link" / "a" / "b", 100)
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    with pytest.raises(PermissionError, match="others may write"):
        Intake(open_to_all / "a", 100)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / NAMES[0]).symlink_to("/etc/passwd")
    with pytest.raises(OSError):
        Intake(tmp_path / "mine", 100)
    if os.geteuid() == 0:
        (tmp_path / "others").mkdir()
        os.chown(tmp_path / "others", 12345, 12345)
        with pytest.raises(PermissionError, match="another user"):
            Intake(tmp_path / "others", 100)


def test_without_an_intake_the_spool_goes_on_and_says_so_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.intake.symlink_to("/nowhere")
    spool = bench.open()
    made = bench.filled(spool, 50)
    assert numbers(spool.fetch(0, 100)) == made
    assert sum("a crash may lose" in r.getMessage() for r in caplog.records) == 1


def test_where_a_devices_files_are(tmp_path: Path) -> None:
    shm = f"/dev/shm/edge-{os.geteuid()}"
    assert folders(tmp_path, "gate", {}) == (tmp_path / "events/gate/events.db", Path(shm) / "intake/gate")
    assert folders(tmp_path, "gate", {"RUNTIME_DIRECTORY": "/run/edge:/run/x"})[1] == Path("/run/edge/intake/gate")
    given = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert folders(tmp_path, "gate", given)[1] == tmp_path / "edge/intake/gate"
    for name in ("..", "../../etc", "/etc", ".", "a/b", "a\0b", "a%2Fb"):
        file, memory = folders(tmp_path, name, {})
        assert file.parent.parent == tmp_path / "events" and memory.parent == Path(shm) / "intake"
        assert file.parent.name not in (".", "..") and "\0" not in str(file)
