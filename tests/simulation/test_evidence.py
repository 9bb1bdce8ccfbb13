"""Snapshots and clips on simulated boards: by the board's encoders where it has them, else in software."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import numpy as np
import pytest

from edge.wire.clock import monotonic_ns
from scripts.servers import ROOT, RtspServer
from tests.capture.clip_files import decoded, probed
from tests.capture.forms import psnr
from tests.capture.harness import rtsp
from tests.capture.recorders import Kept
from tests.simulation.jetson import Jetson

CSI = {"kind": "csi", "location": "csi://0", "options": {"sensor": 0, "size": "640x480", "rate": 30}, "fps": 5}
MASK = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]
SOFTWARE = ("x264enc", "openh264enc")
BOARDS = [("r32", "nano"), ("r35", "xavier-nx"), ("r36", "orin-nano"), ("r38", "thor")]


@pytest.fixture(scope="module")
def cameras(shared: Path) -> Iterator[RtspServer]:
    media = shared / "media"
    jpeg = "launch:videotestsrc is-live=true pattern=ball ! jpegenc ! rtpjpegpay name=pay0"
    with RtspServer({"h264": media / "vtest-h264.mp4", "h265": media / "vtest-h265.mp4", "jpeg": jpeg}) as server:
        yield server


@pytest.fixture(params=BOARDS, ids=lambda of: of[1])
def board(request: pytest.FixtureRequest, make_jetson: Callable[..., Jetson]) -> Jetson:
    return make_jetson(request.param[0], board=request.param[1])


def csi(jetson: Jetson, **options: Any) -> Kept:
    return Kept({**CSI, "options": {**CSI["options"], **options}}, environment=jetson.environment())  # type: ignore[dict-item]


@pytest.mark.parametrize("flip", ["none", "rotate-180"])
def test_a_snapshot_of_a_board_s_camera_is_the_analysed_picture(board: Jetson, flip: str) -> None:
    with csi(board, flip=flip) as worker:
        assert worker.wait_for("online")["memory"] == "NVMM"
        seen = []
        for _ in range(5):
            header, planes = worker.picture()
            seen.append((header.captured, planes[0]))
        for captured, _ in seen[1:]:
            shot = worker.snapshot(captured)
            assert shot.answer["ok"], shot.answer
            assert (shot.answer["captured"], shot.answer["width"]) == (captured, 640)
            likeness = [psnr(np.round(16 + shot.luma * (219 / 255)), other) for _, other in seen]
            assert max(likeness) >= 35 and seen[int(np.argmax(likeness))][0] == captured


def test_without_its_jpeg_encoder_software_keeps_the_pictures(make_jetson: Callable[..., Jetson]) -> None:
    with csi(make_jetson("r36", without=["nvjpegenc"])) as worker:
        worker.wait_for("online")
        header, _ = worker.picture()
        assert worker.snapshot(header.captured).answer["ok"]


def black(path: Path, answer: Dict[str, Any]) -> None:
    """The clip is as it was said to be, and black where it is masked, in every picture."""
    assert answer["ok"], answer
    told = probed(path)
    assert (answer["codec"], answer["encoded"], told["codec_tag_string"]) == ("h264", True, "avc1")
    assert len(told["pts"]) >= 8 and float(told["start_time"]) == 0
    width, height = int(told["width"]), int(told["height"])
    pictures = decoded(path, width, height)[:, :height]
    assert len(pictures) == len(told["pts"])
    inside = pictures[:, int(0.25 * height) : int(0.75 * height), int(0.25 * width) : int(0.75 * width)]
    assert inside.max() <= 24
    assert pictures[:, : int(0.15 * height)].std() > 5, "the rest is a picture"


@pytest.mark.parametrize("codec", ["h264", "h265", "jpeg"])
def test_a_masked_clip_is_encoded_by_the_board_where_it_can(
    codec: str, board: Jetson, cameras: RtspServer, tmp_path: Path
) -> None:
    with Kept(rtsp(cameras.url(codec)), environment=board.environment()) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        answer = worker.clip(tmp_path / "clip.mp4", now, now + 4 * 10**9, [MASK])
        assert answer["ok"], answer
        if "Orin Nano" in (board.root / "proc/device-tree/model").read_text():
            assert answer["encoder"] in SOFTWARE, "it has no hardware for it"
        else:
            assert answer["encoder"] == "nvv4l2h264enc"
    if codec == "jpeg":
        assert answer["ok"], answer
    else:
        black(tmp_path / "clip.mp4", answer)


def test_a_clip_of_a_board_s_camera(board: Jetson, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with csi(board) as worker:
        worker.wait_for("online")
        worker.picture()
        answer = worker.clip_of_now(path, [MASK])
    black(path, answer)


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_an_unmasked_clip_needs_no_encoder(
    codec: str, make_jetson: Callable[..., Jetson], cameras: RtspServer, tmp_path: Path
) -> None:
    jetson = make_jetson("r36", without=["nvv4l2h264enc"])
    path = tmp_path / "clip.mp4"
    with Kept(rtsp(cameras.url(codec)), environment=jetson.environment()) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        answer = worker.clip(path, now, now + 4 * 10**9)
    assert (answer["ok"], answer["codec"], answer["encoded"], answer["encoder"]) == (True, codec, False, "")
    told = probed(path)
    assert len(told["pts"]) > 10
    assert len(decoded(path, 768, 576)) == len(told["pts"]), "each is shown once, and no two at a time"


def test_on_the_nano_s_own_python(
    make_jetson: Callable[..., Jetson], cameras: RtspServer, tmp_path: Path, python36: Path
) -> None:
    jetson = make_jetson("r32", board="nano")
    environment = {**jetson.environment(), "PYTHONPATH": str(ROOT)}
    with Kept(CSI, python=python36, environment=environment) as worker:
        worker.wait_for("online")
        header, _ = worker.picture()
        assert worker.snapshot(header.captured, masks=[MASK]).answer["ok"]
        black(tmp_path / "csi.mp4", worker.clip_of_now(tmp_path / "csi.mp4", [MASK]))
    with Kept(rtsp(cameras.url("h264")), python=python36, environment=environment) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        assert worker.clip(tmp_path / "clip.mp4", now, now + 3 * 10**9)["ok"]
        black(tmp_path / "masked.mp4", worker.clip(tmp_path / "masked.mp4", now, now + 3 * 10**9, [MASK]))
