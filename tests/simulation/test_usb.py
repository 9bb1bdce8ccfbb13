"""v4l2src: held against GStreamer's own, what its cameras see, and how it fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from typing import Any, Callable, Dict, List, Tuple

import pytest

from tests.simulation.conftest import PROBE, probe, run
from tests.simulation.jetson import Jetson
from tests.simulation.picture import camera_picture, planes, psnr

#: What of the real one no camera here needs: analogue television, and controls as structures.
LEFT_OUT = {"crop-bounds", "extra-controls", "flags", "norm"}
CROP = {"crop-left", "crop-right", "crop-top", "crop-bottom"}  # came with GStreamer 1.22
SIZE = (640, 480)


@pytest.fixture(scope="module")
def real() -> Dict[str, Any]:
    """This machine's own v4l2src as probe.py tells it."""
    done = subprocess.run([sys.executable, str(PROBE), "inspect", "v4l2src"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: Dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["v4l2src"]
    if found is None:
        pytest.skip("no v4l2src here (package gstreamer1.0-plugins-good)")
    return found


def formats(template: str) -> List[str]:
    """Of the raw caps in system memory."""
    raw = next(part for part in template.split("; ") if part.startswith("video/x-raw,"))
    found = re.search(r"format=\(string\)\{ ([^}]*) \}", raw)
    assert found is not None, raw
    return found.group(1).split(", ")


def test_it_is_as_the_real_one(jetson: Jetson, real: Dict[str, Any]) -> None:
    ours = probe(jetson, "inspect", "v4l2src")["v4l2src"]
    for key in ("rank", "klass", "longname"):
        assert ours[key] == real[key]
    for name, described in ours["properties"].items():
        if name in real["properties"] or name not in CROP:  # an older GStreamer here has none to compare with
            there = dict(real["properties"][name])
            if name == "device-name":
                there["default"] = None
            assert described == there, name
    missing = set(real["properties"]) - set(ours["properties"]) - LEFT_OUT
    assert missing <= (set() if jetson.release == "r38" else CROP)
    assert set(formats(ours["templates"]["src"])) <= set(formats(real["templates"]["src"]))
    assert "image/jpeg" in real["templates"]["src"].split("; ")
    assert ours["templates"]["src"].startswith("image/jpeg; ")


@pytest.mark.parametrize(
    ("form", "decode"),
    [("video/x-raw,format=YUY2", "videoconvert"), ("image/jpeg", "jpegdec ! videoconvert")],
    ids=["raw", "jpeg"],
)
def test_what_it_sees(jetson: Jetson, form: str, decode: str) -> None:
    data = jetson.root.parent / "pictures"
    sized = "{},width={},height={},framerate=30/1".format(form, *SIZE)
    line = f"v4l2src io-mode=mmap ! {sized} ! {decode} ! video/x-raw,format=NV12 ! appsink name=sink sync=false"
    found = run(jetson, line, frames=16, data=str(data))["frames"]
    content, length = data.read_bytes(), found[0]["size"]
    for n in range(4):
        ours = planes(content[n * length : (n + 1) * length], "NV12", *SIZE)
        assert min(psnr(a, b) for a, b in zip(ours, camera_picture(n + 1, *SIZE))) > 38
    # Half a second; less where the first one was late, on a busy machine.
    assert found[-1]["pts"] - found[0]["pts"] >= 0.25e9, "it is live"


def test_it_offers_what_the_camera_has_and_nothing_else(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r35", usb={"/dev/video2": "YUY2:320x240@30,15 JPEG:640x480@30"})
    line = "v4l2src device=/dev/video2 name=camera ! {} ! fakesink num-buffers=1"
    for caps, works in (
        ("video/x-raw,width=320,framerate=15/1", True),
        ("image/jpeg,width=640", True),
        ("video/x-raw,width=640", False),
        ("image/jpeg,width=640,framerate=15/1", False),
        ("video/x-raw,format=NV12", False),
    ):
        found = run(jetson, line.format(caps), seconds=1, pads=["camera.src"])
        assert (found["pads"]["camera.src"] is not None) == works, caps
        assert works or "not-negotiated" in found["messages"][0]["debug"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("missing", (3, "Cannot identify device '/dev/video0'.", "system error: No such file or directory")),
        ("denied", (7, "Could not open device '/dev/video0' for reading and writing.", "Permission denied")),
        ("busy", (4, "Device '/dev/video0' is busy", "Call to S_FMT failed for ")),
    ],
)
def test_what_it_cannot_use(jetson: Jetson, order: str, expected: Tuple[int, str, str]) -> None:
    jetson.order("usb:/dev/video0 " + order)
    error = run(jetson, "v4l2src ! fakesink", seconds=5)["messages"][0]
    assert (error["domain"], error["code"], error["text"]) == ("gst-resource-error-quark", *expected[:2])
    assert expected[2] in error["debug"]
    assert "GstV4l2Src:v4l2src0" in error["debug"]


def test_the_real_one_says_the_same_of_a_device_that_is_not_there(jetson: Jetson, real: Dict[str, Any]) -> None:
    line = "v4l2src device=/dev/video177 ! fakesink"
    theirs = subprocess.run(
        [sys.executable, str(PROBE), "run", json.dumps({"line": line, "seconds": 5})], capture_output=True, text=True
    )
    messages = [json.loads(theirs.stdout.splitlines()[-1])["messages"][0], run(jetson, line, seconds=5)["messages"][0]]
    real_one, ours = ({key: m[key] for key in ("type", "source", "domain", "code", "text")} for m in messages)
    assert ours == real_one
    assert messages[0]["debug"].splitlines()[1:] == messages[1]["debug"].splitlines()[1:]


def test_open_and_no_pictures(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36")
    jetson.order("usb:/dev/video0 stall")
    assert run(jetson, "v4l2src ! appsink name=sink", seconds=1)["frames"] == []
    jetson.order()
    assert len(run(jetson, "v4l2src num-buffers=3 ! appsink name=sink")["frames"]) == 3


def test_unplugged_while_it_plays(make_jetson: Callable[..., Jetson]) -> None:
    jetson = make_jetson("r36")
    timer = threading.Timer(1.5, jetson.order, ["usb:/dev/video0 missing"])
    timer.start()
    try:
        found = run(jetson, "v4l2src ! video/x-raw,width=320 ! appsink name=sink sync=false")
    finally:
        timer.cancel()
        timer.join()
    assert len(found["frames"]) > 3
    error = found["messages"][0]
    assert (error["code"], error["text"]) == (9, "Could not read from resource.")
    assert "poll error 1: No such device (19)" in error["debug"]
