"""The capture worker on GStreamer 1.18 and Python 3.9 (Debian 11), as the daemon would start it.

JetPack 5 has 1.16 and JetPack 4.6 has 1.14: what they lack is guarded in the code by asking for it, and was not run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.servers import RtspServer
from tests.capture.harness import CaptureHarness, Source, clip, generated, rtsp
from tests.other_systems.conftest import OtherSystem

Start = Callable[..., CaptureHarness]


@pytest.fixture(scope="module")
def cameras(shared: Path) -> Iterator[RtspServer]:
    """``square`` and ``square265``: the clip in either codec."""
    media = shared / "media"
    mounts = {"square": media / "vtest-h264.mp4", "square265": media / "vtest-h265.mp4"}
    with RtspServer({**mounts, "jpeg": "launch:videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0"}) as server:
        yield server


@pytest.fixture
def start(gstreamer_118: OtherSystem, shared: Path) -> Start:
    """A capture worker in that system."""

    def start(source: Source, **how: Any) -> CaptureHarness:
        return CaptureHarness(source, python="/usr/bin/python3", prefix=gstreamer_118.prefix(shared), **how)

    return start


def test_it_is_what_it_is_said_to_be(gstreamer_118: OtherSystem) -> None:
    code = "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; print(Gst.version()[:2])"
    assert gstreamer_118.run("python3", "-c", f"import sys, numpy; print(sys.version_info[:2]); {code}").split("\n")[
        :2
    ] == ["(3, 9)", "(1, 18)"]


def test_nothing_stays_mounted(gstreamer_118: OtherSystem) -> None:
    assert gstreamer_118.run("sh", "-c", "grep -c . /proc/mounts && touch /run/here && pwd").endswith("/\n")
    assert str(gstreamer_118.root) not in Path("/proc/mounts").read_text()
    assert not (gstreamer_118.root / "run/here").exists()


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_file(start: Start, shared: Path, codec: str) -> None:
    with start(clip(shared / "media" / f"vtest-{codec}.mp4", fps=5, size=[384, 288])) as worker:
        online = worker.wait_for("online")
        assert online["codec"] == codec and online["decoder"].startswith(("avdec", "libde265"))
        for _ in range(4):
            header, planes = worker.picture(fresh=False)
            assert (header.width, header.height) == (384, 288)
            assert 40 < planes[0].mean() < 200 and planes[0].std() > 20, "a picture, not a grey field"
    assert worker.stderr == ""


@pytest.mark.parametrize(("mount", "codec"), [("square", "h264"), ("square265", "h265"), ("jpeg", "jpeg")])
def test_a_camera(start: Start, cameras: RtspServer, mount: str, codec: str) -> None:
    with start(rtsp(cameras.url(mount))) as worker:
        assert worker.wait_for("online")["codec"] == codec
        headers = [worker.picture()[0] for _ in range(8)]
        assert [header.sequence for header in headers] == list(range(1, 9))
        worker.control.send({"op": "stop"})
        assert worker.ended()["state"] == "stopped"
    assert worker.stderr == ""


@pytest.mark.parametrize("mount", ["square", "square265"])
def test_packets_shorter_than_their_own_headers(start: Start, cameras: RtspServer, mount: str) -> None:
    """What rtph264depay and rtph265depay read behind the end of, in 1.22 as in 1.18, does not reach them."""
    with FaultProxy(cameras.port, seed=7) as proxy, start(rtsp(proxy.url(mount))) as worker:
        worker.wait_for("online")
        proxy.set("truncate")
        for _ in range(8):
            worker.wait_for("beat")
        assert worker.process.poll() is None
        proxy.set("pass")
        frames = worker.wait_for("beat")["frames"]
        while worker.wait_for("beat")["frames"] < frames + 20:
            pass
        worker.picture()
    assert "CRITICAL" not in worker.stderr


@pytest.mark.parametrize("mode", ["garbage", "garbage-packets"])
def test_what_cannot_be_decoded_is_lived_with(start: Start, cameras: RtspServer, mode: str) -> None:
    with FaultProxy(cameras.port, seed=7) as proxy, start(rtsp(proxy.url("square"))) as worker:
        worker.wait_for("online")
        proxy.set(mode)
        for _ in range(3):
            worker.wait_for("beat")
        proxy.set("pass")
        frames = worker.wait_for("beat")["frames"]
        while worker.wait_for("beat")["frames"] < frames + 20:
            pass
        assert worker.said("end") == [] and len(worker.said("online")) == 1


def test_a_loop_and_a_test_picture(start: Start, shared: Path) -> None:
    with start(clip(shared / "media" / "vtest-h264.mp4", loop=True)) as worker:
        captured = [worker.picture(fresh=False)[0].captured for _ in range(12)]
        assert captured == sorted(set(captured))
    with start(generated(size=[320, 240])) as worker:
        worker.wait_for("online")
        worker.picture()
