"""A disk that is full, and one that cannot be written: on a small one of the test's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

from scripts.servers import ROOT

BEGIN = """
import json, logging, os, subprocess, sys, time, uuid
from pathlib import Path
from edge.events.evidence.store import Store
from edge.events.evidence.places import StoreError
said = []
class Said(logging.Handler):
    def emit(self, record): said.append(record.getMessage())
logging.getLogger("edge").addHandler(Said()); logging.getLogger("edge").setLevel("INFO")
folder = Path(sys.argv[1])
(folder / "evidence").mkdir()
store = Store(folder / "evidence", 1 << 30, 1e6)
def write(size, data=b"x"):
    relative = f"gate/2026-05-04/{uuid.uuid4()}.jpg"
    draft = store.create(relative)
    try:
        left = size
        while left: left -= os.write(draft.fd, data * min(left, 65536))
    except OSError as error:
        draft.drop()
        raise
    store.commit(draft)
    return relative
def count():
    store.start()
    while not store._counted: store.tidy(); time.sleep(0.01)
def files(): return sorted(p.name for p in folder.rglob("*.jpg"))
def parts(): return [p.name for p in folder.rglob(".*")]
def tell(**what): print(json.dumps(dict(what, state=store.state, reason=store.reason, said=said)))
"""


def on_a_small_disk(tmp_path: Path, code: str, size: str = "1m") -> Dict[str, Any]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size={size} none "$0" && exec "$@"'
    prefix = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", mount, str(disk)]
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True, text=True, timeout=60)
    except OSError as error:
        pytest.skip(f"no mount namespace: {error}")
    if allowed.returncode:
        pytest.skip("no disk can be mounted (root is needed): " + allowed.stderr.strip()[-200:])
    done = subprocess.run(
        [*prefix, sys.executable, "-c", BEGIN + code, str(disk)], capture_output=True, text=True, timeout=150, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    answer: Dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_full_disk_makes_room_by_the_oldest(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
count()
first = [write(100_000) for _ in range(5)]
for n, relative in enumerate(first): os.utime(folder / "evidence" / relative, (n + 1, n + 1))
for _ in range(30): write(100_000)
free = os.statvfs(folder); free = free.f_bavail * free.f_frsize
tell(first=[p for p in first if (folder / "evidence" / p).exists()], files=len(files()), parts=parts(), free=free)
""",
    )
    assert told["first"] == [] and 5 <= told["files"] <= 10
    assert told["parts"] == []
    assert told["state"] == "short" and "the disk is full" in told["reason"]
    assert told["said"].count("evidence short") == 1, "said once, not with every picture"


def test_a_disk_that_others_have_filled_and_that_gets_room_again(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
count()
others = folder / "others"
with open(others, "wb", buffering=0) as file:
    try:
        while True: file.write(b"x" * 4096)
    except OSError: pass
refused = 0
for _ in range(20):
    try: write(1000)
    except StoreError as error: refused += 1; words = str(error)
state = store.state
others.unlink()
write(1000)
tell(refused=refused, words=words, before=state, files=len(files()), parts=parts())
""",
    )
    assert told["refused"] == 20 and "No space left on device" in told["words"]
    assert told["before"] == "full" and told["state"] == "ok" and told["files"] == 1
    assert told["said"] == ["evidence full", "evidence ok"]


def test_one_who_fills_the_disk_while_writing_leaves_nothing(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
count()
kept = write(1000)
try: write(3_000_000); refused = False
except OSError: refused = True
room = store.make_room()
tell(refused=refused, kept=store.read(kept) is not None, room=room, files=len(files()), parts=parts())
""",
    )
    assert told["refused"] and told["parts"] == []
    assert told["room"] and told["files"] == 0, "the oldest went, so that another try has room"


def test_some_of_the_disk_is_left_for_the_events(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
count()
least = 1 << 30
for _ in range(2000):
    write(10_000)
    disk = os.statvfs(folder); least = min(least, disk.f_bavail * disk.f_frsize)
tell(least=least)
""",
        "4m",
    )
    assert told["least"] >= (4 << 20) // 20 - 16_384


def test_a_read_only_disk_is_said_once_and_used_again_when_it_can_be(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
count()
kept = write(1000)
def remount(how): subprocess.run(["mount", "-o", "remount," + how, str(folder)], check=True)
remount("ro")
refused = 0
for _ in range(20):
    try: write(1000)
    except StoreError as error: refused += 1; words = str(error)
    store.tidy()
before, read = store.state, store.read(kept)
remount("rw")
write(1000)
tell(refused=refused, words=words, before=before, read=len(read), files=len(files()))
""",
    )
    assert told["refused"] == 20 and "Read-only file system" in told["words"]
    assert told["before"] == "failed" and told["state"] == "ok" and told["files"] == 2
    assert told["read"] == 1000
    assert told["said"] == ["evidence failed", "evidence ok"]
