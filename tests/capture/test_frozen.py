"""The same picture over and over: found by its sample, and told of a camera whose stream goes on; noise is life."""

from __future__ import annotations

import ctypes
import random
import select
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from edge.capture.frozen import COLUMNS, ROWS, Change, FrozenWatch, sample
from scripts.servers import RtspServer
from tests.capture.harness import PATIENCE, CaptureHarness, generated, rtsp

SECOND = 10**9
SIZE = "! video/x-raw,format=I420,width=640,height=360,framerate=10/1"
SEND = "h264parse ! rtph264pay name=pay0 config-interval=-1"
# Ten pictures from key frame to key frame, so that a still picture is encoded anew once a second.
ENCODE = f"{SIZE} ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 key-int-max=10"


def scene(seed: int = 0) -> bytes:
    return bytes(random.Random(seed).choices(range(20, 236), k=COLUMNS * ROWS))


def moved(points: bytes, by: int, at: int = 1000) -> bytes:
    changed = bytearray(points)
    changed[at] += by
    return bytes(changed)


def noisy(points: bytes, sigma: float, rng: random.Random) -> bytes:
    return bytes(min(255, max(0, round(rng.gauss(p, sigma)))) for p in points)


def watched(samples: List[bytes], timeout: float, every: float = 1.0) -> List[Tuple[int, Change]]:
    """What a watch says of samples that come so often: (number of the sample, change)."""
    watch = FrozenWatch(timeout)
    said = []
    for number, points in enumerate(samples):
        now = SECOND + int(number * every * SECOND)
        if watch.due(now):
            change = watch.look(points, now)
            if change is not None:
                said.append((number, change))
    return said


def test_the_same_picture_is_frozen_after_the_timeout_and_said_once() -> None:
    assert watched([scene()] * 60, timeout=30) == [(30, Change(True, 30.0))]


def test_another_picture_ends_it() -> None:
    said = watched([scene()] * 40 + [scene(1)] * 10, timeout=30)
    assert said == [(30, Change(True, 30.0)), (40, Change(False, 40.0))]


def test_the_looks_that_an_encoder_gives_a_still_picture_are_the_same_picture() -> None:
    looks = [scene()] + [moved(scene(), 30, at) for at in range(9)]
    samples = [looks[n % 10] for n in range(60)]
    # The last look that is new comes tenth.
    assert watched(samples, timeout=30) == [(39, Change(True, 30.0))]


@pytest.mark.parametrize(("by", "frozen"), [(4, True), (-4, True), (5, False), (-5, False)])
@pytest.mark.parametrize("at", [0, 1, 1000, COLUMNS * ROWS - 1])
def test_the_tolerance_is_of_every_point(by: int, frozen: bool, at: int) -> None:
    samples = [scene()] * 5 + [moved(scene(), by, at)]
    watch = FrozenWatch(3)
    for number, points in enumerate(samples):
        watch.look(points, number * SECOND)
    assert watch.frozen is frozen


@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_noise_is_not_frozen(sigma: float) -> None:
    rng = random.Random(5)
    assert watched([noisy(scene(), sigma, rng) for _ in range(300)], timeout=10) == []


