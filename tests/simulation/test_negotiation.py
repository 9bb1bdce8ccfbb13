"""What links and what does not: memory, formats, and the conversions that a release cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from tests.simulation.conftest import run
from tests.simulation.jetson import Jetson

DECODED = "filesrc location={} ! qtdemux ! h264parse ! nvv4l2decoder name=decoder"
SINK = "appsink name=sink sync=false"


@pytest.fixture
def decoded(shared: Path) -> str:
    """The line up to the decoder."""
    return DECODED.format(shared / "media" / "vtest-h264.mp4")


def test_decoded_pictures_are_in_nvmm(jetson: Jetson, decoded: str) -> None:
    found = run(jetson, f"{decoded} ! {SINK}", frames=3, pads=["decoder.src"])
    assert found["pads"]["decoder.src"].startswith("video/x-raw(memory:NVMM), format=(string)NV12, width=(int)768,")
    # What an element that knows nothing of NVMM gets is a descriptor.
    assert {frame["size"] for frame in found["frames"]} == {64}


@pytest.mark.parametrize(
    "rest",
    [
        f"video/x-raw,format=NV12 ! {SINK}",
        f"videoscale ! video/x-raw,width=320,height=240 ! {SINK}",
        "videoconvert ! video/x-raw,format=I420 ! fakesink",
        "jpegenc ! fakesink",
    ],
)
def test_without_the_converter_nothing_links(jetson: Jetson, decoded: str, rest: str) -> None:
    assert "could not link" in run(jetson, f"{decoded} ! {rest}")["unlinked"]


def test_software_that_takes_any_memory_finds_no_picture_in_it(jetson: Jetson, decoded: str) -> None:
    found = run(jetson, f"{decoded} ! videoconvert name=convert ! {SINK}", frames=1, pads=["convert.src"])
    assert "memory:NVMM" in found["pads"]["convert.src"], "it can only hand on what it was given"
    assert found["frames"][0]["size"] == 64


def test_the_converter_brings_it_into_system_memory(jetson: Jetson, decoded: str) -> None:
    line = f"{decoded} ! nvvidconv name=convert ! video/x-raw,format=NV12,width=320,height=240 ! {SINK}"
    found = run(jetson, line, frames=3, pads=["convert.sink", "convert.src"])
    assert "memory:NVMM" in found["pads"]["convert.sink"]
    assert "memory" not in found["pads"]["convert.src"]
    assert {frame["size"] for frame in found["frames"]} == {320 * 240 * 3 // 2}


def test_the_converter_leaves_it_in_nvmm_where_it_may(jetson: Jetson, decoded: str) -> None:
    line = f"{decoded} ! nvvidconv name=convert ! video/x-raw(ANY),width=320,height=240 ! {SINK}"
    assert "memory:NVMM" in run(jetson, line, frames=1, pads=["convert.src"])["pads"]["convert.src"]


@pytest.mark.parametrize("form", ["RGB", "BGR", "P010_10LE"])
def test_formats_that_no_converter_gives(jetson: Jetson, decoded: str, form: str) -> None:
    assert "could not link" in run(jetson, f"{decoded} ! nvvidconv ! video/x-raw,format={form} ! fakesink")["unlinked"]


def test_y444_came_with_r35(jetson: Jetson, decoded: str) -> None:
    found = run(jetson, f"{decoded} ! nvvidconv ! video/x-raw,format=Y444 ! {SINK}", frames=1)
    assert ("unlinked" in found) == (jetson.release == "r32")


def test_colours_as_the_converter_has_them(jetson: Jetson, decoded: str) -> None:
    for form in ("BGRx", "RGBA", "I420", "UYVY", "GRAY8"):
        found = run(jetson, f"{decoded} ! nvvidconv ! video/x-raw,format={form} ! {SINK}", frames=1)
        assert f"format=(string){form}" in found["frames"][0]["caps"]


def test_grey_becomes_nothing_but_grey_and_i420(jetson: Jetson) -> None:
    grey = "videotestsrc num-buffers=3 ! video/x-raw,format=GRAY8,width=64,height=48 ! nvvidconv"
    for form, works in (("I420", True), ("GRAY8", True), ("NV12", False)):
        found = run(jetson, f"{grey} ! video/x-raw(memory:NVMM),format={form},width=32,height=24 ! {SINK}")
        assert (len(found.get("frames", [])) == 3) == works, form


def test_from_system_memory_to_system_memory(jetson: Jetson) -> None:
    line = "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=64,height=48 ! nvvidconv ! {} ! " + SINK
    scaled = run(jetson, line.format("video/x-raw,width=32,height=24"))
    if jetson.release == "r32":
        # It negotiates, and then the first picture ends it.
        assert scaled["frames"] == []
        (error, *_) = scaled["messages"]
        assert (error["type"], error["text"]) == ("error", "Internal data stream error.")
        assert "reason error (-5)" in error["debug"]
    else:
        assert len(scaled["frames"]) == 3
    assert len(run(jetson, line.format("video/x-raw,width=64,height=48"))["frames"]) == 3, "untouched, it passes"


def test_the_jpeg_encoder_takes_few_formats_since_r35(jetson: Jetson) -> None:
    line = "videotestsrc num-buffers=2 ! video/x-raw,format={},width=64,height=48 ! nvjpegenc ! " + SINK
    assert len(run(jetson, line.format("I420"))["frames"]) == 2
    assert ("unlinked" in run(jetson, line.format("RGB"))) == (jetson.release != "r32")


def test_the_h264_encoder_takes_nvmm_alone(jetson: Jetson) -> None:
    line = "videotestsrc num-buffers=2 ! video/x-raw,width=64,height=48 ! {}nvv4l2h264enc ! " + SINK
    assert "unlinked" in run(jetson, line.format(""))
    there = run(jetson, line.format("nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! "))
    assert "stream-format=(string)byte-stream" in there["frames"][0]["caps"]


def test_jpeg_is_decoded_when_mjpeg_is_set(jetson: Jetson) -> None:
    line = "videotestsrc num-buffers=2 ! video/x-raw,width=64,height=48 ! jpegenc ! nvv4l2decoder{} ! " + SINK
    assert len(run(jetson, line.format(" mjpeg=1"))["frames"]) == 2
    (error, *_) = run(jetson, line.format(""))["messages"]
    assert (error["type"], error["source"]) == ("error", "nvv4l2decoder0")


def test_a_property_of_another_release_is_refused(make_jetson: Callable[..., Jetson], decoded: str) -> None:
    line = decoded + " enable-max-performance=1 ! fakesink"
    assert "unlinked" not in run(make_jetson("r36"), line, seconds=0)
    assert 'no property "enable-max-performance"' in run(make_jetson("r38"), line)["unlinked"]
