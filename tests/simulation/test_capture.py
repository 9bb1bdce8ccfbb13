"""The capture worker on simulated boards: every source and codec comes through the board's own elements."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import pytest

from edge.wire.messages import FORMATS, PictureHeader
from scripts.servers import RtspServer
from tests.capture import clips
from tests.capture.harness import CaptureHarness, clip, rtsp
from tests.simulation.jetson import Jetson

TOP = 40.0  # of PSNR, where two pictures are the same but for rounding


@pytest.fixture(scope="module")
def cameras(shared: Path) -> Iterator[RtspServer]:
    media = shared / "media"
    jpeg = "launch:videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0"
    with RtspServer({"h264": media / "vtest-h264.mp4", "h265": media / "vtest-h265.mp4", "jpeg": jpeg}) as server:
        yield server


@pytest.fixture(scope="module")
def short(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of people on a square, 768x576."""
    return clips.cut(shared / "media" / "vtest-h264.mp4", tmp_path_factory.mktemp("clips") / "short.mp4", 20)


def online(worker: CaptureHarness) -> Dict[str, Any]:
    return worker.wait_for("online")


def luma(worker: CaptureHarness) -> Tuple[PictureHeader, np.ndarray]:
    """A picture's header and its first plane."""
    header, _ = worker.picture()
    assert worker.memory is not None
    data = np.frombuffer(worker.memory.view(header.slot), np.uint8)[header.offsets[0] :]
    shape, strides = (header.height, header.width), (header.strides[0], 1)
    return header, np.lib.stride_tricks.as_strided(data, shape, strides).copy()


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = float(np.mean((a.astype(float) - b.astype(float)) ** 2))
    return 99.0 if not error else 10 * float(np.log10(255.0**2 / error))


@pytest.mark.parametrize("codec", ["h264", "h265", "jpeg"])
def test_rtsp_is_decoded_by_the_board(jetson: Jetson, cameras: RtspServer, codec: str) -> None:
    with CaptureHarness(rtsp(cameras.url(codec)), environment=jetson.environment()) as worker:
        news = online(worker)
        if (jetson.release, codec) == ("r38", "jpeg"):
            # Thor's video decoder takes no JPEG, and the simulation has no nvjpegdec.
            assert news["decoder"] == "avdec_mjpeg" and "nvjpegdec" in news["note"]
            return
        assert (news["decoder"], news["memory"], news["note"]) == ("nvv4l2decoder", "NVMM", "")
        header, picture = luma(worker)
        assert FORMATS[header.format] == "nv12"
        assert picture.std() > 20, "there is something to be seen"


@pytest.mark.parametrize("size", [None, (320, 240)])
def test_the_content_is_right(jetson: Jetson, short: Path, size: Any) -> None:
    """Every picture of a clip is one that the software decodes to, or that scaled."""
    found: List[List[np.ndarray]] = []
    for environment in (jetson.environment(), None):
        pictures = []
        with CaptureHarness(clip(short, loop=True, size=size, fps=10), environment=environment) as worker:
            online(worker)
            # Of the clip's 20, which a busy machine does not all take in the first round.
            for _ in range(8 if environment else 50):
                pictures.append(luma(worker)[1])
        found.append(pictures)
    board, software = found
    assert board[0].shape == ((240, 320) if size else (576, 768))
    least = 30.0 if size else TOP
    for picture in board:
        assert max(psnr(picture, other) for other in software) > least


def test_a_csi_camera_and_its_options(jetson: Jetson) -> None:
    options = {
        "sensor": 1, "size": "640x480", "rate": 30, "flip": "rotate-180", "exposure": [0.0001, 0.02],
        "gain": [1.0, 8.0], "white-balance": "daylight", "ae-lock": True, "saturation": 1.2, "denoise": "fast",
    }  # fmt: skip
    source = {"kind": "csi", "location": "csi://1", "options": options, "size": [320, 240], "fps": 5}
    with CaptureHarness(source, environment=jetson.environment()) as worker:
        news = online(worker)
        assert (news["codec"], news["memory"], news["width"], news["height"]) == ("raw", "NVMM", 320, 240)
        sequence = [luma(worker)[0].sequence for _ in range(5)]
        assert sequence == [1, 2, 3, 4, 5]


def test_a_sensor_that_is_not_there(jetson: Jetson) -> None:
    source = {"kind": "csi", "location": "csi://7", "options": {"sensor": 7}}
    with CaptureHarness(source, environment=jetson.environment()) as worker:
        end = worker.wait_for("end")
        assert end["state"] == "unreachable" and "csi://7" in end["reason"]


def test_argus_that_falls_silent_is_a_stall(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r35")
    source = {"kind": "csi", "location": "csi://0", "options": {"sensor": 0}}
    with CaptureHarness(source, environment=jetson.environment()) as worker:
        online(worker)
        jetson.order("camera:0 silent")
        end = worker.wait_for("end")
        assert (end["state"], end["reason"]) == ("stalled", "the camera ended its stream")


def test_a_missing_decoder_is_told_and_software_takes_over(
    make_jetson: Callable[..., Jetson], cameras: RtspServer
) -> None:
    jetson = make_jetson("r36", without=["nvv4l2decoder"])
    with CaptureHarness(rtsp(cameras.url("h264")), environment=jetson.environment()) as worker:
        news = online(worker)
        assert (news["decoder"], news["memory"]) == ("avdec_h264", "")
        assert "nvv4l2decoder" in news["note"] and "nvidia-l4t-gstreamer" in news["note"]


def test_a_missing_converter_is_named_with_its_package(
    make_jetson: Callable[..., Jetson], cameras: RtspServer
) -> None:
    jetson = make_jetson("r36", without=["nvvidconv"])
    with CaptureHarness(rtsp(cameras.url("h264")), environment=jetson.environment()) as worker:
        end = worker.wait_for("end")
        assert end["state"] == "unsupported"
        assert "nvvidconv" in end["reason"] and "nvidia-l4t-gstreamer" in end["reason"]


def test_the_rate_of_a_board_s_camera_changes_without_a_gap(
    make_jetson: Callable[..., Jetson], cameras: RtspServer
) -> None:
    jetson = make_jetson("r32")
    with CaptureHarness(rtsp(cameras.url("h264"), fps=2), environment=jetson.environment()) as worker:
        online(worker)
        luma(worker)
        worker.control.send({"op": "change", "fps": 10})
        times = [luma(worker)[0].captured for _ in range(12)]
        assert np.median(np.diff(times)) < 0.2e9
