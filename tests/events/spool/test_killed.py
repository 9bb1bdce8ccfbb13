"""kill -9 at any moment."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict, List, Set

import pytest

from scripts.servers import ROOT
from tests.events.spool.killed import BOUNDS
from tests.events.spool.spools import Bench, everything, number

KILLS = 30


@pytest.mark.timeout(600)
def test_nothing_that_was_put_is_lost(tmp_path: Path) -> None:
    dice = random.Random(6)
    has: List[int] = []  # put() returned
    begun: Set[int] = set()
    by_n: Dict[int, int] = {}  # number of the entry -> what it held: never another thing
    sent: Set[int] = set()
    for _ in range(KILLS):
        first = max(begun, default=0) + 1
        log = (tmp_path / "log").open("w+b")
        command = [sys.executable, "-m", "tests.events.spool.killed", str(tmp_path), str(first)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while b"ready" not in (tmp_path / "log").read_bytes():
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
        until = time.monotonic() + dice.uniform(0.0, 0.4)
        while time.monotonic() < until:
            pass
        process.kill()
        process.wait()
        log.seek(0)
        lines = log.read().decode().splitlines(keepends=True)
        log.close()
        old = []
        for word, *numbers in (line.split() for line in lines if line.endswith("\n")):
            values = [int(n) for n in numbers]
            if word == "put":
                begun.add(values[0])
            elif word == "has":
                has.append(values[0])
            elif word in ("old", "sent"):
                assert by_n.setdefault(values[0], values[1]) == values[1], "a number was used twice"
                if word == "sent":
                    sent.add(values[1])
                else:
                    old.append(values[1])
        assert old == sorted(old)
    bench = Bench(tmp_path)
    bench.bounds = BOUNDS
    left = everything(bench.open())
    for entry in left:
        assert by_n.setdefault(entry.n, number(entry.payload)) == number(entry.payload)
    found = [number(e.payload) for e in left]
    bench.close()
    assert found == sorted(set(found)), "in order, each once"
    assert set(has) <= set(found) | sent
    assert set(found) <= begun
    assert len(has) > 1000
    assert bench.troubles == []
