"""Scenes in which nothing happens, in many ways, until somebody walks through: pictures for encoders.

Background and walker are cut from a real clip: the background is the median of it, the walker one of its people. What
the scene does by itself (noise, lamps, rain, the evening) is generated.
"""

from __future__ import annotations

import itertools
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

RATE = 15
#: Seconds: how long a scene is, and when somebody walks in and is gone again.
LENGTH, ENTERS, LEAVES = 36.0, 25.6, 33.0
#: What the scene does by itself.
SCENES = ("still", "noise", "lamps", "rain", "drift")
_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-threads", "1")
_X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1")
_CBR = ("-b:v", "1M", "-minrate", "1M", "-maxrate", "1M", "-bufsize", "1M")
#: Encoders, as cameras use them, by name.
ENCODERS = {
    "x264 crf": (*_X264, "-crf", "23", "-bf", "0"),
    "x264 crf B pyramid": (*_X264, "-crf", "23", "-bf", "3", "-x264-params", "b-pyramid=normal"),
    "x264 cbr": (*_X264, *_CBR, "-bf", "0", "-x264-params", "nal-hrd=cbr"),
    "x264 abr": (*_X264, "-b:v", "600k", "-bf", "0"),
    "x265 crf": (*_X265, "-crf", "26", "-x265-params", "log-level=none:keyint=30:bframes=0:pools=1"),
    "x265 vbr B": (*_X265, "-b:v", "500k", "-x265-params", "log-level=none:keyint=30:bframes=3:open-gop=1:pools=1"),
}
Box = Tuple[int, int, int, int]


class Parts(NamedTuple):
    """``background``: (height, width, 3), blue first. ``steps``: pictures of the walker, each with its mask."""

    background: np.ndarray
    steps: List[Tuple[np.ndarray, np.ndarray]]


def _read(clip: Path, every: int, first: int, count: int) -> List[np.ndarray]:
    film, found = cv2.VideoCapture(str(clip)), []
    for number in range(first + every * count):
        if number < first or (number - first) % every:
            film.grab()
        else:
            found.append(film.read()[1])
    film.release()
    return found


@lru_cache(maxsize=2)
def parts(clip: Path) -> Parts:
    """Of ``vtest-h264.mp4``: the one of its people who stands most alone, and the second after that."""
    every = 12
    some = _read(clip, every, 0, 60)
    background = np.median(np.stack(some[::2]), axis=0).astype(np.uint8)
    best: Tuple[float, int, Box] = (1e9, 0, (0, 0, 0, 0))
    for number, picture in enumerate(some):
        for x, y, wide, tall, area in _found(picture, background):
            inside = x > 20 and y > 8 and x + wide < picture.shape[1] - 20 and y + tall < picture.shape[0] - 8
            unlike = abs(tall - 90) / 90 + abs(wide / tall - 0.4) + (1 - area / (wide * tall))
            if inside and tall > 50 and unlike < best[0]:
                best = unlike, number, (x, y, wide, tall)
    x, y, wide, tall = best[2]
    steps = []
    for picture in _read(clip, 1, every * best[1], 10):
        near = min(_found(picture, background), key=lambda o: abs(o[0] - x) + abs(o[1] - y) + abs(o[3] - tall))
        x, y = max(8, near[0]), max(4, near[1])
        cut = np.s_[y - 4 : y + tall + 4, x - 8 : x + wide + 8]
        soft = cv2.GaussianBlur(_mask(picture, background)[cut].astype(np.float32), (3, 3), 0)
        steps.append((picture[cut].astype(np.float32), soft[..., None]))
    return Parts(background, steps)


def _mask(picture: np.ndarray, background: np.ndarray) -> np.ndarray:
    far = cv2.absdiff(picture, background).max(axis=2)
    return cv2.morphologyEx((far > 30).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 5), np.uint8))


def _found(picture: np.ndarray, background: np.ndarray) -> List[Tuple[int, ...]]:
    """x, y, width, height and area of what is not background."""
    return [tuple(int(v) for v in row) for row in cv2.connectedComponentsWithStats(_mask(picture, background))[2][1:]]


def pictures(clip: Path, scene: str, length: float = LENGTH, enters: float = ENTERS) -> Iterator[np.ndarray]:
    """The scene's pictures, (height, width, 3), blue first; ``RATE`` a second. ``enters``: when somebody does."""
    background, steps = parts(clip)
    chance = np.random.default_rng(3)
    noise = chance.normal(0, 9 if scene == "noise" else 2, (8, *background.shape[:2])).astype(np.float32)
    base = background.astype(np.float32)
    for number in range(round(length * RATE)):
        time = number / RATE
        picture = base.copy()
        if enters <= time < enters + LEAVES - ENTERS:
            _put(picture, *steps[number * 2 // 3 % len(steps)], int((time - enters) * 70) - 20, 330)
        picture = _weather(picture, scene, time, chance)
        picture += np.roll(noise[number % 8], tuple(chance.integers(0, 500, 2)), (0, 1))[..., None]
        yield np.clip(picture, 0, 255).astype(np.uint8)


def _put(picture: np.ndarray, walker: np.ndarray, mask: np.ndarray, x: int, y: int) -> None:
    first, last = max(0, x), min(picture.shape[1], x + walker.shape[1])
    if last <= first:
        return
    cut, part = np.s_[y : y + walker.shape[0], first:last], np.s_[:, first - x : last - x]
    picture[cut] += mask[part] * (walker[part] - picture[cut])


def _weather(
    picture: np.ndarray, scene: str, time: float, chance: np.random.Generator
) -> np.ndarray:
    if scene == "noise":
        return picture * 0.5
    if scene == "lamps":  # one switches all the room, a small one flickers on and off
        bright = 0.6 if 8 <= time < 14 or 18 <= time < 22 else 1.0
        picture = picture * bright
        if int(time * 0.7) % 2:
            picture[60:100, 600:660] += 60
        return picture
    if scene == "rain":
        for x, y in chance.random((int(180 + 120 * np.sin(time / 2)), 2)):
            at = int(x * picture.shape[1]), int(y * picture.shape[0])
            cv2.line(picture, at, (at[0] + 2, at[1] + 14), (150, 150, 150), 1)
        return picture
    if scene == "drift":
        return picture * (0.75 + 0.25 * np.cos(time / 12))
    return picture


def raw(clip: Path, scene: str, to: Path, **how: float) -> Path:
    """The scene as an uncompressed film; ``how``: as ``pictures``."""
    _run(["-c:v", "rawvideo", "-f", "nut", str(to)], pictures(clip, scene, **how))
    return to


def encode(film: Path, encoder: Sequence[str], to: Path) -> Path:
    """A film as an MP4, with these arguments for FFmpeg."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(film), *encoder, str(to)], check=True)
    return to


def _run(arguments: Sequence[str], shown: Iterator[np.ndarray]) -> None:
    first = next(shown)
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24"]
    command += ["-s", f"{first.shape[1]}x{first.shape[0]}", "-r", str(RATE), "-i", "-", "-pix_fmt", "yuv420p"]
    with subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for picture in itertools.chain([first], shown):
            process.stdin.write(picture.tobytes())
        process.stdin.close()
        assert process.wait() == 0
