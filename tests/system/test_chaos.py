"""A short run of `make chaos`: random faults side by side, and afterwards everything is as it was."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from scripts.chaos.__main__ import chaos, table
from scripts.chaos.faults import CAMERA
from scripts.chaos.run import Series, turns
from scripts.chaos.site import Site

CAMERAS, FAULTS, SEED = 4, 40, 11
#: No fault begins after so many seconds; a slow machine does fewer.
SECONDS = 90.0


@pytest.mark.timeout(480)  # its own bounds: twice the time for everything to come back, and the faults before
def test_faults_of_every_kind_leave_nothing_behind(tmp_path: Path) -> None:
    with Site(tmp_path, CAMERAS, SEED) as site:
        result = chaos(site, FAULTS, SECONDS)
    result["seed"] = SEED
    assert result["kept"], f"{table(result)}\n{site.daemon.log}"
    assert len(result["kinds"]) > 5


def test_what_happens_follows_from_the_seed() -> None:
    def first(name: str, seed: int) -> list:  # type: ignore[type-arg]
        return list(islice(turns(Series(name, CAMERA, (0.2, 6.0), (0.0, 2.0)), seed), 300))

    assert first("c1", 1) == first("c1", 1)
    assert first("c1", 1) != first("c1", 2)
    assert first("c1", 1) != first("c2", 1)
    assert {turn.kind for turn in first("c1", 1)} == set(CAMERA)
