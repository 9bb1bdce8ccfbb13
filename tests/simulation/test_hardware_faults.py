"""What hardware does wrong, and what an edit does to it, seen from the capture worker."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from tests.capture.harness import CaptureHarness, clip
from tests.simulation.jetson import Jetson

USB = {"kind": "usb", "location": "usb:///dev/video0", "options": {"device": "/dev/video0", "format": "raw"}}


def test_another_rate_for_a_raw_usb_camera(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36", usb={"/dev/video0": "YUY2:640x480@30"})
    with CaptureHarness({**USB, "fps": 10.0}, environment=jetson.environment()) as worker:
        worker.wait_for("online")
        worker.picture()
        for fps in (3.0, 15.0):
            worker.control.send({"op": "change", "fps": fps})
            for _ in range(3):
                worker.picture()
        assert worker.said("end") == []


def test_a_usb_camera_that_is_grey(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36", usb={"/dev/video0": "GRAY8:640x480@30"})
    with CaptureHarness({**USB, "size": [320, 240]}, environment=jetson.environment()) as worker:
        worker.wait_for("online")
        header, _planes = worker.picture()
        assert (header.width, header.height) == (320, 240)


def test_a_decoder_that_gives_nothing_is_named(make_jetson: Callable[..., Jetson], shared: Path) -> None:
    jetson = make_jetson("r35")
    jetson.order("decoder silent")
    source = clip(shared / "media" / "vtest-h264.mp4", loop=True)
    with CaptureHarness(source, stall_timeout=2.0, environment=jetson.environment()) as worker:
        farewell = worker.ended()
    assert farewell["broken"] == "nvv4l2decoder"
    assert farewell["reason"] == "the decoder nvv4l2decoder takes what comes and gives no picture for 2 s"
