"""Snapshots of a capture worker: their forms, what is asked wrongly, and what happens to the camera meanwhile."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np
import pytest

from scripts.servers import ROOT, RtspServer
from tests.capture import numbered
from tests.capture.forms import psnr
from tests.capture.harness import clip, generated, rtsp
from tests.capture.snapshots import RECORD, Recorder

BOX = [0.25, 0.25, 0.75, 0.5]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with numbers, a key picture each second."""
    arguments = (*numbered.X264, "-bf", "0", "-g", "25")
    return numbered.make(tmp_path_factory.mktemp("film") / "film.mp4", arguments, count=200)


@pytest.fixture
def worker(film: Path) -> Any:
    with Recorder(clip(film, loop=True)) as worker:
        worker.wait_for("online")
        worker.picture()
        yield worker


def shown(worker: Recorder) -> int:
    """The key of a picture that can be asked for."""
    while True:
        header, _ = worker.picture()
        if worker.snapshot(header.captured).answer["ok"]:
            return header.captured


def test_forms(worker: Recorder) -> None:
    captured = shown(worker)
    clean = worker.snapshot(captured)
    boxed = worker.snapshot(captured, form="boxed", box=BOX, label="person 0.93")
    crop = worker.snapshot(captured, form="crop", box=BOX, label="person 0.93")
    for shot, size in ((clean, (640, 360)), (boxed, (640, 360)), (crop, (384, 110))):
        assert shot.answer["ok"] and (shot.answer["width"], shot.answer["height"]) == size
        assert shot.picture.shape[:2][::-1] == size and shot.answer["bytes"] == len(shot.data)
    change = np.abs(clean.picture.astype(int) - boxed.picture).max(axis=2)
    assert change[86:92, 156:160].max() > 60, "there is a line"
    assert change[110:160, 180:460].mean() < 3, "what is in the box stays as it is"
    assert change[200:].mean() < 1
    # 10 % of the box further to each side.
    assert psnr(crop.luma, clean.luma[80:190, 128:512]) > 30


def test_quality(worker: Recorder) -> None:
    captured = shown(worker)
    sizes = [len(worker.snapshot(captured, quality=quality).data) for quality in (5, 50, 95)]
    assert sizes == sorted(sizes) and sizes[0] * 2 < sizes[2]


@pytest.mark.parametrize("form", ["boxed", "clean", "crop"])
def test_what_is_masked_is_black(worker: Recorder, form: str) -> None:
    captured = shown(worker)
    outside = [[0.5, 0.3], [1.4, -0.2], [1.4, 1.3], [0.5, 0.9]]
    masks = [outside, [[0, 0], [0.2, 0], [0, 0.3]]]
    shot = worker.snapshot(captured, form=form, box=[0.0, 0.0, 1.0, 1.0], masks=masks)
    assert shot.answer["ok"], shot.answer
    luma = shot.luma
    assert luma[150:300, 340:620].max() < 24 and luma[10:30, 10:30].max() < 24
    assert luma[330:350, 100:300].max() > 60


LABELS = ["<b>&", "\n\r\0\x1b[2J", "x" * 5000, "\u202e\ud800é日本", '"\\n', "<span", "%s{}", ""]


@pytest.mark.parametrize("label", LABELS)
def test_hostile_labels(worker: Recorder, label: str) -> None:
    shot = worker.snapshot(shown(worker), form="boxed", box=[0.9, 0.0, 1.3, 0.2], label=label)
    assert shot.answer["ok"] and shot.picture.shape == (360, 640, 3), shot.answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"form": "painted"}, {"box": [1, 2, 3]}, {"box": "abcd"}, {"box": [float("nan"), 0, 1, 1]}, {"quality": "good"},
        {"masks": [[1]]}, {"masks": None}, {"captured": "now"}, {"captured": -5}, {"captured": 10**30},
        {"label": None, "form": "boxed", "box": BOX}, {"box": [5, 5, 9, 9], "form": "crop"},
        {"box": [0.5, 0.5, 0.5, 0.5], "form": "crop"}, {"box": [1, 1, 0, 0], "form": "boxed"}, {"quality": 1000},
    ],
)  # fmt: skip
def test_orders_that_make_no_sense_are_answered(worker: Recorder, wrong: Dict[str, Any]) -> None:
    answer = worker.snapshot(**{"captured": shown(worker), **wrong}).answer
    assert answer["ok"] or answer["reason"]
    assert worker.snapshot(None).answer["ok"]


