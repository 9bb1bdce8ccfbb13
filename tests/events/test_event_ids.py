from __future__ import annotations

import time
import uuid

import pytest

from edge.events.ids import EventIds


def test_it_is_a_uuid7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(EventIds()())
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_ids_rise() -> None:
    ids = EventIds()
    made = [ids() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(text).version == 7 for text in made[::500])


def test_ids_rise_when_the_clock_is_set_back_or_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_714_825_800_000 * 1_000_000]
    monkeypatch.setattr(time, "time_ns", lambda: now[0])
    ids = EventIds()
    made = [ids()]
    now[0] -= 3_600_000 * 1_000_000
    made += [ids() for _ in range(10_000)]  # more than the counter holds
    assert made == sorted(set(made))
    ahead = (uuid.UUID(made[-1]).int >> 80) - 1_714_825_800_000
    assert 2 <= ahead <= 5
    assert all(uuid.UUID(text).variant == uuid.RFC_4122 for text in made)
