"""Whole lines as NVIDIA's guide composes them, by gst-launch-1.0; and that starting and stopping leaves nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from scripts import servers
from tests.simulation.conftest import probe
from tests.simulation.jetson import Jetson

SCALED = "nvvidconv ! video/x-raw,format=NV12,width=640,height=360"
# gst-launch-1.0 takes nothing from an appsink, which would wait for that at its end.
NEWEST = "queue leaky=downstream max-size-buffers=1 ! appsink drop=true max-buffers=1 sync=false wait-on-eos=false"
RTSP = (
    "rtspsrc location={} protocols=tcp latency=200 drop-on-latency=true tcp-timeout=5000000 "
    "! application/x-rtp,media=video ! rtp{codec}depay ! {codec}parse ! nvv4l2decoder{more} "
    f"! {SCALED} ! {NEWEST}"
)
CSI = (
    "nvarguscamerasrc sensor-id=0 num-buffers=30 "
    "! video/x-raw(memory:NVMM),format=NV12,width=1280,height=720,framerate=30/1"
)
USB = "v4l2src io-mode=2 num-buffers=20 ! {},width=640,height=480,framerate=30/1"


def launch(jetson: Jetson, line: str) -> str:
    """What gst-launch-1.0 prints until the stream's end; what comes after it is rtspsrc's, which parts badly."""
    done = subprocess.run(
        ["gst-launch-1.0", "-v", *line.split()], env=jetson.environment(), capture_output=True, text=True, timeout=150
    )
    said, end, _ = done.stdout.partition("Got EOS from element")
    assert end and "ERROR" not in said, done.stdout + done.stderr
    return said


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_rtsp(codec: str, jetson: Jetson, shared: Path) -> None:
    with servers.RtspServer({"square": shared / "media" / f"vtest-{codec}.mp4"}) as server:
        more = "" if jetson.release == "r38" else " enable-max-performance=1"
        line = RTSP.format(server.url("square"), codec=codec, more=more)
        line = line.replace("! queue", "! identity eos-after=20 ! queue")
        said = launch(jetson, line)
    assert "nvv4l2decoder0.GstPad:src: caps = video/x-raw(memory:NVMM), format=(string)NV12" in said
    assert "width=(int)640, height=(int)360" in said


@pytest.mark.parametrize(
    "line",
    [
        f"{CSI} ! {SCALED} ! {NEWEST}",
        f"{USB.format('image/jpeg')} ! jpegparse ! nvv4l2decoder mjpeg=1 ! {SCALED} ! {NEWEST}",
        f"{USB.format('image/jpeg')} ! jpegparse ! nvjpegdec ! {SCALED} ! {NEWEST}",
        f"{USB.format('video/x-raw,format=YUY2')} ! nvvidconv ! video/x-raw(memory:NVMM),format=NV12 "
        f"! {SCALED} ! {NEWEST}",
        f"{CSI} ! nvvidconv ! video/x-raw(memory:NVMM),format=I420 ! nvjpegenc quality=90 ! jpegparse ! fakesink",
        f"{CSI} ! nvv4l2h264enc bitrate=2000000 insert-sps-pps=1 ! h264parse ! fakesink",
    ],
    ids=["csi", "usb-mjpeg", "usb-nvjpegdec", "usb-raw", "jpeg", "h264"],
)
def test_a_line_of_the_guide(line: str, jetson: Jetson) -> None:
    assert "memory:NVMM" in launch(jetson, line)


def test_the_software_decoder_is_not_taken_where_the_hardware_is(jetson: Jetson, shared: Path) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    said = launch(jetson, f"filesrc location={clip} ! decodebin ! nvvidconv ! identity eos-after=5 ! fakesink")
    assert "nvv4l2decoder" in said and "avdec_h264" not in said


STARTED_AND_STOPPED = pytest.mark.parametrize(
    "line",
    [
        "filesrc location={} ! qtdemux ! identity eos-after=4 ! h264parse ! nvv4l2decoder ! nvvidconv flip-method=2 "
        "! video/x-raw(memory:NVMM),format=I420,width=320,height=240 ! nvjpegenc ! fakesink sync=false",
        "nvarguscamerasrc num-buffers=2 ! video/x-raw(memory:NVMM),width=1280,height=720,framerate=60/1 ! nvvidconv "
        "! video/x-raw,width=320,height=180 ! fakesink sync=false",
        "nvarguscamerasrc num-buffers=2 ! video/x-raw(memory:NVMM),width=320,height=240,framerate=60/1 ! nvv4l2h264enc "
        "! nvv4l2decoder ! fakesink sync=false",
        "v4l2src num-buffers=2 ! image/jpeg,width=320,framerate=30/1 ! nvjpegdec ! nvvidconv "
        "! video/x-raw,width=160,height=120 ! fakesink sync=false",
    ],
    ids=["decode", "camera", "encode", "usb"],
)
#: A line of the account that names an object.
LEFT = "object-alive, type-name=(string)Gst"


@STARTED_AND_STOPPED
def test_nothing_is_left_alive(line: str, make_jetson: Callable[..., Jetson], shared: Path) -> None:
    environment = make_jetson("r35").environment()
    # GStreamer's own account of objects, buffers, caps and messages that nobody let go of.
    environment.update(GST_TRACERS="leaks", GST_DEBUG="GST_TRACER:7", GST_DEBUG_NO_COLOR="1")
    command = ["gst-launch-1.0", "-q", *line.format(shared / "media" / "vtest-h264.mp4").split()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    assert "object-alive" in done.stderr, "it looked"
    assert [said for said in done.stderr.splitlines() if LEFT in said] == []


@STARTED_AND_STOPPED
def test_two_hundred_starts_leave_nothing(line: str, make_jetson: Callable[..., Jetson], shared: Path) -> None:
    clip = shared / "media" / "vtest-h264.mp4"
    used = probe(make_jetson("r35"), "cycle", json.dumps({"line": line.format(clip), "times": 200}))["rss_kib"]
    # One surface of these pictures is 600 KiB: one kept in each round would be 60 MiB in the second half.
    assert max(used[150:]) - max(used[50:100]) < 4096, used[::10]
