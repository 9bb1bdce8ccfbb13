"""Clips as they are ordered: begun, extended, collected while the stream goes on, written, answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.capture.bound import Bound
from edge.capture.ring.packet import Record
from edge.wire.clock import monotonic_ns
from tests.capture.clip_camera import SECOND, Camera, at, open_files
from tests.capture.clip_files import probed
from tests.capture.clip_streams import BASE, times
from tests.support.worker import PATIENCE


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    return Camera(tmp_path)


def test_a_clip_of_the_past_and_of_what_comes(camera: Camera) -> None:
    before = open_files()
    camera.go_on(1.2)
    path = camera.order(7, 0.6, 1.9)
    camera.go_on(1.8)
    assert camera.answers.empty() and path.stat().st_size == 0
    camera.go_on(2.5)
    answer = camera.answer()
    keys = [packet.captured_ns for packet in camera.packets if packet.key]
    assert answer["request"] == 7
    assert answer["start"] == max(key for key in keys if key <= at(0.6))
    assert at(1.9) < answer["end"] < at(2.1)
    assert (answer["codec"], answer["encoded"], answer["note"]) == ("h264", False, "")
    assert answer["bytes"] == path.stat().st_size
    inside = [p for p in camera.packets if answer["start"] <= p.captured_ns < answer["end"]]
    assert probed(path)["pts"] == pytest.approx(times(inside), abs=0.001)
    assert open_files() == before, "the descriptor is closed"


def test_its_end_is_moved_while_it_is_under_way(camera: Camera) -> None:
    camera.go_on(0.5)
    camera.order(1, 0, 0.8)
    camera.extend(1, 1.6)
    camera.go_on(1.2)
    camera.extend(1, 2.2)
    camera.extend(99, 50)  # nobody's
    camera.go_on(2.1)
    assert camera.answers.empty()
    camera.go_on(3)
    answer = camera.answer()
    assert answer["start"] == BASE and at(2.2) < answer["end"] < at(2.4)


def test_it_holds_what_the_ring_forgets(camera: Camera) -> None:
    camera.go_on(0.5)
    path = camera.order(1, 0, 2.8)
    camera.go_on(2.9)
    assert camera.ring.span(0, 2**63)[0].captured_ns > at(1)
    assert camera.answer()["start"] == BASE
    assert len(probed(path)["pts"]) == 86


def test_several_at_once_are_written_one_after_the_other(camera: Camera) -> None:
    camera.go_on(0.5)
    paths = [camera.order(n, 0.1 * n, 1 + 0.1 * n) for n in range(3)]
    camera.go_on(2)
    assert [camera.answer()["request"] for _ in paths] == [0, 1, 2]
    assert all(probed(path)["pts"] for path in paths)


def test_a_camera_that_dies_leaves_what_there_is(camera: Camera) -> None:
    camera.go_on(1.5)
    path = camera.order(1, 0.5, 100)
    camera.go_on(2)
    camera.clips.finish(Bound(monotonic_ns() + int(PATIENCE * SECOND)))
    answer = camera.answer()
    assert answer["note"] == "it ends early: the camera's stream ended"
    assert answer["end"] == pytest.approx(at(2), abs=SECOND // 25)
    assert len(probed(path)["pts"]) == 45


def test_a_camera_that_falls_silent_is_not_waited_for(camera: Camera) -> None:
    camera.go_on(1.5)
    camera.order(1, 0.5, 2)
    camera.clips.tick(at(6.9))
    assert camera.answers.empty()
    camera.clips.tick(at(7.1))
    assert camera.answer()["end"] == pytest.approx(at(1.5), abs=SECOND // 25)


def test_no_more_than_the_memory_holds_for_all_together(tmp_path: Path) -> None:
    camera = Camera(tmp_path)
    size = sum(packet.size for packet in camera.packets)
    camera.ring.keep(Record(1, size))
    camera.go_on(0.1)
    paths = [camera.order(1, 0, 100), camera.order(2, 0, 100)]
    camera.go_on(3)
    camera.clips.finish(Bound(monotonic_ns() + int(PATIENCE * SECOND)))
    first, second = (camera.answer() for _ in paths)
    for answer in (first, second):
        assert answer["note"] == "it ends early: the stream's memory holds no more (cameras.*.memory)"
        assert answer["bytes"] < 0.7 * size, "what waits for being written is held as well"
