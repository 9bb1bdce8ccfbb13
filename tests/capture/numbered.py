"""Clips whose every picture carries its number, and what a picture of such a clip says."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Sequence, Tuple

import numpy as np

BITS = 10
SIZE = (640, 360)


def picture(number: int, size: Tuple[int, int] = SIZE) -> np.ndarray:
    """Grey, (height, width): the number as black and white blocks on top, and below something soft that moves."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    luma = 128 + 60 * np.sin(x / 40 + number / 5) + 50 * np.cos(y / 30 - number / 7)
    block, tall = width // BITS, height // 5
    for bit in range(BITS):
        luma[:tall, bit * block : (bit + 1) * block] = 220 if number >> bit & 1 else 30
    return np.clip(np.round(luma), 16, 235).astype(np.uint8)


def number_of(luma: np.ndarray) -> int:
    """What the blocks say, whatever the size."""
    height, width = luma.shape
    middles = [luma[height // 10, int((bit + 0.5) * width / BITS)] for bit in range(BITS)]
    return sum(1 << bit for bit, value in enumerate(middles) if value > 125)


def make(
    path: Path, arguments: Sequence[str], count: int = 300, rate: int = 25, size: Tuple[int, int] = SIZE, start: int = 0
) -> Path:
    """A clip of so many pictures, encoded by FFmpeg with these arguments."""
    if path.exists():
        return path
    width, height = size
    grey = bytes([128]) * (width * height // 2)
    command = [
        "ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}",
        "-r", str(rate), "-i", "-", *arguments, str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(start, start + count):
            process.stdin.write(picture(number, size).tobytes() + grey)
        process.stdin.close()
        assert process.wait() == 0
    return path


X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "12")
X265 = (
    "-c:v", "libx265", "-tag:v", "hvc1", "-preset", "ultrafast", "-crf", "12",
    "-x265-params", "log-level=none:bframes=3",
)  # fmt: skip
#: By what is special about them.
CODINGS = {
    "h264": (*X264, "-bf", "0", "-g", "50"),
    "h264 with B pictures": (*X264, "-bf", "3", "-g", "50"),
    "h264 with open groups": (*X264, "-bf", "3", "-g", "25", "-x264-params", "open-gop=1:b-pyramid=normal"),
    "h265 with B pictures": (*X265, "-g", "50"),
}
