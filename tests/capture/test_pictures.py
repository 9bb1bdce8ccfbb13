"""What is in the slots: the very pictures of the clip, at their own size or scaled, in memory of the right size."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import pytest

from edge.wire.messages import FORMATS, FULL_RANGE
from tests.capture.harness import CaptureHarness, Planes, clip, generated

cv2 = pytest.importorskip("cv2")


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def reference(path: Path) -> List[Planes]:
    """Every picture of a clip as another decoder gives it, as I420 planes."""
    capture = cv2.VideoCapture(str(path))
    pictures = []
    while True:
        there, bgr = capture.read()
        if not there:
            capture.release()
            return pictures
        height, width = bgr.shape[:2]
        i420 = cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420).reshape(-1)
        quarter = width * height // 4
        pictures.append(
            [
                i420[: width * height].reshape(height, width),
                i420[width * height : width * height + quarter].reshape(height // 2, width // 2),
                i420[width * height + quarter :].reshape(height // 2, width // 2),
            ]
        )


def which(planes: Planes, pictures: List[Planes]) -> Tuple[int, List[float]]:
    """The picture that the planes are most like, and how like they are, plane by plane."""
    best = max(range(len(pictures)), key=lambda n: psnr(planes[0], pictures[n][0]))
    return best, [psnr(a, b) for a, b in zip(planes, pictures[best])]


def test_the_pixels_are_the_clips_and_in_order(short: Path) -> None:
    pictures = reference(short)
    assert len(pictures) == 20
    taken, found = [], []
    with CaptureHarness(clip(short)) as worker:
        for _ in range(6):  # and looked at later: the clip lasts two seconds
            header, planes = worker.picture(fresh=False)
            taken.append((header.captured, [plane.copy() for plane in planes]))
    for captured, planes in taken:
        index, likeness = which(planes, pictures)
        assert min(likeness) > 38, (index, likeness)
        found.append((index, captured))
    indices = [index for index, _ in found]
    assert indices == sorted(set(indices)), "another picture each time, none twice and none from before"
    for (a, at), (b, bt) in zip(found, found[1:]):
        assert (bt - at) / 1e8 == pytest.approx(b - a, abs=0.05), "the time belongs to the picture"


def test_pictures_are_scaled_to_the_size_asked_for(short: Path) -> None:
    pictures = [[cv2.resize(p, (320 // f, 180 // f)) for p, f in zip(three, (1, 2, 2))] for three in reference(short)]
    with CaptureHarness(clip(short, size=[320, 180], fps=10)) as worker:
        online = worker.wait_for("online")
        assert (online["width"], online["height"]) == (320, 180)
        header, planes = worker.picture()
    assert (header.width, header.height) == (320, 180)
    assert [p.shape for p in planes] == [(180, 320), (90, 160), (90, 160)]
    # Scalers differ in their filters; another picture, colour or place is far below this.
    _, likeness = which(planes, pictures)
    assert likeness[0] > 24 and min(likeness[1:]) > 32, likeness


def test_scaling_takes_no_more_pictures_than_are_analysed() -> None:
    with CaptureHarness({**generated(width=320, height=240, rate=60), "size": [160, 120], "fps": 5}) as worker:
        worker.wait_for("online")
        headers = [worker.picture()[0] for _ in range(6)]
    rate = 5 / ((headers[-1].captured - headers[0].captured) / 1e9)
    assert rate == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize(
    ("options", "luma"),
    [
        ({"width": 64, "height": 48, "rate": 30, "pattern": "white"}, 235),
        ({"width": 322, "height": 242, "rate": 10, "pattern": "black"}, 16),
        ({"width": 1920, "height": 1080, "rate": 15, "pattern": "white"}, 235),
    ],
)
def test_a_generated_picture(options: Any, luma: int) -> None:
    with CaptureHarness(generated(**options)) as worker:
        online = worker.wait_for("online")
        assert (online["width"], online["height"]) == (options["width"], options["height"])
        header, planes = worker.picture()
    assert FORMATS[header.format] == "i420"
    assert not header.flags & FULL_RANGE
    assert planes[0].shape == (options["height"], options["width"])
    assert np.all(planes[0] == luma) and np.all(planes[1] == 128) and np.all(planes[2] == 128)


def test_generated_pictures_come_at_their_rate() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=12.5, pattern="ball")) as worker:
        headers = [worker.picture()[0] for _ in range(10)]
    spans = [(b.captured - a.captured) / 8e7 for a, b in zip(headers, headers[1:])]
    assert all(abs(s - round(s)) < 0.1 and round(s) >= 1 for s in spans), spans


def test_both_slots_are_used_in_turn_and_the_other_is_left_alone() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=30, pattern="snow")) as worker:
        before, kept = worker.picture()
        for _ in range(6):
            assert worker.memory is not None
            header, planes = worker.picture()
            assert header.slot == 1 - before.slot
            old = np.frombuffer(worker.memory.view(before.slot), np.uint8)[: 160 * 120].reshape(120, 160)
            assert np.array_equal(old, kept[0]), "the picture that is still held was not touched"
            before, kept = header, planes
    assert len(worker.memories) == 1


# ---- credits -------------------------------------------------------------------------------------------------------


def test_a_credit_for_the_newest_is_answered_at_once_and_one_for_a_fresh_picture_is_not(
    wait_until: Callable[..., Any],
) -> None:
    with CaptureHarness(generated(width=160, height=120, rate=1)) as worker:
        first, _ = worker.picture(fresh=False)
        # One more waits in the sink by the time that the counter says two more have come.
        start = worker.wait_for("beat")["frames"]
        while worker.wait_for("beat")["frames"] < start + 2:
            pass
        asked = time.monotonic_ns()
        waited, _ = worker.picture(fresh=False)
        fresh, _ = worker.picture(fresh=True)
    assert waited.captured < asked, "it was there already"
    assert fresh.captured > asked, "the next one was waited for"
    assert (waited.captured - first.captured) / 1e9 == pytest.approx(
        round((waited.captured - first.captured) / 1e9), abs=0.1
    )


def test_a_fresh_credit_is_not_answered_with_a_picture_that_has_waited(wait_until: Callable[..., Any]) -> None:
    with CaptureHarness(generated(width=160, height=120, rate=1)) as worker:
        worker.picture()
        start = worker.wait_for("beat")["frames"]
        while worker.wait_for("beat")["frames"] < start + 2:
            pass
        asked = time.monotonic_ns()
        fresh, _ = worker.picture(fresh=True)
    assert fresh.captured > asked - 50_000_000


def test_no_credit_no_picture() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=30)) as worker:
        worker.picture()
        frames = worker.wait_for("beat")["frames"]
        while worker.wait_for("beat")["frames"] < frames + 20:
            pass
        assert not worker.answered()
        assert worker.picture()[0].sequence == 2, "what nobody asked for was not sent, and not counted"


def test_a_picture_is_sent_once() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=2)) as worker:
        times = [worker.picture(fresh=False)[0].captured for _ in range(4)]
    assert times == sorted(set(times))


# ---- the inference process comes and goes ----------------------------------------------------------------------------


def test_a_new_inference_process_gets_the_memory_and_the_next_pictures() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=15)) as worker:
        first, _ = worker.picture()
        assert worker.pictures is not None
        worker.pictures.close()
        worker.pictures = None
        assert worker.wait_for("detached")
        worker.attach()
        worker.serial = 0  # the new one counts anew
        second, planes = worker.picture()
        assert second.sequence == first.sequence + 1
        assert planes[0].shape == (120, 160)
        assert len(worker.memories) == 2, "the same memory, sent to the new one too"
        # And in place of one that still lives, with its credit.
        worker.give_credit()
        worker.attach()
        assert worker.picture()[0].sequence in (second.sequence + 1, second.sequence + 2)
    assert worker.stderr == ""


def test_without_inference_it_stays_connected_and_tells_of_itself() -> None:
    with CaptureHarness(generated(width=160, height=120, rate=15), attach=False) as worker:
        assert worker.wait_for("online")["width"] == 160
        beats = [worker.wait_for("beat") for _ in range(3)]
        assert beats[-1]["frames"] > beats[0]["frames"]
        assert all(b["sent"] == 0 for b in beats)


def test_memory_grows_with_the_picture(tmp_path: Path) -> None:
    # A stream that changes its size: two H.264 streams one after the other.
    from tests.capture.clips import launch

    for name, width, height in (("a", 160, 120), ("b", 640, 480), ("c", 320, 240)):
        launch(
            f"videotestsrc num-buffers=12 pattern=white ! video/x-raw,format=I420,width={width},height={height},"
            f"framerate=5/1 ! openh264enc ! h264parse config-interval=-1 ! "
            f"video/x-h264,stream-format=byte-stream,alignment=au ! mpegtsmux ! filesink location={tmp_path}/{name}.ts"
        )
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join((tmp_path / f"{n}.ts").read_bytes() for n in "abc"))
    sizes = []
    with CaptureHarness(clip(joined)) as worker:
        while True:
            try:
                header, planes = worker.picture(fresh=False)
            except Exception:
                break
            assert planes[0].shape == (header.height, header.width)
            assert planes[0].mean() > 200, "white, whatever the size"
            if not sizes or sizes[-1] != (header.width, header.height):
                sizes.append((header.width, header.height))
        worker.ended()
    assert sizes == [(160, 120), (640, 480), (320, 240)]
    assert len(worker.memories) == 2, "a larger picture needs larger memory, a smaller one does not"
    assert worker.memories[1] >= 640 * 480 * 3 // 2
