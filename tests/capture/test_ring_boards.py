"""The ring and snapshots on simulated boards, whose hardware decodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from scripts.servers import RtspServer
from tests.capture import numbered
from tests.capture.harness import rtsp
from tests.capture.snapshots import Recorder
from tests.simulation.jetson import Jetson

BOARDS = {"r32": "nano", "r36": "agx-orin"}


#: Without B pictures: over RTP their time stamps are too rough to be told by, and NVIDIA's decoder tells nothing else.
CODINGS = {
    "h264": numbered.CODINGS["h264"],
    "h265": [word.replace("bframes=3", "bframes=0") for word in numbered.CODINGS["h265 with B pictures"]],
}


@pytest.fixture
def make_jetson(tmp_path: Path) -> Callable[..., Jetson]:
    def make(release: str, **how: Any) -> Jetson:
        (tmp_path / release).mkdir()
        try:
            return Jetson(release, BOARDS[release], tmp_path / release, **how)
        except LookupError as e:
            pytest.skip(str(e))

    return make


@pytest.mark.parametrize("size", [None, [320, 180]], ids=["whole", "scaled"])
@pytest.mark.parametrize("coding", ["h264", "h265"])
def test_the_very_picture(coding: str, size: Any, make_jetson: Callable[..., Jetson], tmp_path: Path) -> None:
    film = numbered.make(tmp_path / "film.mp4", CODINGS[coding], count=200)
    wish = {} if size is None else {"size": size, "fps": 10}
    board = make_jetson("r32" if size is None else "r36")
    with RtspServer({"film": film}) as server:
        worker = Recorder(rtsp(server.url("film"), **wish), environment=board.environment())
        with worker:
            assert worker.wait_for("online")["memory"] == "NVMM"
            good = 0
            while good < 8:
                header, planes = worker.picture()
                shot = worker.snapshot(header.captured)
                if not shot.answer["ok"] and not good:
                    continue
                assert shot.answer["ok"], shot.answer
                assert numbered.number_of(shot.luma) == numbered.number_of(planes[0])
                good += 1