def test_samples_are_taken_once_a_second_and_a_few_of_them_are_needed() -> None:
    watch = FrozenWatch(2)
    assert watch.due(5 * SECOND)
    watch.look(scene(), 5 * SECOND)
    assert not watch.due(5 * SECOND + SECOND // 2)
    assert watch.due(6 * SECOND)
    # Two pictures that are an hour apart say nothing of the time between.
    assert watch.look(scene(), 3605 * SECOND) is None


def test_a_timeout_of_nothing_is_never() -> None:
    assert watched([scene()] * 100, timeout=0) == []
    watch = FrozenWatch(5)
    for second in range(10):
        watch.look(scene(), second * SECOND)
    assert watch.frozen
    assert watch.set_timeout(20) is None
    assert watch.set_timeout(0) == Change(False, 0.0)
    assert not watch.due(100 * SECOND)


@pytest.mark.parametrize(
    ("width", "height", "stride"), [(768, 576, 768), (1920, 1080, 2048), (70, 50, 72), (16, 8, 16)]
)
def test_a_sample_is_spread_over_the_whole_picture(width: int, height: int, stride: int) -> None:
    # Brightness says the place: columns to the right, and rows in another picture.
    for by_row in (False, True):
        plane = bytearray(b"\xff" * (stride * height))
        for row in range(height):
            for column in range(width):
                plane[row * stride + column] = row * 200 // height if by_row else column * 200 // width
        memory = (ctypes.c_char * len(plane)).from_buffer(plane)
        points = sample(ctypes.addressof(memory), width, height, stride)
        assert len(points) == COLUMNS * ROWS
        line = points[::COLUMNS] if by_row else points[:COLUMNS]
        assert list(line) == sorted(line) and line[0] < 20 and 170 < line[-1] < 200, "padding (255) is not looked at"


# ---- real cameras ----------------------------------------------------------------------------------------------------


def frozen_messages(worker: CaptureHarness, seconds: float, enough: int = 1000) -> List[Dict[str, Any]]:
    """Takes every picture for so long, or until so many messages of frozenness have come."""
    end = time.monotonic() + seconds
    worker.give_credit()
    while time.monotonic() < end and len(worker.said("frozen")) < enough:
        ready, _, _ = select.select([worker.control, worker.pictures], [], [], 1)
        if worker.control in ready:
            worker.hear()
        if worker.pictures in ready:
            worker.take_picture()
            worker.give_credit()
    return worker.said("frozen")


@pytest.fixture(scope="module")
def scenes(shared: Path) -> Iterator[RtspServer]:
    still = f"videotestsrc is-live=true pattern=smpte75 {ENCODE} ! {SEND}"
    noise = (
        f"compositor name=mix sink_1::alpha=0.05 {ENCODE} ! {SEND} "
        f"videotestsrc is-live=true pattern=smpte75 {SIZE} ! mix. videotestsrc is-live=true pattern=snow {SIZE} ! mix."
    )
    thaws = (
        f"concat name=both ! {SEND} videotestsrc num-buffers=120 pattern=smpte75 {ENCODE} ! both. "
        f"videotestsrc pattern=snow {ENCODE} ! both."
    )
    with RtspServer(
        {
            "still": "launch:" + still,
            "noise": "launch:" + noise,
            "thaws": "launch:" + thaws,
            "square": shared / "media" / "vtest-h264.mp4",
        }
    ) as server:
        yield server


def test_a_camera_that_sends_a_still_picture_is_frozen_and_stays_connected(scenes: RtspServer) -> None:
    with CaptureHarness(rtsp(scenes.url("still")), frozen_timeout=4) as worker:
        (message,) = frozen_messages(worker, PATIENCE, enough=1)
        assert message["frozen"] is True and message["seconds"] >= 4
        assert worker.said("end") == []
        worker.take_picture()


def test_it_thaws(scenes: RtspServer) -> None:
    with CaptureHarness(rtsp(scenes.url("thaws")), frozen_timeout=4) as worker:
        messages = frozen_messages(worker, PATIENCE, enough=2)
    assert [m["frozen"] for m in messages] == [True, False]
    assert messages[1]["seconds"] >= messages[0]["seconds"]


@pytest.mark.parametrize("mount", ["noise", "square"])
def test_what_moves_or_is_noisy_is_not_frozen(scenes: RtspServer, mount: str) -> None:
    with CaptureHarness(rtsp(scenes.url(mount)), frozen_timeout=2) as worker:
        assert frozen_messages(worker, 10) == []
        assert worker.serial > 20, "pictures came"


def test_a_test_picture_is_meant_to_be_still() -> None:
    with CaptureHarness(generated(width=320, height=240, rate=10, pattern="smpte75"), frozen_timeout=2) as worker:
        assert frozen_messages(worker, 8) == []


def test_the_timeout_can_be_changed(scenes: RtspServer) -> None:
    with CaptureHarness(rtsp(scenes.url("still")), frozen_timeout=0) as worker:
        worker.picture()
        worker.control.send({"op": "change", "frozen_timeout": 3})
        assert frozen_messages(worker, PATIENCE, enough=1)[0]["frozen"] is True
        worker.control.send({"op": "change", "frozen_timeout": 0})
        while worker.wait_for("frozen")["frozen"]:
            pass
