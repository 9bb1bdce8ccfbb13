"""Which growth of a process is a leak."""

from __future__ import annotations

from typing import Any

from edge.daemon.growth import Growth

MIB = 1 << 20


def beat(mib: int, **more: Any) -> Any:
    return {"rss": mib * MIB, "fds": 9, "threads": 9, **more}


def settled(kept: int = 0) -> Growth:
    growth = Growth(kept)
    assert not any(growth.look(beat(100)) for _ in range(30))
    return growth


def test_what_it_may_keep_of_its_stream_is_no_leak() -> None:
    assert settled().look(beat(400)) == "memory from 100 to 400 MiB"
    assert settled(100 * MIB).look(beat(450)) == ""
    assert settled(100 * MIB).look(beat(460)) != ""


def test_what_a_clip_takes_is_no_leak_until_some_time_after_it() -> None:
    growth = settled()
    assert not any(growth.look(beat(1000, busy=True)) for _ in range(100))
    assert not any(growth.look(beat(1000, busy=False)) for _ in range(10))
    assert growth.look(beat(1000))


def test_a_clip_at_the_beginning_is_no_measure() -> None:
    growth = Growth()
    assert growth.look(beat(2000, busy=True)) == ""
    assert not any(growth.look(beat(100)) for _ in range(40))
    assert growth.look(beat(400))
