"""A short busy clip, as the comparison makes its own: 720p15 with each picture's number burnt in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import cv2
import pytest

from scripts.bench.compare import clips, marker
from scripts.servers import ROOT


@pytest.fixture(scope="session")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of the demo's clip, in which the model finds people."""

    def pictures() -> Iterator[Any]:
        capture = cv2.VideoCapture(str(ROOT / "configs" / "demo" / "square.mp4"))
        for number in range(4 * clips.RATE):
            planes = cv2.cvtColor(cv2.resize(capture.read()[1], (clips.WIDTH, clips.HEIGHT)), cv2.COLOR_BGR2YUV_I420)
            marker.burn(planes[: clips.HEIGHT], number)
            yield planes

    file = tmp_path_factory.mktemp("numbered") / "clip.mp4"
    clips.encode(file, pictures(), clips.BUSY)
    return file
