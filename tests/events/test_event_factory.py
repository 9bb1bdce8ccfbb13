from __future__ import annotations

import threading
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.events.clock import WallClock, rfc3339
from edge.events.event import Event
from edge.events.factory import EventFactory
from edge.events.ids import new_boot_id
from tests.events.event_samples import factory, happenings


def test_seq_has_no_gap_and_ids_rise_under_threads() -> None:
    of = EventFactory("gate-7")
    made: List[List[Event]] = [[] for _ in range(8)]
    go = threading.Barrier(8)

    def work(mine: List[Event]) -> None:
        go.wait(10)
        for i in range(250):
            mine.append(of.make("square", happenings()[i % 8]) if i % 3 else of.camera_state("square", "online"))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    events = sorted((event for mine in made for event in mine), key=lambda e: e.seq)
    assert [e.seq for e in events] == list(range(1, 2001))
    ids = [e.id for e in events]
    assert ids == sorted(set(ids))
    for mine in made:
        assert [e.seq for e in mine] == sorted(e.seq for e in mine)
    assert {e.boot_id for e in events} == {of.boot_id}


def test_a_failure_leaves_no_gap() -> None:
    of = factory()
    with pytest.raises(ValueError, match="sleep"):
        of.device_state("sleep")
    assert of.device_state("start").seq == 1


def test_every_start_has_a_boot_id_of_its_own() -> None:
    assert EventFactory("a").boot_id != EventFactory("a").boot_id
    assert len({new_boot_id() for _ in range(100)}) == 100


def test_the_camera_is_on_line_or_not() -> None:
    of = factory()
    assert of.camera_state("square", "online").type == "camera.online"
    off = of.camera_state("square", "unauthorized", "the camera refuses the password")
    assert (off.type, off.state, off.reason) == ("camera.offline", "unauthorized", "the camera refuses the password")


def test_time_is_that_of_the_capture() -> None:
    wall = WallClock(wall=lambda: 1000.0, monotonic=lambda: 50.0)
    of = EventFactory("gate-7", clock=wall)
    assert of.camera_state("square", "online", time=49.75).time == "1970-01-01T00:16:39.750Z"
    assert of.camera_state("square", "online").time == "1970-01-01T00:16:40.000Z"


def test_the_clock_follows_when_it_is_set_and_does_not_tremble() -> None:
    now = {"wall": 1000.0, "monotonic": 50.0}
    clock = WallClock(wall=lambda: now["wall"], monotonic=lambda: now["monotonic"])
    assert clock(50.0) == 1000.0
    now["wall"] += 0.004
    assert clock(50.0) == 1000.0
    now["wall"] = 1714825800.0  # the network told the time
    assert clock(49.0) == 1714825799.0
    now["wall"] = 900.0  # and back
    assert clock(50.0) == 900.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1714825800.2499, "2024-05-04T12:30:00.250Z"),
        (1714825799.9996, "2024-05-04T12:30:00.000Z"),
        (951782399.5, "2000-02-28T23:59:59.500Z"),
    ],
)
def test_rfc3339(seconds: float, text: str) -> None:
    assert rfc3339(seconds) == text


@settings(deadline=None)
@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_times_sort_as_text(a: float, b: float) -> None:
    assert (rfc3339(a) <= rfc3339(b)) or b < a
