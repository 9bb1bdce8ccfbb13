"""What the ring keeps of a stream: whole groups from a key picture on, bounded in time and bytes."""

from __future__ import annotations

import itertools
from typing import Any, List, Optional

import pytest

from edge.capture import native
from edge.capture.ring.ring import NotKept, Packet, Record, Ring

SECOND = 10**9
BASE = 1000 * SECOND


class Line:
    """In place of a Timeline."""

    base = BASE


class Picture:
    """In place of a Sample: no element has handed a number on."""

    def __init__(self, pts: int, number: Optional[int] = None) -> None:
        self.pts, self.buffer = pts, number


@pytest.fixture(autouse=True)
def numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.ring.ring.stamped", lambda buffer: buffer)


class Camera:
    """Gives a ring ``rate`` packets a second of ``size`` bytes, every ``group``-th of them a key picture."""

    def __init__(self, ring: Ring, group: int, rate: int = 10, size: int = 1000) -> None:
        self.ring, self.group, self.rate, self.size = ring, group, rate, size
        self.serials = itertools.count(1)

    def give(self, count: int) -> None:
        for _ in range(count):
            serial = next(self.serials)
            pts = serial * SECOND // self.rate
            key = (serial - 1) % self.group == 0
            self.ring.add(packet(serial, pts, key, self.size))


def packet(serial: int, pts: int, key: bool, size: int = 1000, clean: bool = True) -> Packet:
    nothing: Any = None
    line: Any = Line()
    return Packet(
        nothing, nothing, pts, native.NO_TIME, 0, size, key, False, line, pts, serial, clean
    )  # fmt: skip


def kept(seconds: float = 10, size: int = 10**9) -> Ring:
    ring = Ring()
    ring.keep(Record(seconds, size))
    return ring


def serials(packets: List[Packet]) -> List[int]:
    return [p.serial for p in packets]


def test_nothing_is_kept_until_it_is_asked_for() -> None:
    ring = Ring()
    Camera(ring, 10).give(20)
    assert ring.newest is None and ring.span(0, 2**62) == []
    with pytest.raises(NotKept, match="nothing of its stream is kept"):
        ring.find(None)


def test_it_begins_with_a_key_picture() -> None:
    ring = kept()
    camera = Camera(ring, 10)
    for _ in range(4):
        next(camera.serials)
    camera.give(10)
    assert serials(ring.since(0)) == list(range(11, 15))


def test_seconds_are_kept_in_whole_groups() -> None:
    ring = kept(seconds=3)
    Camera(ring, 10).give(100)  # ten groups of a second
    held = ring.since(0)
    assert held[0].key and (held[-1].running - held[0].running) / SECOND >= 3
    assert (held[-1].running - held[10].running) / SECOND < 3
    assert ring.bytes == sum(p.size for p in held)


def test_bytes_are_the_hard_bound() -> None:
    ring = kept(seconds=60, size=25_000)
    camera = Camera(ring, 10)
    for _ in range(200):
        camera.give(1)
        assert ring.bytes <= 25_000
        held = ring.since(0)
        assert held[0].key and serials(held) == list(range(held[0].serial, held[-1].serial + 1))


def test_a_group_larger_than_the_memory_goes_and_it_is_told() -> None:
    ring = kept(seconds=10, size=120_000)
    camera = Camera(ring, 200)  # key pictures 20 s apart, 120 pictures fit
    camera.give(119)
    ring.note(BASE + 5, Picture(5 * SECOND))  # type: ignore[arg-type]
    assert ring.find(BASE + 5).wanted.pts == 5 * SECOND
    camera.give(180)
    with pytest.raises(NotKept) as said:
        ring.find(BASE + 5)
    assert str(said.value) == (
        "its key pictures are 20 s apart, and 0.12 MB hold 12.0 s of it: cameras.*.memory"
    )  # fmt: skip


