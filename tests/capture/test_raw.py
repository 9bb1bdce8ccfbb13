"""Sources without an encoded stream: their pictures are kept as JPEG, and found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest

from edge.boards import ANY_MACHINE, PC_WITH_GPU, Board
from edge.boards.jetson import board
from edge.boards.machine import MODULES
from edge.boards.releases import by_name
from edge.capture.element import Element
from edge.capture.evidence_fault import EvidenceError
from edge.capture.packages import packages
from edge.capture.pipeline import Parts, tail
from edge.capture.ring.packet import Record
from edge.capture.ring.raw import KEPT, Forked, flags_of, forked
from edge.capture.source import Source, of_order
from edge.capture.stream import Stream
from edge.wire.messages import BT709, FULL_RANGE
from scripts.servers import wait_until
from tests.capture.clip_files import decoded, probed
from tests.capture.forms import psnr
from tests.capture.harness import generated
from tests.capture.recorders import Kept
from tests.support.worker import PATIENCE

JETSON = next(board(m, m.variants[0], by_name("r32")) for m in MODULES if m.name == "Jetson Nano")
MASK = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]


def limited(full: np.ndarray) -> np.ndarray:
    """The numbers of a video for a JPEG's brightness."""
    return np.round(16 + full.astype(float) * 219 / 255)


@pytest.mark.parametrize("size", [None, [160, 90]], ids=["whole", "scaled"])
@pytest.mark.parametrize("camera", [(640, 360), (1280, 720), (322, 182)])
def test_the_very_picture(camera: Tuple[int, int], size: Any) -> None:
    source = {**generated(width=camera[0], height=camera[1], rate=15, pattern="ball"), "fps": 5}
    if size is not None:
        source["size"] = size
    with Kept(source) as worker:
        assert worker.wait_for("online")["codec"] == "raw"
        seen: List[Tuple[int, np.ndarray]] = []
        for _ in range(8):
            header, planes = worker.picture()
            seen.append((header.captured, planes[0]))
        for captured, luma in seen[1::2]:
            shot = worker.snapshot(captured)
            assert shot.answer["ok"], shot.answer
            assert (shot.answer["width"], shot.answer["height"], shot.answer["captured"]) == (*camera, captured)
            if size is None:
                assert psnr(limited(shot.luma), luma) >= 35
                others = [psnr(limited(shot.luma), other) for time, other in seen if time != captured]
                assert psnr(limited(shot.luma), luma) > max(others), "and no other"


def test_no_more_pictures_than_are_analysed() -> None:
    with Kept({**generated(width=320, height=240, rate=30), "fps": 4}) as worker:
        worker.wait_for("online")
        times = [worker.picture()[0].captured for _ in range(9)]
        assert np.median(np.diff(times)) > 0.2e9
        for captured in times[1:]:
            assert worker.snapshot(captured).answer["ok"]


