"""Cameras for the capture worker's tests: one real server for all of them, and small clips."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Iterator

import pytest

# Before GStreamer: with what its plugins load, the exceptions of a runtime that comes later end the process. (The
# daemon has the two in processes of their own.)
import edge.inference.backends.onnxruntime

with warnings.catch_warnings():
    # The binding's own way of importing is one that Python has announced to give up.
    warnings.simplefilter("ignore")
    import edge.capture.gst  # noqa: F401

from scripts import servers
from tests.capture import clips


@pytest.fixture(scope="session")
def short(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of people on a square: 20 pictures, 768x576, H.264."""
    return clips.cut(shared / "media" / "vtest-h264.mp4", tmp_path_factory.mktemp("clips") / "short.mp4", 20)


@pytest.fixture(scope="session")
def cameras(shared: Path) -> Iterator[servers.RtspServer]:
    """``square`` and ``square265`` are the clip; ``sound``, ``vp8`` and ``jpeg`` send what their names say."""
    media = shared / "media"
    with servers.RtspServer(
        {
            "square": media / "vtest-h264.mp4",
            "square265": media / "vtest-h265.mp4",
            "sound": "launch:audiotestsrc is-live=true ! audioconvert ! rtpL16pay name=pay0",
            "vp8": "launch:videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay name=pay0",
            "jpeg": "launch:videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0",
        }
    ) as server:
        yield server


@pytest.fixture(params=["here", "3.6", "3.8"])
def python(request: pytest.FixtureRequest) -> str:
    """The interpreters that a worker has to run on."""
    if request.param == "here":
        return sys.executable
    return str(request.getfixturevalue("python" + request.param.replace(".", "")))
