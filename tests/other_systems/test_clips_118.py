"""Clips on GStreamer 1.18 (Debian 11): written as they are, masked, and of pictures that come raw."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List

import numpy as np
import pytest

from edge.wire.clock import monotonic_ns
from scripts.servers import RtspServer
from tests.capture.clip_files import decoded, probed
from tests.capture.harness import generated, rtsp
from tests.capture.recorders import Kept
from tests.other_systems.conftest import OtherSystem

MASK = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]


@pytest.fixture(scope="module")
def cameras(shared: Path) -> Iterator[RtspServer]:
    media = shared / "media"
    with RtspServer({"h264": media / "vtest-h264.mp4", "h265": media / "vtest-h265.mp4"}) as server:
        yield server


def ok(answer: Dict[str, Any]) -> Dict[str, Any]:
    """The answer of a clip that was written; where nothing encodes, it has to say what to install."""
    if "needs an encoder" in answer.get("reason", ""):
        assert "x264enc is in gstreamer1.0-plugins-ugly" in answer["reason"]
        pytest.skip("nothing encodes H.264 in that system (package gstreamer1.0-plugins-ugly)")
    assert answer["ok"], answer
    return answer


def kept(system: OtherSystem, source: Dict[str, Any]) -> Kept:
    return Kept(source, python="/usr/bin/python3", prefix=system.prefix())


@pytest.mark.parametrize("masks", [[], [MASK]], ids=["as it is", "masked"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_camera(
    codec: str, masks: List[Any], gstreamer_118: OtherSystem, cameras: RtspServer, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    with kept(gstreamer_118, rtsp(cameras.url(codec))) as worker:
        worker.wait_for("online")
        now = monotonic_ns()
        answer = ok(worker.clip(path, now, now + 4 * 10**9, masks))
    told = probed(path)
    assert told["codec_tag_string"] == {"h264": "avc1", "h265": "hvc1"}[answer["codec"]]
    assert float(told["start_time"]) == 0 and np.diff(told["pts"]).min() > 0
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    pictures = decoded(path, 768, 576)
    assert len(pictures) == len(told["pts"]) >= 10
    assert bool(masks) == (pictures[:, 140:430, 200:560].max() <= 24)


def test_raw_pictures(gstreamer_118: OtherSystem, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with kept(gstreamer_118, {**generated(width=320, height=240), "fps": 10}) as worker:
        worker.wait_for("online")
        header, _ = worker.picture()
        assert worker.snapshot(header.captured).answer["ok"]
        ok(worker.clip_of_now(path))
    assert len(decoded(path, 320, 240)) == len(probed(path)["pts"]) >= 10