def test_a_clip_is_made_of_them(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with Kept({**generated(width=320, height=240, rate=15), "fps": 10}) as worker:
        worker.wait_for("online")
        worker.picture()
        answer = worker.clip_of_now(path)
        assert answer["ok"], answer
        assert (answer["codec"], answer["encoded"]) == ("h264", True)
        masked = worker.clip_of_now(tmp_path / "masked.mp4", [MASK])
        assert masked["ok"], masked
    told = probed(path)
    assert answer["bytes"] == path.stat().st_size
    assert float(told["duration"]) > 1.5
    assert 3 < len(told["pts"]) / float(told["duration"]) < 11.5, "at the rate of analysis, not at the source's"
    pictures = decoded(path, 320, 240)
    luma = pictures[:, :240]
    assert abs(np.median(luma) - 16) <= 1, "limited range, as a video has it"
    assert abs(np.median(luma[luma > 128]) - 235) <= 3
    assert decoded(tmp_path / "masked.mp4", 320, 240)[:, 40:70, 100:200].max() <= 20


def test_nothing_is_kept_of_what_nobody_asked_for() -> None:
    with Kept(generated(width=320, height=240), record=None) as worker:
        worker.wait_for("online")
        header, _ = worker.picture()
        assert not worker.snapshot(header.captured).answer["ok"]
        worker.keep({"seconds": 5, "bytes": 10**6})
        header, _ = worker.picture()
        answer = worker.snapshot(header.captured).answer
        assert not answer["ok"] and answer["reason"], "that takes another pipeline"


SOURCES = {
    "test": Source("test", "test://", options={}),
    "usb": Source("usb", "usb:///dev/video0", options={"device": "/dev/video0"}),
    "csi": Source("csi", "csi://0", options={"sensor": 0}),
    "csi turned": Source("csi", "csi://0", options={"sensor": 0, "flip": "rotate-180"}),
}


def made(name: str, kind: Board, size: Any, without: Tuple[str, ...] = ()) -> Forked:
    source = SOURCES[name]._replace(size=size, fps=5)
    parts = Parts(kind, "videoconvertscale", lambda element: element not in without)
    memory = "NVMM" if name.startswith("csi") else ""
    return forked(tail(source, "raw", False, None, parts, memory), source, parts)


@pytest.mark.parametrize("size", [None, (320, 240)])
@pytest.mark.parametrize("kind", [ANY_MACHINE, PC_WITH_GPU, JETSON], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", SOURCES)
def test_the_fork_stands_behind_the_pace_and_in_front_of_the_scaler(name: str, kind: Board, size: Any) -> None:
    if name.startswith("csi") and kind is not JETSON:
        pytest.skip("only Jetsons have such cameras")
    found = made(name, kind, size)
    names = [element.name for element in found.front]
    assert names[-3:] == ["rate", "pace", "fork"] and found.front[-1].factory == "tee"
    rest = [element.name for element in found.line]
    assert "rate" not in rest and rest[-1] == "sink"
    assert [element.name for element in found.branch].count(KEPT) == 1
    factories = [element.factory for element in found.branch]
    hardware = kind is JETSON and name != "test"
    assert ("nvjpegenc" in factories, "jpegenc" in factories) == (hardware, not hardware)
    assert factories[-1] == "fakesink"
    assert all(packages(element.factory) for part in found for element in part)
    assert ("flip-method" in str(found.branch)) == (name == "csi turned"), "turned as the analysed ones are"


def test_without_the_boards_encoder_software_does_it() -> None:
    found = [element.factory for element in made("csi", JETSON, None, without=("nvjpegenc",)).branch]
    assert found.index("nvvidconv") < found.index("jpegenc")
    with pytest.raises(EvidenceError, match=r"no encoder for JPEG .*jpegenc is in gstreamer1\.0-plugins-good"):
        made("test", ANY_MACHINE, None, without=("jpegenc",))


def test_what_is_missing_for_keeping_is_only_told() -> None:
    with pytest.raises(EvidenceError, match=r"capssetter is not installed \(gstreamer1\.0-plugins-good\)"):
        made("test", ANY_MACHINE, None, without=("capssetter",))


def test_an_encoder_that_fails_does_not_end_the_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.capture.ring.raw._MARKED", Element("identity", (("error-after", 3),), KEPT))
    source = of_order({**generated(width=160, height=120, rate=30), "fps": 30})
    stream = Stream(source, ANY_MACHINE, record=Record(5, 10**7))
    try:
        wait_until(lambda: stream.check() is None and stream.take(True, 0.1) and bool(stream.note))
        before = stream.frames
        wait_until(lambda: stream.check() is None and stream.take(True, 0.1) and stream.frames > before + 10)
        assert stream.note.startswith("its pictures cannot be kept: ")
    finally:
        stream.close(PATIENCE)


def test_the_same_pace_again_is_not_told_again() -> None:
    source = of_order({**generated(width=160, height=120, rate=30), "fps": 5, "size": [80, 60]})
    stream = Stream(source, ANY_MACHINE)
    told = []
    try:
        wait_until(lambda: stream.check() is None and stream.take(True, 0.1) is not None)
        stream._pipeline.get_by_name("pace").connect("notify::caps", lambda *_: told.append(1))
        stream.set_fps(5)
        assert not told
        stream.set_fps(6)
        assert told
    finally:
        stream.close(PATIENCE)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("image/jpeg, width=(int)1280, height=(int)720", None),
        ("image/jpeg, height=(int)720, as-raw=(boolean)true", BT709),
        ("image/jpeg, height=(int)576, as-raw=(boolean)true", 0),
        ("image/jpeg, height=(int)480, colorimetry=(string)bt709, as-raw=(boolean)true", BT709),
        ("image/jpeg, height=(int)1080, colorimetry=(string)bt601, as-raw=(boolean)true", 0),
        ("image/jpeg, height=(int)480, colorimetry=(string)1:4:0:0, as-raw=(boolean)true", FULL_RANGE),
        ("image/jpeg, height=(int)480, colorimetry=(string)2:3:7:1, as-raw=(boolean)true", BT709),
        ("image/jpeg, height=(int)480, colorimetry=(string)sRGB, as-raw=(boolean)true", FULL_RANGE),
    ],
)
def test_what_the_numbers_mean(text: str, flags: Any) -> None:
    assert flags_of(text) == flags


