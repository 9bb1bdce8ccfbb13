"""Cameras that break in mid-stream: what can be lived with is lived with, and the rest is told as it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Iterator, List, Tuple

import pytest

from scripts.fault_proxy import FaultProxy
from scripts.servers import RtspServer
from tests.capture import clips
from tests.capture.harness import CaptureHarness, rtsp

ENCODE = "x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 key-int-max=10"
JPEG = "launch:videotestsrc is-live=true ! video/x-raw,format=I420,framerate=10/1 ! jpegenc ! rtpjpegpay name=pay0"


def generate(width: int, height: int, pattern: str, pictures: int = -1) -> str:
    """Generated pictures, ten a second, as H.264."""
    size = f"video/x-raw,format=I420,width={width},height={height},framerate=10/1"
    return f"videotestsrc num-buffers={pictures} pattern={pattern} ! {size} ! {ENCODE}"


@pytest.fixture(scope="module")
def camera(shared: Path) -> Iterator[RtspServer]:
    """``square`` is the clip in H.264, ``small`` a stream of one or two packets a picture, ``grows`` changes size."""
    send = "h264parse ! rtph264pay name=pay0 config-interval=-1"
    parts = [generate(w, h, "smpte75", n) for w, h, n in ((320, 240, 40), (640, 480, 40), (160, 120, -1))]
    grows = f"concat name=all ! {send} " + " ".join(f"{part} ! all." for part in parts)
    with RtspServer(
        {
            "square": shared / "media" / "vtest-h264.mp4",
            "square265": shared / "media" / "vtest-h265.mp4",
            "jpeg": JPEG,
            "small": f"launch:{generate(320, 240, 'ball')} ! {send}",
            "grows": f"launch:{grows}",
        }
    ) as server:
        yield server


@pytest.fixture
def proxy(camera: RtspServer) -> Iterator[FaultProxy]:
    with FaultProxy(camera.port, seed=7) as made:
        yield made


def frames_in(worker: CaptureHarness, beats: int) -> int:
    """How many pictures come over so many beats."""
    first = worker.wait_for("beat")["frames"]
    for _ in range(beats):
        last = worker.wait_for("beat")["frames"]
    return int(last - first)


def goes_on(worker: CaptureHarness, more: int = 20) -> None:
    """Wait for so many more pictures."""
    first = worker.wait_for("beat")["frames"]
    while worker.wait_for("beat")["frames"] < first + more:
        pass


@pytest.mark.parametrize("mode", ["half-open", "silent", "stall", "garbage", "garbage-packets"])
def test_nothing_usable_comes_any_more(proxy: FaultProxy, mode: str) -> None:
    with CaptureHarness(rtsp(proxy.url("square")), stall_timeout=3) as worker:
        worker.wait_for("online")
        worker.picture()
        proxy.set(mode)
        began = time.monotonic()
        farewell = worker.ended()
        took = time.monotonic() - began
    assert farewell["state"] == "stalled"
    assert farewell["reason"].startswith("no picture for 3 s")
    assert ("cannot be decoded" in farewell["reason"]) == (mode == "garbage")
    assert took >= 2.5
    beats = [m["time"] / 1e9 for m in worker.said("beat")]
    assert max(b - a for a, b in zip(beats, beats[1:])) < 60, "its heart went on"
    assert worker.stderr == ""


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("reset", "the connection to 127.0.0.1:{} broke"),
        ("refuse", "the connection to 127.0.0.1:{} broke"),
        ("close", ""),  # the end of a connection is the end of the stream, or of the file as a socket says it
        ("garbage-stream", "what 127.0.0.1:{} sends is no RTSP any more"),
    ],
)
def test_the_connection_breaks(proxy: FaultProxy, mode: str, words: str) -> None:
    with CaptureHarness(rtsp(proxy.url("square"))) as worker:
        worker.wait_for("online")
        worker.picture()
        proxy.set(mode)
        began = time.monotonic()
        farewell = worker.ended()
    assert time.monotonic() - began < 60, "at once, not by a timeout"
    assert farewell["state"] == "stalled"
    assert words.format(proxy.port) in farewell["reason"]


@pytest.mark.parametrize("mount", ["square", "jpeg"])
@pytest.mark.parametrize("mode", ["garbage", "garbage-packets", "truncate", "stall"])
def test_what_passes_is_survived(proxy: FaultProxy, mount: str, mode: str) -> None:
    with CaptureHarness(rtsp(proxy.url(mount))) as worker:
        worker.wait_for("online")
        proxy.set(mode)
        frames_in(worker, 3)
        proxy.set("pass")
        goes_on(worker)
        worker.picture()
        assert worker.said("end") == [] and len(worker.said("online")) == 1


def test_cut_units_are_pictures_as_far_as_they_go_and_kill_nobody(proxy: FaultProxy) -> None:
    # Down to packets of no payload at all: GStreamer's depayloader dies of one that is shorter than its own headers.
    for mount in ("square", "square265"):
        with CaptureHarness(rtsp(proxy.url(mount))) as worker:
            worker.wait_for("online")
            proxy.set("truncate")
            frames_in(worker, 8)
            assert worker.process.poll() is None
            proxy.set("pass")
        assert "CRITICAL" not in worker.stderr


@pytest.mark.parametrize(("share", "least"), [(0.01, 0.6), (0.05, 0.2)])
def test_lost_packets_lose_pictures_and_no_more(proxy: FaultProxy, share: float, least: float) -> None:
    # A picture of this stream is some 8 packets in the mean, a key frame 70; one that is lost takes it whole.
    with CaptureHarness(rtsp(proxy.url("square")), stall_timeout=60) as worker:
        worker.wait_for("online")
        proxy.set("lose", share=share)
        assert frames_in(worker, 8) > 80 * least
        assert proxy.counts["dropped"] > 0
        worker.picture()


def test_one_packet_in_five_is_lost(proxy: FaultProxy) -> None:
    with CaptureHarness(rtsp(proxy.url("small")), stall_timeout=60) as worker:
        worker.wait_for("online")
        proxy.set("lose", share=0.2)
        assert frames_in(worker, 8) > 25
        worker.picture()
    # Of large pictures hardly any comes whole: the process lives, and is back as soon as the network is.
    with CaptureHarness(rtsp(proxy.url("square"))) as worker:
        worker.wait_for("online")
        frames_in(worker, 5)
        proxy.set("pass")
        goes_on(worker)


def test_the_size_changes_in_mid_stream(proxy: FaultProxy) -> None:
    sizes: List[Tuple[int, int]] = []
    with CaptureHarness(rtsp(proxy.url("grows"))) as worker:
        while (160, 120) not in sizes:
            header, planes = worker.picture()
            assert planes[0].shape == (header.height, header.width)
            assert planes[0].max() > 150 and planes[0].min() < 60, "bars, whatever the size"
            if not sizes or sizes[-1] != (header.width, header.height):
                sizes.append((header.width, header.height))
        worker.wait_for("online", width=160)
        worker.picture()
    assert sizes == [(320, 240), (640, 480), (160, 120)]
    assert [(m["width"], m["height"]) for m in worker.said("online")] == sizes
    assert len(worker.memories) == 2 and worker.memories[1] >= 640 * 480 * 3 // 2


def test_the_size_changes_and_the_analysed_one_does_not(proxy: FaultProxy) -> None:
    with CaptureHarness(rtsp(proxy.url("grows"), size=[200, 100], fps=10)) as worker:
        worker.wait_for("online")
        goes_on(worker, 100)
        header, _ = worker.picture()
        assert (header.width, header.height) == (200, 100)
        assert len(worker.said("online")) == 1


@pytest.mark.parametrize("how", ["as it was", "another codec"])
def test_a_server_that_was_restarted(rtsp_server: Callable[..., RtspServer], shared: Path, how: str) -> None:
    server = rtsp_server(gate=shared / "media" / "vtest-h264.mp4")
    with FaultProxy(server.port) as proxy:
        with CaptureHarness(rtsp(proxy.url("gate"))) as worker:
            assert worker.wait_for("online")["codec"] == "h264"
            server.stop()
            assert worker.ended()["state"] == "stalled"
        if how == "another codec":
            server.mounts["gate"] = str(shared / "media" / "vtest-h265.mp4")
        server.start()
        with CaptureHarness(rtsp(proxy.url("gate"))) as worker:
            assert worker.wait_for("online")["codec"] == ("h265" if how == "another codec" else "h264")
            worker.picture()


def test_the_stream_ends(rtsp_server: Callable[..., RtspServer], short: Path, python: Any) -> None:
    server = rtsp_server(gate=clips.cut(short, short.parent / "once.mp4", 15), once=True)
    with CaptureHarness(rtsp(server.url("gate")), python=python) as worker:
        farewell = worker.ended()
    assert (farewell["state"], farewell["reason"]) == ("stalled", "the camera ended its stream")
    assert worker.said("online")
