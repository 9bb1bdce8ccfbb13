"""A file that cannot be read, or is not ours."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import List, Tuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.events.spool.database import VERSION
from scripts.servers import wait_until
from tests.events.spool.spools import Bench, everything, number, numbers, payload

_COUNT = 1500


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with blocks and slots of which the first 100 are delivered."""
    bench = Bench(tmp_path_factory.mktemp("sound"))
    spool = bench.open()
    for _ in range(_COUNT // 300):
        bench.filled(spool, 300)
    bench.filled(spool, 3)
    spool.delivered(range(1, 101))
    bench.close()
    return bench.file


def _damaged(bench: Bench, sound: Path) -> Path:
    bench.file.parent.mkdir(parents=True)
    return Path(shutil.copy(sound, bench.file))


def _asides(bench: Bench, word: str = "corrupt") -> List[str]:
    return [p.name for p in bench.file.parent.glob(f"events.db.{word}-*") if p.suffix not in ("-wal", "-shm")]


def _goes_on(bench: Bench) -> List[int]:
    """It opens, takes events, gives all out once and in order, also after a restart; what was salvaged."""
    spool = bench.open()
    wait_until(lambda: spool.state == "ok", timeout=60)
    spool.put("event", "gate", "zone.enter", payload(999_999))
    wait_until(lambda: numbers(spool.fetch(spool.last - 1, 1)) == [999_999], timeout=60)
    everything(spool)  # finds what is broken
    wait_until(lambda: spool._rounds._damage is None, timeout=60)
    found = everything(spool)
    told = [e.n for e in found]
    assert told == sorted(set(told))
    assert number(found[-1].payload) == 999_999
    assert all(number(e.payload) == e.n for e in found[:-1]), "an entry is what it was, or it is not there"
    spool.stop(30)
    again = bench.open()
    assert [e[:5] for e in everything(again)] == [e[:5] for e in found]
    again.stop(30)
    return told[:-1]


def _break_block(file: Path) -> Tuple[int, int]:
    """One in the middle: the entries beyond the one number and up to the other are in it."""
    link = sqlite3.connect(str(file))
    n, body = link.execute("SELECT n, body FROM blocks ORDER BY n LIMIT 1 OFFSET 3").fetchone()
    before = link.execute("SELECT max(n) FROM blocks WHERE n < ?", (n,)).fetchone()[0]
    link.execute("PRAGMA wal_checkpoint(FULL)")  # all of it is in the file itself
    link.close()
    with file.open("r+b") as f:
        f.seek(file.read_bytes().index(body[-40:]))
        f.write(bytes(30))
    return before, n


def test_a_sound_file(bench: Bench, sound: Path) -> None:
    _damaged(bench, sound)
    assert _goes_on(bench) == list(range(101, _COUNT + 4))
    assert _asides(bench) == [] and bench.troubles == []


def test_random_bytes_in_the_header(bench: Bench, sound: Path) -> None:
    file = _damaged(bench, sound)
    with file.open("r+b") as f:
        f.write(os.urandom(100))
    assert _goes_on(bench) == list(range(101, _COUNT + 4))
    assert len(_asides(bench)) == 1 and bench.kinds() == ["corrupt"]
    assert _asides(bench)[0] in bench.troubles[0].reason


@pytest.mark.parametrize("size", [0, 1, 100, 511, 512, 700])
def test_next_to_nothing_is_left(bench: Bench, sound: Path, size: int) -> None:
    os.truncate(_damaged(bench, sound), size)
    assert _goes_on(bench) == []


def test_the_end_is_missing(bench: Bench, sound: Path) -> None:
    file = _damaged(bench, sound)
    os.truncate(file, file.stat().st_size * 2 // 3)
    left = _goes_on(bench)
    # How much is found again hangs on where SQLite has put the pages that say where the others are.
    assert left and bench.kinds() == ["corrupt", "lost"]
    assert bench.troubles[1].count == _COUNT + 3 - 100 - len(left)


def test_one_block_is_broken(bench: Bench, sound: Path) -> None:
    """The others are there, and the loss is counted."""
    file = _damaged(bench, sound)
    before, n = _break_block(file)
    assert _goes_on(bench) == [i for i in range(101, _COUNT + 4) if not before < i <= n]
    assert bench.kinds() == ["corrupt", "lost"]
    assert bench.troubles[1].count == n - before


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40, derandomize=True
)
@given(seed=st.integers(0, 1 << 30), length=st.sampled_from([1, 16, 512, 4096, 20_000]))
def test_random_bytes_anywhere(sound: Path, tmp_path: Path, seed: int, length: int) -> None:
    dice = random.Random(seed)
    bench = Bench(Path(tempfile.mkdtemp(dir=tmp_path)))
    file = _damaged(bench, sound)
    size = file.stat().st_size
    with file.open("r+b") as f:
        f.seek(dice.randrange(max(1, size - length)))
        f.write(bytes(dice.getrandbits(8) for _ in range(length)))
    try:
        _goes_on(bench)
    finally:
        bench.close()


def test_it_breaks_while_it_runs(bench: Bench) -> None:
    spool = bench.open()
    made = bench.filled(spool, 300)
    for _ in range(5):
        made += bench.filled(spool, 300)
    spool.delivered([1])
    wait_until(lambda: not spool._rounds.changed, timeout=60)
    before, n = _break_block(bench.file)
    left = everything(spool)  # waits for the new file
    assert [e.n for e in left] == [i for i in range(2, len(made) + 1) if not before < i <= n]
    wait_until(lambda: bench.kinds() == ["corrupt", "lost"], timeout=60)
    assert bench.troubles[1].count == n - before
    made += bench.filled(spool, 1)
    assert spool.fetch(spool.last - 1, 1)[0].n == len(made)
    assert spool.waiting == len(left) + 1


def test_only_two_broken_files_are_kept(bench: Bench) -> None:
    bench.file.parent.mkdir(parents=True)
    for i in range(4):
        bench.file.write_bytes(b"no database %d" % i * 100)
        bench.open().stop(30)
    assert len(_asides(bench)) == 2


def test_a_later_version_is_moved_aside_whole(bench: Bench, sound: Path) -> None:
    file = _damaged(bench, sound)
    link = sqlite3.connect(str(file))
    link.execute(f"PRAGMA user_version = {VERSION + 1}")
    link.commit()
    link.close()
    told = file.read_bytes()
    assert _goes_on(bench) == []
    (aside,) = _asides(bench, "foreign")
    assert (bench.file.parent / aside).read_bytes() == told
    assert "later version" in bench.troubles[0].reason


def test_another_programs_database_is_moved_aside_whole(bench: Bench) -> None:
    bench.file.parent.mkdir(parents=True)
    link = sqlite3.connect(str(bench.file))
    link.execute("CREATE TABLE photos (id INTEGER PRIMARY KEY)")
    link.commit()
    link.close()
    assert _goes_on(bench) == []
    (aside,) = _asides(bench, "foreign")
    link = sqlite3.connect(str(bench.file.parent / aside))
    assert link.execute("SELECT count(*) FROM photos").fetchone() == (0,)
    link.close()
