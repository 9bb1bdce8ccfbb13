"""Clips that cannot be: each order is answered, whatever happens, and the next is served."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Dict, List

import pytest

from edge.boards import ANY_MACHINE
from edge.capture.bound import Bound
from edge.capture.clip.clip import Clips
from edge.capture.clip.clip import write as clip_write
from edge.capture.evidence_fault import EvidenceError
from edge.wire.channel import Closed
from edge.wire.clock import monotonic_ns
from scripts.servers import wait_until
from tests.capture.clip_camera import SECOND, Camera, at, open_files
from tests.capture.clip_files import probed
from tests.support.worker import PATIENCE


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    return Camera(tmp_path)


def test_nothing_is_kept(camera: Camera) -> None:
    camera.ring.keep(None)
    path = camera.order(1, 0, 1)
    assert camera.answer(ok=False)["reason"] == "nothing of its stream is kept"
    assert path.stat().st_size == 0


def test_nothing_is_kept_any_more(camera: Camera) -> None:
    camera.go_on(1)
    camera.order(1, 0, 100)
    camera.go_on(1.5)
    camera.ring.keep(None)
    camera.clips.tick(at(1.5))
    assert camera.answer()["note"] == "it ends early: nothing of the stream is kept any more"


def test_orders_that_are_none(camera: Camera, tmp_path: Path) -> None:
    before = open_files()
    camera.go_on(1)
    for wrong in ({"from": "x"}, {"to": None}, {"masks": ...}, {"request": []}):
        message = {"op": "clip", "request": 1, "from": at(0), "to": at(1), "masks": []}
        message.update(wrong)  # type: ignore[arg-type]
        if message["masks"] is ...:
            del message["masks"]
        with pytest.raises((KeyError, TypeError, ValueError)):
            camera.clips.order(message, os.open(str(tmp_path / "x"), os.O_RDWR | os.O_CREAT))
    camera.clips.order({"op": "clip", "request": 2, "from": at(0), "to": at(1), "masks": []}, os.pipe()[1])
    assert camera.answer(ok=False)["reason"] == "what came with the order is no file"
    camera.clips.order({"op": "clip", "request": 3, "from": at(0), "to": at(1), "masks": []})
    assert camera.answer(ok=False)["reason"] == "no file came with it"
    assert open_files() == before + 1, "the pipe's other end is this test's"


def test_too_many_are_refused(camera: Camera) -> None:
    camera.go_on(0.5)
    for n in range(9):
        camera.order(n, 0, 100)
    refused = camera.answer(ok=False)
    assert refused["request"] == 8 and "under way" in refused["reason"]


def test_those_that_wait_for_the_writer_are_counted(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    goes = threading.Event()
    monkeypatch.setattr("edge.capture.clip.clip.write", lambda *how: goes.wait(PATIENCE) and 1 / 0)
    camera.go_on(1)
    for n in range(9):
        camera.order(n, 0, 0.2)
        camera.clips.tick(at(10))
    assert camera.answer(ok=False)["request"] == 8
    goes.set()
    assert [camera.answer(ok=False)["request"] for _ in range(8)] == list(range(8))


def test_what_nobody_waits_for_any_more_is_not_written(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, goes, written = threading.Event(), threading.Event(), []

    def write(*how: Any) -> Any:
        written.append(how[1])
        begun.set()
        assert goes.wait(PATIENCE)
        return clip_write(*how)

    monkeypatch.setattr("edge.capture.clip.clip.write", write)
    camera.go_on(1)
    paths = [camera.order(n, 0, end) for n, end in enumerate((0.2, 0.2, 100))]
    camera.go_on(1.5)
    assert begun.wait(PATIENCE)
    for path in paths[1:]:
        path.unlink()
    camera.clips.tick(at(1.5))
    assert camera.answer(ok=False) == {
        "op": "clip", "request": 2, "ok": False, "reason": "nobody waits for it any more",
    }  # fmt: skip
    goes.set()
    assert camera.answer()["request"] == 0
    assert camera.answer(ok=False)["request"] == 1
    assert len(written) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_other_masks_while_it_is_written(camera: Camera, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    begun, goes, masks = threading.Event(), threading.Event(), []

    def write(*how: Any) -> Any:
        masks.append(how[2])
        begun.set()
        assert goes.wait(PATIENCE)
        os.write(how[1], b"x" * 10**6)
        if fails and len(masks) == 1:
            raise EvidenceError("those masks cannot be")
        os.ftruncate(how[1], 0)
        os.lseek(how[1], 0, os.SEEK_SET)
        return clip_write(*how)

    monkeypatch.setattr("edge.capture.clip.clip.write", write)
    camera.go_on(1)
    path = camera.order(1, 0, 0.5)
    waits = camera.order(2, 0, 0.5)
    camera.go_on(1.5)
    assert begun.wait(PATIENCE)
    triangle = [[[0, 0], [1, 0], [0, 1]]]
    for request in (1, 2):
        camera.clips.order({"op": "clip", "request": request, "to": at(0.5), "masks": triangle})
    goes.set()
    answers = [camera.answer() for _ in range(2)]
    assert masks == [[], triangle, triangle]
    assert all(answer["encoded"] for answer in answers)
    for written in (path, waits):
        assert probed(written)["pts"] and written.read_bytes()[4:8] == b"ftyp"


def test_no_picture_in_its_time(camera: Camera) -> None:
    path = camera.order(1, 0, 1)
    camera.clips.tick(at(10))
    assert "no key picture" in camera.answer(ok=False)["reason"]
    assert path.stat().st_size == 0


def test_a_failure_and_a_bug_are_told_and_the_next_is_written(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.go_on(1)
    faults: List[Exception] = [EvidenceError("no luck"), RuntimeError("a bug")]
    real = clip_write

    def write(*how: Any) -> Any:
        if faults:
            os.write(how[1], b"half of it")
            raise faults.pop(0)
        return real(*how)

    monkeypatch.setattr("edge.capture.clip.clip.write", write)
    paths = [camera.order(n, 0, 1) for n in range(3)]
    camera.go_on(2)
    assert [camera.answer(ok=False)["reason"] for _ in range(2)] == ["no luck", "RuntimeError: a bug"]
    camera.answer()
    assert [path.stat().st_size > 0 for path in paths] == [False, False, True]


def test_what_is_not_written_before_the_process_ends_is_told(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.go_on(1)
    begun, goes = threading.Event(), threading.Event()
    monkeypatch.setattr("edge.capture.clip.clip.write", lambda *how: begun.set() or goes.wait(PATIENCE))
    paths = [camera.order(n, 0, 1) for n in range(2)]
    camera.go_on(2)
    assert begun.wait(PATIENCE)
    camera.clips.finish(Bound(monotonic_ns()))
    for n in range(2):
        assert camera.answer(ok=False) == {
            "op": "clip", "request": n, "ok": False, "reason": "the camera's process ended before it was written",
        }  # fmt: skip
    goes.set()
    assert all(path.stat().st_size == 0 for path in paths)


def test_a_daemon_that_is_gone(camera: Camera) -> None:
    def send(_message: Dict[str, Any]) -> None:
        raise Closed("gone")

    camera.clips = Clips(camera.ring, ANY_MACHINE, send)
    camera.go_on(1)
    path = camera.order(1, 0, 1)
    camera.clips.finish(Bound(monotonic_ns() + int(PATIENCE * SECOND)))
    assert probed(path)["pts"]


def test_no_thread_and_no_look_at_the_ring_while_no_clip_is_asked_for(camera: Camera) -> None:
    camera.go_on(1)
    threads = threading.active_count()
    camera.clips._ring = None  # type: ignore[assignment]
    for _ in range(10):
        camera.clips.tick(at(1))
    assert threading.active_count() == threads


def test_the_writer_ends_when_there_is_nothing_to_write(camera: Camera) -> None:
    camera.go_on(1)
    camera.order(1, 0, 0.5)
    camera.clips.tick(at(1))
    camera.answer()
    for thread in threading.enumerate():
        if thread.name == "clips":
            thread.join(PATIENCE)
    assert not any(thread.name == "clips" for thread in threading.enumerate())




@pytest.mark.parametrize("hurried", [False, True])
def test_the_end_may_be_moved_nearer_while_it_is_awaited(
    camera: Camera, monkeypatch: pytest.MonkeyPatch, hurried: bool
) -> None:
    """And who encodes hears of it."""
    heard, stops = threading.Event(), []

    def write(*how: Any) -> Any:
        assert heard.wait(PATIENCE)
        stops.append(how[4])
        return clip_write(*how)

    monkeypatch.setattr("edge.capture.clip.clip.write", write)
    camera.go_on(1)
    camera.order(1, 0, 100)
    stop = Bound(monotonic_ns() + int(PATIENCE * SECOND))

    def hear() -> None:
        if hurried:
            stop.nearer(monotonic_ns())
        else:
            heard.set()

    camera.clips.finish(stop, hear)
    answer = camera.answer(ok=not hurried)
    assert not hurried or answer["reason"] == "the camera's process ended before it was written"
    heard.set()
    wait_until(lambda: bool(stops))
    assert stops[0].past == hurried
