"""What comes out of a stream's tap is what went by, whenever it is asked for."""

from __future__ import annotations

import time
from typing import Any, Iterator

import pytest

from edge.capture import native
from edge.capture.gst import Gst
from edge.capture.ring.buffer import stamped
from edge.capture.ring.ring import Record, Ring
from edge.capture.ring.tap import Tap
from edge.wire.clock import monotonic_ns

SECOND = 10**9
LARGE = 10**9


class Line:
    """An appsrc's packets go by a tap, each when it is given."""

    def __init__(self, copied: bool = False) -> None:
        Gst.init(None)
        self.pipeline = Gst.parse_launch("appsrc name=in format=time ! identity name=at ! fakesink name=out sync=false")
        self.appsrc = self.pipeline.get_by_name("in")
        self.ring = Ring()
        self.tap = Tap(self.ring, copied)
        pad = self.pipeline.get_by_name("at").get_static_pad("src")
        self.sink = self.pipeline.get_by_name("out").get_static_pad("sink")
        self.passed = 0
        self.tap.place(self.pipeline, pad, self.sink)
        native.each_buffer(self.sink, self._count)
        self.pipeline.set_state(Gst.State.PLAYING)

    def _count(self, _buffer: int) -> int:
        self.passed += 1
        return native.PASS

    def give(self, number: int, size: int = 1000, key: bool = False, pts: bool = True) -> None:
        buffer = Gst.Buffer.new_wrapped(bytes([number % 256]) * size)
        if pts:
            buffer.pts = number * SECOND // 10
        if not key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        wanted = self.passed + 1
        assert self.appsrc.emit("push-buffer", buffer) == Gst.FlowReturn.OK
        del buffer
        while self.passed < wanted:
            time.sleep(0.0002)

    def caps(self, text: str) -> None:
        self.appsrc.set_property("caps", Gst.Caps.from_string(text))


@pytest.fixture(params=[False, True], ids=["held", "copied"])
def line(request: Any) -> Iterator[Line]:
    made = Line(request.param)
    made.caps("video/x-test,form=1")
    yield made
    made.pipeline.set_state(Gst.State.NULL)


def test_nothing_is_missing_whenever_it_is_asked_for(line: Line) -> None:
    line.tap.keep(Record(100, LARGE))
    for number in range(150):
        line.give(number, 1000 + number, key=number % 10 == 0)
        if number % 7 == 0 or number > 140:
            newest = line.ring.newest
            assert newest is not None and newest.pts == number * SECOND // 10
    packets = line.ring.since(0)
    assert [p.serial for p in packets] == list(range(1, 151))
    assert [stamped(p.buffer.address) for p in packets] == list(range(1, 151))
    assert [p.key for p in packets] == [n % 10 == 0 for n in range(150)]
    assert all(p.buffer.bytes() == bytes([n]) * (1000 + n) and p.size == 1000 + n for n, p in enumerate(packets))
    # The sink has the last one too.
    assert {native.Buffer.from_address(p.buffer.address).mini_object.refcount for p in packets[:-1]} == {1}


def test_each_has_the_caps_it_came_with(line: Line) -> None:
    line.tap.keep(Record(100, LARGE))
    for number in range(40):
        if number in (17, 18, 30):
            line.caps(f"video/x-test,form={number}")
        line.give(number, key=True)
    forms = [p.caps.text.partition("=(int)")[2] for p in line.ring.since(0)]
    assert forms == 17 * ["1"] + ["17"] + 12 * ["18"] + 10 * ["30"]


def test_without_a_time_stamp_it_is_of_when_it_came(line: Line) -> None:
    line.tap.keep(Record(100, LARGE))
    line.give(0, key=True)
    before = monotonic_ns()
    line.give(1, pts=False)
    after = monotonic_ns()
    time.sleep(0.05)
    last = line.ring.since(0)[-1]
    assert last.pts == native.NO_TIME and before <= last.captured_ns + 1000 and last.captured_ns <= after + 1000


def test_what_waits_is_bounded_in_number_and_in_bytes(line: Line) -> None:
    line.tap.keep(Record(100, LARGE))
    for number in range(200):
        line.give(number, key=number == 0)
        assert len(line.tap._waiting) <= 32
    line.tap.keep(Record(100, 320_000))
    for number in range(200):
        line.give(number, 10_000, key=number % 10 == 0)
        # Two are a sixteenth of the memory. That they have grown is known when those that waited were looked at.
        assert 10_000 * len(line.tap._waiting) <= (20_000 if number > 40 else 320_000)
        assert line.ring._bytes <= 320_000


def test_what_came_before_a_pause_is_not_kept_after_it(line: Line) -> None:
    line.tap.keep(Record(100, LARGE))
    for number in range(45):
        line.give(number, key=number % 10 == 0)
    line.tap.keep(None)
    assert line.ring.newest is None and not line.tap._waiting
    line.caps("video/x-test,form=2")
    line.give(45, key=True)
    line.tap.keep(Record(100, LARGE))
    assert line.ring.newest is None
    for number in range(46, 60):
        line.give(number, key=number % 10 == 0)
    packets = line.ring.since(0)
    assert [p.pts for p in packets] == [n * SECOND // 10 for n in range(50, 60)]
    assert all("form=(int)2" in p.caps.text for p in packets)
