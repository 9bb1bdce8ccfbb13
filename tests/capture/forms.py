"""Clips of every form that a camera may send: depths, chroma, sizes, fields, colours; and what is in them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import List, NamedTuple, Tuple

import numpy as np
import pytest

Planes = List[np.ndarray]


class Form(NamedTuple):
    """``pixels``: FFmpeg's name; ``more``: further arguments of its encoder."""

    codec: str
    size: Tuple[int, int]
    pixels: str = "yuv420p"
    more: Tuple[str, ...] = ()
    source: str = "testsrc2"
    filters: str = ""

    def __str__(self) -> str:
        words = [self.codec, "{}x{}".format(*self.size), self.pixels, *(("more",) if self.more else ())]
        return "-".join(words)


ENCODERS = {"h264": "libx264", "h265": "libx265", "jpeg": "mjpeg"}


def ffmpeg(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], capture_output=True, timeout=150)
    except FileNotFoundError:
        pytest.skip("no ffmpeg")
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def make(form: Form, folder: Path, pictures: int = 8, rate: int = 10) -> Path:
    """A clip of that form: lines, areas and a counter that move."""
    path = folder / f"{form}-{form.source}.{'mkv' if form.codec == 'jpeg' else 'mp4'}"
    if path.exists():
        return path
    width, height = form.size
    # Sources have even sizes alone; what is odd is cut out of a larger picture.
    whole = f"{form.source}=size={width + width % 2}x{height + height % 2}:rate={rate}"
    cut = f"crop={width}:{height}:0:0:exact=1"
    # So soft that scalers and chroma filters, which differ in their ways, have nothing to differ in.
    soft = f"gblur=sigma={2 * max(1.0, width / 320, height / 180):g}"
    filters = ",".join(f for f in ("format=yuv444p", cut, soft, form.filters, f"format={form.pixels}") if f)
    quiet = ["-x265-params", "log-level=none"] if form.codec == "h265" and "-x265-params" not in form.more else []
    quality = ["-q:v", "2"] if form.codec == "jpeg" else ["-crf", "12", "-preset", "ultrafast"]
    ffmpeg(
        "-f", "lavfi", "-i", whole, "-vf", filters, "-frames:v", str(pictures), "-c:v", ENCODERS[form.codec],
        "-pix_fmt", form.pixels, *quality, *quiet, *form.more, str(path),
    )  # fmt: skip
    return path


def decoded(path: Path, size: Tuple[int, int], filters: str = "", full: bool = False, how: str = "") -> List[Planes]:
    """Every picture as FFmpeg decodes it, as 8 bit planes of 4:2:0 at that size; ``how``: of FFmpeg's scaler."""
    width, height = size
    half = (width + 1) // 2, (height + 1) // 2
    span = "full" if full else "limited"
    scale = f"scale={width}:{height}:flags=bilinear:in_range={span}:out_range={span}{how}"
    chain = ",".join(f for f in (filters, scale, "format=yuvj420p" if full else "format=yuv420p") if f)
    data = np.frombuffer(ffmpeg("-i", str(path), "-vf", chain, "-f", "rawvideo", "-"), np.uint8)
    sizes = [(height, width), half[::-1], half[::-1]]
    step = sum(h * w for h, w in sizes)
    found = []
    for start in range(0, len(data), step):
        picture, at = [], start
        for h, w in sizes:
            picture.append(data[at : at + h * w].reshape(h, w))
            at += h * w
        found.append(picture)
    return found


def split(planes: Planes) -> Planes:
    """NV12's second plane as two."""
    return planes if len(planes) != 2 else [planes[0], planes[1][:, 0::2], planes[1][:, 1::2]]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def likeness(planes: Planes, pictures: List[Planes]) -> float:
    """Of the plane that is least like that of the picture that is most like them."""
    planes = split(planes)
    best = max(pictures, key=lambda other: psnr(planes[0], other[0]))
    return min(psnr(a, b) for a, b in zip(planes, best))