def test_a_picture_long_gone() -> None:
    ring = kept(seconds=2)
    camera = Camera(ring, 10)
    camera.give(10)
    ring.note(BASE + SECOND, Picture(SECOND))  # type: ignore[arg-type]
    camera.give(90)
    with pytest.raises(NotKept, match=r"that picture is 9\.0 s old, and 2\.\d s of its stream are kept in 0\.03 MB"):
        ring.find(BASE + SECOND)
    with pytest.raises(NotKept, match="not delivered by this process"):
        ring.find(BASE + 9 * SECOND + 1)


def test_the_newest() -> None:
    ring = kept(seconds=2)
    camera = Camera(ring, 10)
    camera.give(15)
    assert ring.find(None).wanted.serial == 11  # nothing was delivered: the newest key picture
    ring.note(7, Picture(13 * SECOND // 10))  # type: ignore[arg-type]
    found = ring.find(None)
    assert (found.captured, found.wanted.serial, serials(found.packets)) == (7, 13, [11, 12, 13, 14, 15])
    camera.give(60)  # nobody takes pictures any more
    assert ring.find(None).wanted.serial == 71


def test_a_picture_is_known_by_its_number_then_by_its_time_stamp() -> None:
    ring = kept()
    Camera(ring, 10).give(30)
    ring.note(1, Picture(SECOND, 22))  # type: ignore[arg-type]
    ring.note(2, Picture(SECOND))  # type: ignore[arg-type]
    ring.note(3, Picture(SECOND + SECOND // 20))  # type: ignore[arg-type]
    ring.note(4, Picture(native.NO_TIME))  # type: ignore[arg-type]
    assert [ring.find(n).wanted.serial for n in (1, 2, 3)] == [22, 10, 10]
    with pytest.raises(NotKept):
        ring.find(4)


def test_time_stamps_that_come_again_are_of_the_newest() -> None:
    ring = kept()
    for round_ in range(2):
        for n in range(10):
            ring.add(packet(round_ * 10 + n, n * SECOND // 10, n == 0))
    ring.note(1, Picture(SECOND // 2))  # type: ignore[arg-type]
    assert ring.find(1).wanted.serial == 15


def give(ring: Ring, groups: int, clean: bool = True) -> None:
    """Groups of 20: a key picture, two that are shown before it, and what follows."""
    for serial in range(20 * groups):
        place = serial % 20
        shown = serial - 3 if place in (1, 2) else serial
        ring.add(packet(serial, (shown + 10) * SECOND // 10, place == 0, clean=clean or serial == 0))


def test_what_is_shown_before_a_key_picture_is_decoded_from_the_one_before() -> None:
    ring = kept()
    give(ring, 3)
    for serial, first in ((40, 40), (41, 20), (45, 20), (58, 40), (20, 20), (22, 0)):
        ring._pairs[serial] = serial
        assert ring.find(serial).packets[0].serial == first, serial
    ring._pairs[1] = 1
    with pytest.raises(NotKept, match="came before the first that is kept"):
        ring.find(1)


def test_decoding_begins_where_a_decoder_can_begin() -> None:
    ring = kept()
    give(ring, 4, clean=False)  # but for the first
    for serial, first in ((40, 20), (58, 20), (41, 0), (0, 0), (19, 0), (20, 0), (61, 20)):
        ring._pairs[serial] = serial
        assert ring.find(serial).packets[0].serial == first, serial


def test_a_span() -> None:
    ring = kept()
    Camera(ring, 10).give(50)
    assert serials(ring.span(BASE + 25 * SECOND // 10, BASE + 3 * SECOND)) == list(range(21, 31))
    assert serials(ring.span(0, BASE + SECOND // 2)) == [1, 2, 3, 4, 5]
    assert ring.span(0, BASE) == []


def test_pairs_are_bounded_and_go_with_the_ring() -> None:
    ring = kept()
    camera = Camera(ring, 1)
    for n in range(3000):
        camera.give(1)
        ring.note(n, Picture((n + 1) * SECOND // 10))  # type: ignore[arg-type]
    assert len(ring._pairs) <= 1000
    ring.keep(None)
    assert ring.newest is None and not ring._pairs and not ring._latest and ring.bytes == 0
    ring.keep(Record(1, 1000))
    with pytest.raises(NotKept, match="no key picture has come since"):
        ring.find(None)
