"""A short run of `make chaos-delivery`: whatever is killed or cut, every event arrives, in order for each camera."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.chaos_delivery.faults import BOTH, BROKER, CUT, DAEMON, turns
from scripts.chaos_delivery.run import chaos
from scripts.chaos_delivery.show import faults_table
from scripts.chaos_delivery.site import Site

SEED = 5
#: No fault begins after so many seconds; a slow machine does fewer.
SECONDS = 75.0
#: Events a second, on a machine that does much else.
LEAST_RATE = 3.0


@pytest.mark.timeout(480)  # its own bounds: starting, the faults, and the longest time to deliver what waits
def test_no_event_is_lost_and_none_out_of_order(tmp_path: Path) -> None:
    todo = turns(SEED, {DAEMON: 5, BROKER: 3, CUT: 2, BOTH: 1}, longest_cut=2.5)
    with Site(tmp_path / "site", cameras=2, seed=SEED, version="5") as site:
        result = chaos(site, todo, SECONDS, lambda *_: None, LEAST_RATE)
    result["seed"] = SEED
    assert result["kept"], f"{faults_table(result)}\n{site.daemon.log[-20000:]}"
    assert len(result["kinds"]) > 1
