"""Every element that a pipeline here may be made of is known with its package."""

from __future__ import annotations

from typing import Set

from edge.boards import ANY_MACHINE, PC_WITH_GPU, Board
from edge.boards.jetson import board
from edge.boards.machine import MODULES
from edge.boards.releases import by_name
from edge.capture.packages import packages, words
from edge.capture.pipeline import Parts, tail
from edge.capture.source import Source, head
from edge.errors import Unsupported

BOARDS = [ANY_MACHINE, PC_WITH_GPU] + [
    board(module, module.variants[0], by_name(release)) for module in MODULES for release in module.releases
]
KINDS = ("rtsp", "http", "hls", "usb", "csi", "file", "test")


def elements(kind: Board) -> Set[str]:
    """All that the board's table and the pipelines made by it name."""
    found = {element for element in (kind.jpeg_encoder, kind.h264_encoder, kind.camera) if element}
    for scaler in ("videoconvertscale", "videoscale videoconvert"):
        parts = Parts(kind, scaler, lambda element: True)
        for name in KINDS:
            source = Source(name, "x", options={"sensor": 0, "device": "/dev/video0"})
            try:
                found.update(element.factory for element in head(source, kind))
            except Unsupported:
                assert name == "csi"
            for size in (None, (320, 240)):
                for codec, decoders in kind.decoders.items():
                    for decoder in decoders:
                        line = tail(source._replace(size=size), codec, name == "rtsp", decoder, parts)
                        found.update(element.factory for element in line)
                found.update(e.factory for e in tail(source._replace(size=size), "raw", False, None, parts))
    return found


def test_every_element_has_a_package() -> None:
    every = set().union(*(elements(kind) for kind in BOARDS))
    assert {"nvv4l2decoder", "nvjpegdec", "cudaconvertscale", "avdec_h265", "rtpjpegdepay", "v4l2src"} <= every
    unknown = {name for name in every if not packages(name)}
    # Encoders are not made pipelines of yet.
    assert unknown <= {"nvh264enc"}, unknown


def test_in_words() -> None:
    assert words("nvarguscamerasrc") == "nvidia-l4t-gstreamer and nvidia-l4t-camera"
    assert words("nvh264dec") == "gstreamer1.0-plugins-bad, and works with NVIDIA's driver"
    assert words("avdec_h264") == "gstreamer1.0-libav"
    assert packages("videocrop") == ("gstreamer1.0-plugins-good",) and packages("videorate") != packages("videocrop")
    assert (packages("nobodys"), words("nobodys")) == ((), "")
