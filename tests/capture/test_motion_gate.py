"""Which pictures matter: with motion, soon after it, now and then, and whenever somebody new takes them."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

import pytest

from edge.capture.motion.gate import Gate, wish

SECOND = 10**9
ORDER: Dict[str, Any] = {"sensitivity": 0.5, "heartbeat": 10.0, "hold": 3.0, "masks": []}
Shares = Callable[[float], Optional[float]]


def mattered(gate: Gate, seconds: float, share: Shares = lambda at: 0.0, since: float = 0.0) -> List[float]:
    """When, of ten pictures a second."""
    times = [since + n / 10 for n in range(int(seconds * 10))]
    return [at for at in times if gate.look(share(at), int(at * SECOND))]


def gate_of(**order: Any) -> Gate:
    return Gate(wish({**ORDER, **order}))


def test_without_a_wish_every_picture_matters() -> None:
    gate = Gate(wish(None))
    assert len(mattered(gate, 5, lambda at: None)) == 50
    gate.activity(5 * SECOND)
    gate.tick(1000 * SECOND)
    assert not gate.quiet and gate.passed == 0


def test_a_quiet_scene_has_a_first_second_and_heartbeats() -> None:
    gate = gate_of()
    times = mattered(gate, 35)
    assert times == [n / 10 for n in range(10)] + [10.9, 20.9, 30.9]
    assert gate.quiet and (gate.looked, gate.moved, gate.passed) == (350, 0, 350 - 13)


@pytest.mark.parametrize(("hold", "until"), [(3.0, 8.5), (0.5, 6.5)])
def test_motion_matters_at_once_and_for_a_while(hold: float, until: float) -> None:
    gate = gate_of(hold=hold, heartbeat=1000.0)
    times = mattered(gate, 20, lambda at: 0.01 if 4.8 < at < 5.55 else 0.0)
    assert times[10:] == [n / 10 for n in range(49, int(until * 10))], "a second at least"
    assert gate.moved == 7 and gate.quiet


def test_while_something_is_tracked_pictures_are_never_far_apart() -> None:
    gate = gate_of()
    gate.tracked = True
    times = mattered(gate, 6)
    assert times[10:] == pytest.approx([1.9, 2.9, 3.9, 4.9, 5.9])
    gate.tracked = False
    assert mattered(gate, 8, since=6.0) == []


def test_what_the_stream_lets_guess_is_as_good_as_motion() -> None:
    gate = gate_of(heartbeat=1000.0)
    mattered(gate, 5)
    assert gate.quiet
    gate.activity(5 * SECOND)
    assert not gate.quiet, "at once, before there is a picture"
    assert mattered(gate, 6, since=5.0) == [n / 10 for n in range(50, 80)]


def test_time_alone_makes_it_quiet() -> None:
    gate = gate_of()
    gate.tick(100 * SECOND)
    assert not gate.quiet, "nothing has been seen"
    gate.look(0.1, 100 * SECOND)
    gate.tick(int(102.9 * SECOND))
    assert not gate.quiet
    gate.tick(103 * SECOND)
    assert gate.quiet


def test_what_cannot_be_measured_matters() -> None:
    assert len(mattered(gate_of(), 5, lambda at: None)) == 50


def test_another_wish_while_it_runs() -> None:
    gate = gate_of(heartbeat=1000.0)
    mattered(gate, 10)
    gate.set(wish({**ORDER, "heartbeat": 2.0}))
    assert gate.quiet and mattered(gate, 4, since=10.0) == [10.0, 12.0]
    gate.set(None)
    assert not gate.quiet and len(mattered(gate, 2, since=14.0)) == 20
    gate.set(wish(ORDER))
    assert mattered(gate, 5, since=16.0) == [16 + n / 10 for n in range(10)], "as at the start"


def test_whoever_takes_pictures_anew_gets_the_first_of_them() -> None:
    gate = gate_of(heartbeat=1000.0)
    mattered(gate, 10)
    gate.begin()
    assert not gate.quiet
    assert len(mattered(gate, 10, since=10.0)) == 10
