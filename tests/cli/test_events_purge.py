"""`edge events purge`: what goes, what stays, and that it is asked for."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import Dict

import pytest

from scripts.servers import PATIENCE, ROOT
from tests.cli.kept_events import Site, keep, several


def test_purge_before_a_time_leaves_what_waits(site: Site) -> None:
    keep(site.state, several(10), delivered=6)
    assert site("purge", "--before", "2024-05-04T00:03:00Z", "--yes") == (0, "3 events of gate-7 deleted\n", "")
    assert site.ids() == [4, 5, 6, 7, 8, 9, 10]
    assert site("purge", "--all", "--yes")[1] == "3 events of gate-7 deleted\n"
    assert site.ids() == [7, 8, 9, 10]
    assert site("purge", "--all", "--waiting", "--yes")[1] == "4 events of gate-7 deleted\n"
    assert site.ids() == []


def test_purge_asks_and_where_nobody_is_there_it_does_nothing(site: Site) -> None:
    keep(site.state, several(10), delivered=6)
    assert site("purge", "--all", "--waiting") == (
        1, "", "edge: delete 6 delivered events and 4 events that no broker has yet of gate-7? Nobody is here to be "
        "asked: say --yes\n",
    )  # fmt: skip
    assert site("purge", "--yes")[0] == 2
    assert len(site.ids()) == 10


@pytest.mark.parametrize(("answer", "status", "left"), [("n", 1, 10), ("", 1, 10), ("y", 0, 4)])
def test_purge_at_a_terminal(
    site: Site, clean_environment: Dict[str, str], answer: str, status: int, left: int
) -> None:
    keep(site.state, several(10), delivered=6)
    ours, theirs = pty.openpty()
    environment = {**clean_environment, "XDG_DATA_HOME": str(site.folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "events", "purge", "--device", "gate-7", "--all"], cwd=str(ROOT),
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    process.communicate(timeout=PATIENCE)
    os.close(ours)
    assert process.returncode == status
    assert len(site.ids()) == left
