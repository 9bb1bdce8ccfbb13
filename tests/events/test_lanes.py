"""Which entry goes next."""

from __future__ import annotations

from typing import List, Tuple

import pytest

from edge.events.mqtt import lanes as module
from edge.events.mqtt.lanes import PAGE, SHORT, Lanes
from edge.events.mqtt.refusals import ROW
from tests.support.memory_spool import MemorySpool


def filled(spool: MemorySpool, count: int) -> Lanes:
    for n in range(count):
        spool.event(n)
    return Lanes(spool, spool.last, 0.0)


def taken(lanes: Lanes, count: int, now: float = 0.0, settle: bool = True) -> List[Tuple[int, bool]]:
    found = []
    for _ in range(count):
        following = lanes.next(now)
        if following is None:
            break
        found.append((following[0].n, following[1]))
        if settle:
            lanes.settled(following[0].n)
    return found


def test_a_short_backlog_and_what_is_new_are_one_stream_in_order(spool: MemorySpool) -> None:
    lanes = filled(spool, SHORT)
    for n in range(50):
        spool.event(n)
    assert lanes.replaying and lanes.left() == SHORT
    found = taken(lanes, 2000)
    assert [n for n, _ in found] == list(range(1, SHORT + 51))
    assert [replayed for _, replayed in found] == SHORT * [True] + 50 * [False]
    assert not lanes.replaying and lanes.left() == 0
    assert spool.fetched <= PAGE, "never all at once"


def test_behind_a_long_backlog_what_is_new_goes_ahead_and_leaves_a_quarter(spool: MemorySpool) -> None:
    lanes = filled(spool, 3000)
    for n in range(900):
        spool.event(n)
    found = taken(lanes, 1200)
    replay, live = [n for n, r in found if r], [n for n, r in found if not r]
    assert replay == list(range(1, 301)) and live == list(range(3001, 3901)), "each in its order"
    assert all(sum(r for _, r in found[i : i + 4]) == 1 for i in range(0, 1200, 4))
    assert [r for _, r in taken(lanes, 100)] == 100 * [True], "the rest is the replay's"
    assert lanes.left() == 3000 - 400


def test_what_was_refused_comes_again_and_keeps_nothing_back(spool: MemorySpool) -> None:
    lanes = filled(spool, 5)
    assert [n for n, _ in taken(lanes, 5, settle=False)] == [1, 2, 3, 4, 5]
    for n in (1, 3):
        lanes.refused(n, "quota", 100.0)
    for n in (2, 4, 5):
        spool.delivered([n])
        lanes.settled(n)
    spool.event("new", camera="yard")
    assert taken(lanes, 5, 100.5) == [(6, False)], "another topic"
    spool.delivered([6])
    assert lanes.refusals.reason == "quota"
    # One is tried first.
    assert taken(lanes, 5, 102.5, settle=False) == [(1, True)]
    assert taken(lanes, 5, 110.0) == [], "its answer is waited for"
    spool.delivered([1])
    lanes.settled(1)
    assert taken(lanes, 5, 110.0) == [(3, True)]
    spool.delivered([3])
    assert lanes.next(110.0) is None
    assert (lanes.refusals.reason, lanes.refusals.pending, lanes.left()) == ("", False, 0)


def test_a_broker_that_takes_nothing_is_asked_less_and_less(spool: MemorySpool) -> None:
    lanes = filled(spool, 2000)
    sent, now = 0, 0.0
    asked = []
    while now < 300.0:
        following = lanes.next(now)
        if following is None:
            now += 0.5
            continue
        sent += 1
        asked.append(now)
        lanes.refused(following[0].n, "quota", now)
    assert lanes.refusals.everything
    assert ROW <= sent <= 25
    assert asked[-1] - asked[-2] > 14


def test_a_topic_that_is_never_allowed_keeps_no_other_back(spool: MemorySpool) -> None:
    """Half of a backlog is refused for ever: the other half is through soon, and new entries never wait."""
    for n in range(3000):
        spool.event(n, type="object.start" if n % 100 < 50 else "zone.enter")
    lanes = Lanes(spool, spool.last, 0.0)
    now = 0.0
    allowed = {e.n for e in spool.fetch(0, 5000) if e.type == "zone.enter"}
    while allowed and now < 1000.0:
        following = lanes.next(now)
        if following is None:
            now += 0.5
            continue
        entry = following[0]
        if entry.type == "zone.enter":
            spool.delivered([entry.n])
            lanes.settled(entry.n)
            allowed.discard(entry.n)
        else:
            lanes.refused(entry.n, "not authorised", now)
    assert not allowed
    assert now < 30.0
    spool.event("new")
    following = lanes.next(now)
    assert following is not None and following[0].n == 3001


def test_what_the_spool_gave_up_meanwhile_is_not_waited_for(
    spool: MemorySpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    lanes = filled(spool, 10)
    spool.delivered(range(5, 11))
    assert [n for n, _ in taken(lanes, 20)] == [1, 2, 3, 4]
    assert lanes.next(0.0) is None and lanes.left() == 0
