"""The capture worker on simulated boards: every source and codec comes through the board's own elements."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Tuple

import numpy as np
import pytest

from edge.wire.messages import FORMATS, PictureHeader
from scripts.servers import ROOT, RtspServer
from tests.capture.harness import CaptureHarness, rtsp
from tests.simulation.jetson import Jetson


@pytest.fixture(scope="module")
def cameras(shared: Path) -> Iterator[RtspServer]:
    media = shared / "media"
    jpeg = "launch:videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0"
    with RtspServer({"h264": media / "vtest-h264.mp4", "h265": media / "vtest-h265.mp4", "jpeg": jpeg}) as server:
        yield server


def online(worker: CaptureHarness) -> Dict[str, Any]:
    return worker.wait_for("online")


def luma(worker: CaptureHarness) -> Tuple[PictureHeader, np.ndarray]:
    """A picture's header and its first plane."""
    header, _ = worker.picture()
    assert worker.memory is not None
    data = np.frombuffer(worker.memory.view(header.slot), np.uint8)[header.offsets[0] :]
    shape, strides = (header.height, header.width), (header.strides[0], 1)
    return header, np.lib.stride_tricks.as_strided(data, shape, strides).copy()


@pytest.mark.parametrize("codec", ["h264", "h265", "jpeg"])
def test_rtsp_is_decoded_by_the_board(jetson: Jetson, cameras: RtspServer, codec: str) -> None:
    with CaptureHarness(rtsp(cameras.url(codec)), environment=jetson.environment()) as worker:
        news = online(worker)
        # Thor's video decoder takes no JPEG.
        decoder = "nvjpegdec" if (jetson.release, codec) == ("r38", "jpeg") else "nvv4l2decoder"
        assert (news["decoder"], news["memory"], news["note"]) == (decoder, "NVMM", "")
        header, picture = luma(worker)
        assert FORMATS[header.format] == "nv12"
        assert picture.std() > 20, "there is something to be seen"


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


def usb(**options: Any) -> Dict[str, Any]:
    return {"kind": "usb", "location": "usb:///dev/video0", "options": {"device": "/dev/video0", **options}}


@pytest.mark.parametrize(
    ("options", "codec", "size"),
    [
        ({}, "jpeg", (1280, 720)),  # the largest that is fast enough
        ({"rate": 5, "format": "raw"}, "raw", (1280, 720)),
        ({"size": "320x240"}, "raw", (320, 240)),
        ({"size": "640x480", "rate": 15, "format": "mjpeg"}, "jpeg", (640, 480)),
        ({"size": "1920x1080"}, "jpeg", (1920, 1080)),
    ],
)
def test_a_usb_camera_in_the_best_of_its_forms(
    options: Dict[str, Any], codec: str, size: Tuple[int, int], jetson: Jetson
) -> None:
    with CaptureHarness(usb(**options), environment=jetson.environment()) as worker:
        news = online(worker)
        assert (news["codec"], (news["width"], news["height"])) == (codec, size)
        assert (news["memory"] == "NVMM") == (codec == "jpeg")
        assert [luma(worker)[0].sequence for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("missing", "Cannot identify device '/dev/video0'"),
        ("denied", "Could not open device '/dev/video0'"),
        ("busy", "Device '/dev/video0' is busy"),
    ],
)
def test_a_usb_camera_that_cannot_be_used(order: str, words: str, make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36")
    jetson.order("usb:/dev/video0 " + order)
    with CaptureHarness(usb(), environment=jetson.environment()) as worker:
        end = worker.wait_for("end")
        assert end["state"] == "unreachable" and words in end["reason"]


def test_a_form_that_a_usb_camera_has_not(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36", usb={"/dev/video0": "YUY2:640x480@30"})
    for options, words in (({"format": "mjpeg"}, "it offers YUY2"), ({"size": "800x600"}, "it has 640x480")):
        with CaptureHarness(usb(**options), environment=jetson.environment()) as worker:
            end = worker.wait_for("end")
            assert end["state"] == "unsupported" and words in end["reason"]


@pytest.mark.parametrize(("order", "words"), [("missing", "No such device"), ("stall", "no picture for 2 s")])
def test_a_usb_camera_that_fails_while_it_runs(order: str, words: str, make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r35")
    with CaptureHarness(usb(size="320x240"), stall_timeout=2, environment=jetson.environment()) as worker:
        online(worker)
        luma(worker)
        jetson.order("usb:/dev/video0 " + order)
        end = worker.wait_for("end")
        assert end["state"] == "stalled" and words in end["reason"]


@pytest.mark.parametrize("version", ["36", "38", "310", "312"])
def test_the_worker_on_a_jetpack_s_python(
    version: str, make_jetson: Callable[..., Jetson], cameras: RtspServer, request: pytest.FixtureRequest
) -> None:
    python: Path = request.getfixturevalue("python" + version)
    jetson = make_jetson({"36": "r32", "38": "r35", "310": "r36", "312": "r38"}[version])
    environment = {**jetson.environment(), "PYTHONPATH": str(ROOT)}
    for source in (
        rtsp(cameras.url("h264")),
        rtsp(cameras.url("h265"), size=[320, 240]),
        {"kind": "csi", "location": "csi://0", "options": {"sensor": 0}},
        usb(size="640x480", format="mjpeg"),
        usb(size="640x480", format="raw"),
    ):
        with CaptureHarness(source, python=python, environment=environment) as worker:
            news = online(worker)
            assert (news["memory"] == "NVMM") == ((source.get("options") or {}).get("format") != "raw")
            assert luma(worker)[1].std() > 10


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
