"""Every simulated board, source and codec: the capture worker's pictures are the source's, by the board's elements."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import numpy as np
import pytest

from edge.wire.messages import FORMATS
from tests.capture.harness import CaptureHarness, Planes
from tests.simulation.jetson import Jetson
from tests.simulation.picture import ROUND, camera_picture, psnr
from tests.simulation.sites import CLIP, SIZE, Site

DB = 30.0
#: Of two pictures that are the same but for rounding.
SAME = 40.0
#: Every kind of board, under a release that it has.
BOARDS = {
    "nano": "r32",
    "tx2": "r32",
    "xavier-nx": "r35",
    "agx-xavier": "r35",
    "orin-nano": "r36",
    "orin-nx": "r36",
    "agx-orin": "r38",
    "thor": "r38",
}


class Case(NamedTuple):
    """A source, what it is compared with (``camera``: what the simulated sensors see), its codec and decoder."""

    kind: str
    location: str
    seen: str
    codec: str
    decoder: str = "nvv4l2decoder"
    memory: str = "NVMM"
    options: Dict[str, Any] = {}  # noqa: RUF012


CAMERA = {"size": "640x480", "rate": 30}
CASES = {
    "rtsp-h264": Case("rtsp", "h264", "h264", "h264"),
    "rtsp-h265": Case("rtsp", "h265", "h265", "h265"),
    "rtsp-jpeg": Case("rtsp", "jpeg", "jpeg", "jpeg"),
    "http-jpeg": Case("http", "/video.mjpg", "jpeg", "jpeg"),
    "hls-h264": Case("hls", "/live.m3u8", "hls", "h264"),
    "file-h264": Case("file", "h264", "h264", "h264"),
    "file-h265": Case("file", "h265", "h265", "h265"),
    "csi": Case("csi", "csi://0", "camera", "raw", "none", options={"sensor": 0, **CAMERA}),
    "usb-jpeg": Case(
        "usb", "usb:///dev/video0", "camera", "jpeg", options={"device": "/dev/video0", "format": "mjpeg", **CAMERA}
    ),
    # The device gives system memory, which is scaled there: nothing is decoded.
    "usb-raw": Case(
        "usb", "usb:///dev/video0", "camera", "raw", "none", "",
        options={"device": "/dev/video0", "format": "raw", **CAMERA},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(shared: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(shared / "media", tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def sensor() -> List[Planes]:
    """All that a simulated sensor sees."""
    return [pair(list(camera_picture(number, *SIZE))) for number in range(ROUND)]


def pair(planes: Planes) -> Planes:
    """Y, and U and V side by side."""
    if len(planes) == 2:
        return planes
    y, u, v = planes
    return [y, np.dstack([u, v]).reshape(u.shape[0], -1)]


def source(case: Case, site: Site) -> Dict[str, Any]:
    location = {
        "rtsp": lambda: site.rtsp.url(case.location),
        "http": lambda: site.url + case.location,
        "hls": lambda: site.url + case.location,
        "file": lambda: str(site.clips[case.location]),
    }.get(case.kind, lambda: case.location)()
    loop = case.kind == "file"
    return {"kind": case.kind, "location": location, "options": case.options, "loop": loop, "size": SIZE, "fps": 10}


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("board", sorted(BOARDS))
def test_its_pictures_are_the_source_s(
    board: str, name: str, make_jetson: Callable[..., Jetson], site: Site, sensor: List[Planes]
) -> None:
    case = CASES[name]
    jetson = make_jetson(BOARDS[board], board)
    with CaptureHarness(source(case, site), environment=jetson.environment()) as worker:
        news = worker.wait_for("online")
        jpeg_on_thor = board == "thor" and case.codec == "jpeg"
        assert news["decoder"] == ("nvjpegdec" if jpeg_on_thor else case.decoder)
        assert (news["codec"], news["memory"], news["note"]) == (case.codec, case.memory, "")
        seen = sensor if case.seen == "camera" else site.seen(case.seen)
        for _ in range(3):
            header, planes = worker.picture()
            assert (header.width, header.height) == SIZE
            assert FORMATS[header.format] == "nv12" or not case.memory
            ours = pair(planes)
            assert max(min(psnr(a, b) for a, b in zip(ours, picture)) for picture in seen) >= DB


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_unscaled_they_are_the_same(jetson: Jetson, site: Site, codec: str) -> None:
    clip = {"kind": "file", "location": str(site.clips[codec]), "loop": True, "fps": 10}
    with CaptureHarness(clip, environment=jetson.environment()) as worker:
        news = worker.wait_for("online")
        assert (news["width"], news["height"], news["memory"]) == (*CLIP, "NVMM")
        for _ in range(3):
            ours = pair(worker.picture()[1])
            found = max(min(psnr(a, b) for a, b in zip(ours, picture)) for picture in site.seen(codec, CLIP))
            assert found >= SAME
