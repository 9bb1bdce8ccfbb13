"""Who is limited by whose lanes, over the last seconds."""

from __future__ import annotations

from edge.daemon.limits import Limits


def test_the_model_that_was_named_most_in_the_last_seconds() -> None:
    limits = Limits()
    assert limits.of(1, 0.0) is None
    for second in range(30):
        limits.heard(float(second), {"1": 7 if second % 3 else 8, "2": 8})
    assert (limits.of(1, 29.5), limits.of(2, 29.5), limits.of(3, 29.5)) == (7, 8, None)
    for second in range(30, 36):
        limits.heard(float(second), {"1": 8})
    assert limits.of(1, 35.5) == 8, "what was before counts less and less"
    assert limits.of(2, 38.0) == 8 and limits.of(2, 39.5) is None
    limits.forget(1)
    assert limits.of(1, 35.5) is None
