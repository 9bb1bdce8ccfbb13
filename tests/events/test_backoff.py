"""The delays between attempts to connect."""

from __future__ import annotations

import random

import pytest

from edge.events.mqtt.backoff import LONGEST, STEADY, Backoff


def test_it_doubles_up_to_half_a_minute() -> None:
    backoff = Backoff(random.Random(1))
    delays = [backoff.delay() for _ in range(12)]
    for delay, step in zip(delays, [2, 4, 8, 16, *8 * [30]]):
        assert max(1.0, step / 2) <= delay <= step


def test_a_connection_that_held_begins_anew_and_one_that_did_not_goes_on() -> None:
    backoff = Backoff()
    for _ in range(8):
        backoff.delay(held=STEADY - 1)
    assert backoff.delay(held=STEADY - 1) >= LONGEST / 2
    assert backoff.delay(held=STEADY) <= 2.0


def test_who_is_told_to_stay_away_does() -> None:
    backoff = Backoff()
    assert backoff.delay(held=STEADY, slow=True) >= LONGEST / 2


@pytest.mark.parametrize("step", range(8))
def test_a_hundred_devices_do_not_come_back_at_once(step: int) -> None:
    """All lose their broker at the same moment, and fail as often: in no tenth of the time come more than a quarter."""
    delays = []
    for seed in range(100):
        backoff = Backoff(random.Random(seed))
        delays.append([backoff.delay() for _ in range(step + 1)][-1])
    first, last = min(delays), max(delays)
    assert last - first > 0.4 * last
    tenth = (last - first) / 10
    assert max(sum(first + i * tenth <= d <= first + (i + 1) * tenth for d in delays) for i in range(10)) <= 25
