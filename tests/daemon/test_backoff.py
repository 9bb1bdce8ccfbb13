"""How long the daemon waits before it tries again."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from edge.daemon.backoff import Backoff


@given(st.integers(0, 2**32))
def test_it_doubles_to_its_bound_with_up_to_a_quarter_of_jitter(seed: int) -> None:
    backoff = Backoff(first=1.0, most=30.0, rng=random.Random(seed))
    for base in (1, 2, 4, 8, 16, 30, 30, 30):
        assert base <= backoff.delay() <= 1.25 * base


def test_cameras_that_fail_together_do_not_try_together() -> None:
    delays = {round(Backoff(rng=random.Random(seed)).delay(), 3) for seed in range(20)}
    assert len(delays) > 15


def test_a_try_that_worked_for_a_while_starts_anew_and_a_short_one_does_not() -> None:
    backoff = Backoff(first=1.0, most=30.0, good=10.0, rng=random.Random(1))
    for _ in range(4):
        backoff.delay()
    assert backoff.delay(worked=9.9) >= 16
    assert backoff.delay(worked=10.0) <= 1.25
    assert 2 <= backoff.delay() <= 2.5


def test_what_cannot_mend_itself_waits_longest_at_once() -> None:
    backoff = Backoff(first=1.0, most=30.0, rng=random.Random(1))
    assert backoff.delay(slow=True) >= 30
    assert backoff.delay(worked=99) <= 1.25, "once it worked, all is well again"
