"""Clips play in a browser: from their first picture to their last, in their own colours."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List

import pytest

from edge.boards import ANY_MACHINE
from edge.capture.clip.gather import Gathering
from edge.capture.clip.write import write
from tests.capture.browser import chromium, played
from tests.capture.clip_streams import BASE, H264, ring, stream

#: Pictures a second, and how many; each is grey all over, and lighter than the one before.
RATE, COUNT = 10, 50


@pytest.fixture(scope="module")
def program() -> str:
    found = chromium()
    if found is None:
        pytest.skip("no Chromium here (package chromium)")
    return found


def grey(number: int) -> int:
    """What a screen shows of such a picture."""
    return round(4 * number * 255 / 219)


@pytest.mark.parametrize("how", ["as it is", "with B pictures", "masked", "from JPEG", "one picture"])
def test_it_plays(how: str, program: str, tmp_path: Path) -> None:
    source, path = tmp_path / "source.mp4", tmp_path / "clip.mp4"
    count = 1 if how == "one picture" else COUNT
    pictures = f"nullsrc=size=320x240:rate={RATE},geq=lum='16+4*N':cb=128:cr=128"
    coder = ["-c:v", "libx264", "-bf", "2" if how == "with B pictures" else "0", "-g", "20", "-pix_fmt", "yuv420p"]
    if how == "from JPEG":
        coder = ["-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"]  # of full range, as cameras make it
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", pictures, "-frames:v", str(count), *coder, str(source)],
        check=True,
    )
    line = f"filesrc location={source} ! qtdemux ! {'image/jpeg' if how == 'from JPEG' else H264}"
    masks: List[object] = [[(0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2)]] if how == "masked" else []
    clip = Gathering(BASE, BASE + 10**12)
    clip.look(ring(stream(line)), 10**9, 0)
    with open(path, "w+b") as file:
        write(clip, file.fileno(), masks, ANY_MACHINE)
    moments = [(n + 0.5) / RATE for n in (0, count // 2, count - 1)]
    found = played(program, path, moments, tmp_path / "profile")
    assert "error" not in found, found
    assert (found["width"], found["height"], found["ended"]) == (320, 240, True)
    assert found["duration"] == pytest.approx(count / RATE, abs=0.01)
    for moment, pixel in zip(moments, found["pixels"]):
        assert pixel == pytest.approx([grey(int(moment * RATE))] * 3, abs=2), (moment, found)
