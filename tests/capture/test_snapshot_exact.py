"""A snapshot shows exactly the picture that was analysed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import pytest

from scripts.servers import RtspServer
from tests.capture import numbered
from tests.capture.forms import psnr
from tests.capture.harness import clip, rtsp
from tests.capture.snapshots import Recorder

SNAPSHOTS = 25


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    folder = tmp_path_factory.mktemp("numbered")
    return {
        name: numbered.make(folder / (name.replace(" ", "-") + ".mp4"), arguments)
        for name, arguments in numbered.CODINGS.items()
    }


@pytest.fixture(scope="module")
def server(clips: Dict[str, Path]) -> Iterator[RtspServer]:
    with RtspServer({name.replace(" ", "-"): path for name, path in clips.items()}) as server:
        yield server


@pytest.mark.parametrize("size", [None, [320, 180]], ids=["whole", "scaled"])
@pytest.mark.parametrize("coding", numbered.CODINGS)
def test_the_very_picture_over_rtsp(coding: str, size: Optional[List[int]], server: RtspServer) -> None:
    chance = random.Random(f"{coding} {size}")
    wish = {} if size is None else {"size": size, "fps": 10}
    with Recorder(rtsp(server.url(coding.replace(" ", "-")), **wish)) as worker:
        assert worker.wait_for("online")["codec"] == coding[:4]
        seen: List[Tuple[int, int]] = []
        quality: List[float] = []
        first = True
        while len(quality) < SNAPSHOTS:
            for _ in range(chance.randint(1, 8)):
                header, planes = worker.picture(fresh=chance.random() < 0.5)
                seen.append((header.captured, numbered.number_of(planes[0])))
            captured, number = chance.choice(seen[-20:])
            shot = worker.snapshot(captured)
            if first and not shot.answer["ok"]:
                # Of what came before the first key picture that was kept.
                seen.clear()
                continue
            first = False
            assert shot.answer["ok"], shot.answer
            assert shot.answer["captured"] == captured
            assert (shot.answer["width"], shot.answer["height"]) == numbered.SIZE
            assert shot.answer["bytes"] == len(shot.data)
            assert numbered.number_of(shot.luma) == number
            quality.append(psnr(shot.luma, full(numbered.picture(number))))
        assert len({number for _, number in seen}) > 20
        assert min(quality) >= 35, quality
        print(coding, size, "PSNR of the worst", round(min(quality), 1), end=" ")
        other = worker.snapshot(seen[-1][0], quality=85)
        print("at 85", round(psnr(other.luma, full(numbered.picture(seen[-1][1]))), 1))


def full(limited):  # type: ignore[no-untyped-def]
    """What a JPEG's reader gives of a video's brightness."""
    import numpy as np

    return np.clip(np.round((limited.astype(np.float64) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def test_a_looped_file_knows_its_rounds_apart(tmp_path: Path) -> None:
    """Time stamps come again with each round."""
    path = numbered.make(tmp_path / "short.mp4", numbered.CODINGS["h264 with B pictures"], count=30)
    with Recorder(clip(path, loop=True)) as worker:
        worker.wait_for("online")
        for _ in range(12):
            for _ in range(9):
                header, planes = worker.picture()
            shot = worker.snapshot(header.captured)
            assert shot.answer["ok"], shot.answer
            assert numbered.number_of(shot.luma) == numbered.number_of(planes[0])
