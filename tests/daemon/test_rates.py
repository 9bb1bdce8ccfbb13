"""The figures of the status table."""

from __future__ import annotations

import pytest

from edge.daemon.rates import CounterRate, EventRate, Latencies, stages_ms
from edge.wire.messages import Times


def test_stages_of_a_picture_add_up() -> None:
    stages = stages_ms(Times(0, 10_000_000, 11_000_000, 15_000_000, 16_500_000, 36_500_000, 37_000_000))
    assert stages == pytest.approx({"decode": 10, "wait": 5, "prepare": 1.5, "infer": 20, "outputs": 0.5})
    assert sum(stages.values()) == pytest.approx(37)


def test_the_rate_of_a_counter() -> None:
    rate = CounterRate(span=5.0)
    assert rate.rate(0.0) == 0.0
    for second in range(20):
        rate.add(float(second), 25 * second)
    assert rate.rate(19.5) == pytest.approx(25)
    assert rate.rate(40.0) == 0.0, "nothing was reported for a while"


def test_a_counter_that_begins_anew_is_no_negative_rate() -> None:
    rate = CounterRate()
    for second, count in enumerate((100, 130, 160, 0, 30, 60)):
        rate.add(float(second), count)
        assert rate.rate(float(second)) >= 0
    assert rate.rate(5.0) == pytest.approx(30)


def test_the_rate_of_what_happens() -> None:
    rate = EventRate(span=5.0)
    assert rate.rate(0.0) == 0.0
    for number in range(100):
        rate.add(number * 0.2)
    assert rate.rate(19.8) == pytest.approx(5.0, rel=0.05)
    assert rate.rate(60.0) == 0.0


def test_latencies_are_medians_of_the_last_pictures() -> None:
    latencies = Latencies(window=5)
    assert latencies.medians() == {}
    for value in (1000.0, 1.0, 2.0, 3.0, 4.0, 500.0):
        latencies.add({"infer": value})
    assert latencies.medians() == {"infer": 3.0}, "neither what is long ago nor one that was slow"
