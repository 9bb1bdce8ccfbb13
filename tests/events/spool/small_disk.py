"""What happens on a disk that is full or read-only: ``unshare -m python -m tests.events.spool.small_disk WHAT FOLDER``.

A file system in memory is mounted in a namespace of this process's own, and is gone with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict

from edge.events.spool import rounds
from scripts.servers import wait_until
from tests.events.spool.spools import Bench, everything, numbers

_PATIENCE = 60


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def full(bench: Bench) -> None:
    _mount(bench.file.parent, "size=1M")
    spool = bench.open()
    made = bench.filled(spool, 100)
    filler = bench.file.with_name("filler")
    with filler.open("wb") as f:
        try:
            while True:
                os.write(f.fileno(), b"x" * 4096)
        except OSError:
            pass
    # The WAL may still have some room.
    wait_until(lambda: made.extend(bench.put(spool, 20, pad=os.urandom(200).hex())) or spool.state == "memory")
    made += bench.put(spool, 10)
    wait_until(lambda: numbers(everything(spool)) == made, timeout=_PATIENCE, what="all to be given out from memory")
    assert [e.n for e in everything(spool)] == list(range(1, len(made) + 1))
    spool.delivered(range(1, 6))
    assert bench.kinds() == ["memory"] and spool.reason, bench.troubles
    filler.unlink()
    wait_until(lambda: spool.state == "ok", timeout=_PATIENCE, what="the disk to be used again")
    wait_until(lambda: bench.kinds() == ["memory", "recovered"], timeout=_PATIENCE)
    made += bench.filled(spool, 10)
    assert numbers(everything(spool)) == made[5:]
    spool.stop(30)
    assert numbers(everything(bench.open())) == made[5:]
    assert bench.kinds() == ["memory", "recovered"], bench.troubles


def readonly(bench: Bench) -> None:
    _mount(bench.file.parent, "size=4M")
    spool = bench.open()
    made = bench.filled(spool, 300)
    spool.delivered([1])
    spool.stop(30)
    subprocess.run(["mount", "-o", "remount,ro", str(bench.file.parent)], check=True)
    spool = bench.open()
    wait_until(lambda: bench.kinds() == ["memory"], timeout=_PATIENCE)
    assert spool.state == "memory" and "read" in spool.reason.lower(), spool.reason
    made += bench.put(spool, 30)
    assert numbers(everything(spool)) == made[1:], "what waited before can be read"
    assert [e.n for e in spool.fetch(300, 99)] == list(range(301, 331))
    spool.delivered([2, 301])
    subprocess.run(["mount", "-o", "remount,rw", str(bench.file.parent)], check=True)
    wait_until(lambda: spool.state == "ok", timeout=_PATIENCE, what="the disk to be used again")
    assert [e.n for e in everything(spool)] == [n for n in range(3, 331) if n != 301]
    made += bench.filled(spool, 1)
    spool.stop(30)
    assert [e.n for e in everything(bench.open())] == [n for n in range(3, 332) if n != 301]


WHAT: Dict[str, Callable[[Bench], None]] = {"full": full, "readonly": readonly}


def main() -> None:
    rounds.RETRY = (0.05,)
    bench = Bench(Path(sys.argv[2]))
    bench.file.parent.mkdir()
    WHAT[sys.argv[1]](bench)
    bench.close()
    print("well")


if __name__ == "__main__":
    main()