def test_wrong_descriptors(worker: Recorder, tmp_path: Path) -> None:
    captured = shown(worker)
    for _ in range(6):
        fds = worker.wait_for("beat")["fds"]  # it is looked at with every fifth
    read, write = os.pipe()
    (tmp_path / "file").write_bytes(b"")
    only_read = os.open(str(tmp_path / "file"), os.O_RDONLY)
    full = os.open("/dev/full", os.O_WRONLY)
    for given in ([], [write], [only_read], [full], [only_read, write, full]):
        answer = worker.answer(worker.ask(captured, fds=given)).answer
        assert not answer["ok"] and answer["reason"], given
    for fd in (read, write, only_read, full):
        os.close(fd)
    assert worker.snapshot(shown(worker)).answer["ok"]
    for _ in range(30):
        assert worker.snapshot(shown(worker)).answer["ok"]
    for _ in range(7):
        worker.wait_for("beat")
    assert worker.said("beat")[-1]["fds"] <= fds + 1, "each descriptor was closed"


def test_more_than_can_wait_are_refused(worker: Recorder) -> None:
    captured = shown(worker)
    asked = [worker.ask(captured) for _ in range(60)]
    answers = [worker.answer(request).answer for request in asked]
    refused = [a for a in answers if not a["ok"]]
    assert sum(a["ok"] for a in answers) >= 9
    assert all(a["reason"] == "8 snapshots of this camera are waiting already" for a in refused)


def test_without_anybody_who_takes_pictures(film: Path) -> None:
    with Recorder(clip(film, loop=True), attach=False) as worker:
        worker.wait_for("online")
        shot = worker.snapshot(None)
        assert shot.answer["ok"] and numbered.number_of(shot.luma) % 25 == 0, "a key picture"


def test_nothing_is_kept_and_it_is_told(film: Path) -> None:
    with Recorder(clip(film, loop=True), record=None) as worker:
        worker.wait_for("online")
        header, _ = worker.picture()
        assert "nothing of its stream is kept" in worker.snapshot(header.captured).answer["reason"]
        worker.keep(RECORD)
        captured = shown(worker)
        worker.keep(None)
        assert "nothing of its stream is kept" in worker.snapshot(captured).answer["reason"]


def test_a_picture_that_is_gone(film: Path) -> None:
    with Recorder(clip(film, loop=True), record={**RECORD, "seconds": 1.0}) as worker:
        worker.wait_for("online")
        captured = shown(worker)
        while worker.snapshot(captured).answer["ok"]:
            worker.hear()
        assert "s of its stream are kept" in worker.snapshot(captured).answer["reason"]


def test_key_pictures_too_far_apart(tmp_path: Path) -> None:
    path = numbered.make(tmp_path / "far.mp4", (*numbered.X264, "-bf", "0", "-g", "500"), count=150)
    with Recorder(rtsp_less(path), record={**RECORD, "bytes": 200_000}) as worker:
        worker.wait_for("online")
        captured = worker.picture()[0].captured
        while True:
            answer = worker.snapshot(captured).answer
            if not answer["ok"] and "cameras.*.memory" in answer["reason"]:
                break
            worker.picture()
    assert "0.2 MB hold" in answer["reason"]


def rtsp_less(path: Path) -> Dict[str, Any]:
    return clip(path, loop=True)


@pytest.mark.parametrize("end", ["camera", "stop"])
def test_the_end_comes_in_the_middle(end: str, film: Path) -> None:
    with RtspServer({"film": film}) as server, Recorder(rtsp(server.url("film"))) as worker:
        worker.wait_for("online")
        captured = shown(worker)
        asked = [worker.ask(captured) for _ in range(8)]
        if end == "camera":
            server.kill()
        else:
            worker.control.send({"op": "stop"})
        farewell = worker.ended()
        assert farewell["state"] in ("stopped", "stalled", "unreachable")
        answers = worker.said("snapshot")
        assert {a["request"] for a in answers} >= set(asked)
        last = worker.messages.index(farewell)
        assert all(worker.messages.index(a) < last for a in answers)


