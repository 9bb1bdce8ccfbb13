"""A capture process that analyses on motion: which credits it answers, and that all else goes on while it is quiet."""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import pytest

from edge.wire.messages import PictureHeader
from scripts.servers import RtspServer
from tests.capture.clips import launch
from tests.capture.harness import PATIENCE, CaptureHarness, clip, generated, rtsp

FORM = "video/x-raw,format=I420,width=640,height=360,framerate=10/1"
ENCODE = "x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 key-int-max=20"
#: Heartbeats are out of the way.
ORDER: Dict[str, Any] = {"sensitivity": 0.5, "heartbeat": 1000.0, "hold": 1.0, "masks": []}
STILL: Dict[str, Any] = {"width": 320, "height": 240, "rate": 10, "pattern": "smpte75"}
QUIET_S, BALL_S = 3, 2


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test picture with a little noise, then a ball in front of it, then the picture again."""
    to = tmp_path_factory.mktemp("motion") / "ball.mp4"
    noisy = f"compositor name=mix sink_1::alpha=0.03 ! {FORM} ! {ENCODE} ! mp4mux ! filesink location={to}"
    snow = f"videotestsrc num-buffers={10 * (QUIET_S + BALL_S) + 30} pattern=snow ! {FORM} ! mix."
    parts = [(10 * QUIET_S, "black"), (10 * BALL_S, "ball"), (30, "black")]
    scenes = " ".join(f"videotestsrc num-buffers={count} pattern={pattern} ! {FORM} ! all." for count, pattern in parts)
    launch(f"{noisy} concat name=all ! mix. {snow} {scenes}")
    return to


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    send = "h264parse ! rtph264pay name=pay0 config-interval=-1"
    line = f"videotestsrc is-live=true pattern=smpte75 ! {FORM} ! x264enc tune=zerolatency key-int-max=10 ! {send}"
    with RtspServer({"still": "launch:" + line}) as server:
        yield server


def taken(worker: CaptureHarness, done: Callable[[], bool]) -> List[PictureHeader]:
    """Every picture that comes until it is done; a credit is given for each, and one beforehand."""
    headers = []
    worker.give_credit()
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        ready, _, _ = select.select([worker.control, worker.pictures], [], [], PATIENCE)
        if worker.pictures in ready:
            headers.append(worker.take_picture()[0])
            worker.give_credit()
        elif worker.control in ready:
            worker.hear()
    return headers


def is_quiet(worker: CaptureHarness) -> bool:
    return bool(worker.said("beat")) and worker.said("beat")[-1]["quiet"] is True and not worker.answered()


def test_pictures_come_when_something_moves_and_soon_after(ball: Path) -> None:
    with CaptureHarness(clip(ball, fps=10.0), analyse=ORDER) as worker:
        headers = taken(worker, lambda: bool(worker.said("end")))
    times = np.array([header.captured - headers[0].captured for header in headers]) / 1e9
    gaps = np.diff(times)
    assert gaps.max() > 0.5, "when the first picture comes, some of the clip may have passed"
    found = times[int(gaps.argmax()) + 1 :]
    moving = [header.motion for header, at in zip(headers, times) if found[0] <= at < found[0] + BALL_S]
    assert len(moving) >= 0.5 * 10 * BALL_S, "at the full rate, as far as the machine can"
    assert np.mean([0 < motion < 0.1 for motion in moving]) > 0.9
    assert found[0] + BALL_S + 0.8 < found[-1] < found[0] + BALL_S + 2.7, "and the hold"
    beats = worker.said("beat")
    assert {True, False} == {beat["quiet"] for beat in beats}
    assert beats[-1]["moved"] >= len(moving) * 0.9 and beats[-1]["sent"] == len(headers)


@pytest.mark.parametrize("python", ["3.6"], indirect=True)
def test_no_more_pictures_are_looked_at_than_are_wished(python: str) -> None:
    """Of ten a second two, although the heartbeat would be faster."""
    order = {**ORDER, "heartbeat": 0.1}
    with CaptureHarness({**generated(**STILL), "fps": 2.0}, analyse=order, python=python) as worker:
        taken(worker, lambda: is_quiet(worker))
        times = [worker.take_picture()[0].captured / 1e9] + [worker.picture()[0].captured / 1e9 for _ in range(3)]
    assert np.diff(times).min() > 0.2 and np.median(np.diff(times)) > 0.4


def test_a_quiet_camera_is_neither_stalled_nor_unwatched_and_takes_changes(still: RtspServer) -> None:
    with CaptureHarness(rtsp(still.url("still")), analyse=ORDER, stall_timeout=4, frozen_timeout=3) as worker:
        first = worker.picture()[0]
        assert first.motion == 0
        taken(worker, lambda: is_quiet(worker) and bool(worker.said("frozen")))
        assert worker.said("frozen")[0]["frozen"] is True, "its samples do not need pictures that matter"
        assert not worker.answered() and not worker.said("end")
        worker.control.send({"op": "change", "tracked": True})
        found = [worker.take_picture()[0]]
        for _ in range(2):
            worker.give_credit()
            found.append(worker.take_picture()[0])
        apart = np.diff([header.captured for header in found]) / 1e9
        assert all(seconds > 0.9 for seconds in apart), "once a second while something is tracked"
        worker.control.send({"op": "change", "analyse": None})
        found = [worker.picture()[0] for _ in range(6)]
        assert np.median(np.diff([header.captured for header in found])) < 0.3e9
        assert found[-1].motion == -1, "not measured any more"
        worker.control.send({"op": "change", "analyse": ORDER})
        taken(worker, lambda: is_quiet(worker))


def test_whoever_takes_pictures_anew_gets_one_at_once() -> None:
    with CaptureHarness(generated(**STILL), analyse=ORDER) as worker:
        taken(worker, lambda: is_quiet(worker))
        for _ in range(2):
            worker.attach()
            assert worker.picture()[0].motion == 0