def test_the_codecs_of_real_cameras(shared: Path) -> None:
    media = shared / "media"
    mounts = {
        "h264": media / "vtest-h264.mp4", "h265": media / "vtest-h265.mp4",
        "jpeg": "launch:videotestsrc is-live=true ! video/x-raw,format=I420 ! jpegenc ! rtpjpegpay name=pay0",
    }  # fmt: skip
    with RtspServer(mounts) as server:  # type: ignore[arg-type]
        for codec in mounts:
            with Recorder(rtsp(server.url(codec))) as worker:
                assert worker.wait_for("online")["codec"] == codec
                captured = shown(worker)
                while True:
                    header, planes = worker.picture()
                    shot = worker.snapshot(header.captured)
                    assert shot.answer["ok"], (codec, shot.answer, captured)
                    luma = planes[0] if codec == "jpeg" else numbered_full(planes[0])
                    assert psnr(shot.luma, luma) > 35, codec
                    break


def numbered_full(limited: np.ndarray) -> np.ndarray:
    return np.clip(np.round((limited.astype(np.float64) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def test_on_every_python(python: str, film: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Recorder(clip(film, loop=True), python=python, environment=environment) as worker:
        worker.wait_for("online")
        while True:
            header, planes = worker.picture()
            masks = [[[0, 0.9], [1, 0.9], [1, 1]]]
            shot = worker.snapshot(header.captured, form="boxed", box=BOX, label="<é>", masks=masks)
            if shot.answer["ok"] or "came since" not in shot.answer["reason"]:
                break
        assert shot.answer["ok"], shot.answer
        assert numbered.number_of(shot.luma) == numbered.number_of(planes[0])


@pytest.mark.timeout(300)
def test_memory_does_not_grow(tmp_path: Path) -> None:
    """A minute of a stream with much in it, of which two seconds are kept."""
    line = (
        "launch:videotestsrc is-live=true pattern=snow ! video/x-raw,width=640,height=360,framerate=30/1 ! "
        "x264enc tune=zerolatency speed-preset=ultrafast bitrate=8000 key-int-max=30 ! rtph264pay name=pay0"
    )
    few = {**RECORD, "seconds": 2.0}
    with RtspServer({"snow": line}) as server, Recorder(rtsp(server.url("snow"), size=[320, 180]), few) as worker:
        online = worker.wait_for("online")
        seen: List[Any] = []
        while not seen or seen[-1]["time"] - online["time"] < 60 * 10**9:
            seen.append(worker.wait_for("beat"))
    after = [b["rss"] for b in seen if b["time"] - online["time"] > 15 * 10**9]
    assert max(after) - after[0] < 8_000_000, (after[0], max(after))


def test_a_generated_picture(tmp_path: Path) -> None:
    with Recorder(generated(width=320, height=240)) as worker:
        worker.wait_for("online")
        header, _ = worker.picture()
        answer = worker.snapshot(header.captured).answer
        assert answer["ok"] or answer["reason"]


def test_a_file_that_was_there_before_stays_one_picture(worker: Recorder) -> None:
    """The descriptor is written once, from where it stands, and closed."""
    captured = shown(worker)
    with tempfile.NamedTemporaryFile() as file:
        answer = worker.answer(worker.ask(captured, fds=[file.fileno()])).answer
        file.seek(0)
        assert cv2.imdecode(np.frombuffer(file.read(), np.uint8), 1).shape == (360, 640, 3) and answer["ok"]


def test_what_nobody_waits_for_any_more_is_not_made(worker: Recorder) -> None:
    captured = shown(worker)
    with tempfile.TemporaryFile() as file:
        answer = worker.answer(worker.ask(captured, fds=[file.fileno()])).answer
        assert not answer["ok"] and answer["reason"] == "nobody waits for it any more"
        assert os.fstat(file.fileno()).st_size == 0
