"""The clips, made once of the real video: 1280x720, 15 pictures/s, H.264 as cameras send it, a key picture in 2 s.

The video has 10 pictures/s; each becomes one, so that people walk half as fast again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Tuple

import cv2
import numpy as np

from scripts.bench.setting import CACHE, SHARED

from . import marker, scene
from .baselines.detector import Detector
from .contender import ONNX, SCORE

WIDTH, HEIGHT, RATE, KEYS = 1280, 720, 15, 30
#: Other than before: made anew.
_VERSION = 1
_VIDEO = SHARED / "media" / "vtest-h264.mp4"
_QUIET_PICTURES, _WALK_AT = 60 * RATE, 30 * RATE
#: Cameras have a bound to their bits where much happens, and use few of them where nothing does.
BUSY, QUIET = "bitrate=2500", "pass=qual quantizer=25 vbv-buf-capacity=2000"


class Clip(NamedTuple):
    """``people``: for each picture the boxes (N x 4, fractions) that the model finds in it, decoded in full.
    ``walk``: first and last picture of the one who walks through a quiet clip.
    """

    file: Path
    people: List[Any]
    walk: Tuple[int, int] = (0, 0)


def busy() -> Clip:
    """A square with people all over; each picture's number is burnt in."""
    file = CACHE / f"busy-{_VERSION}.mp4"

    def pictures() -> Iterable[Any]:
        for number, frame in enumerate(_frames()):
            planes = _planes(_full(frame))
            marker.burn(planes[:HEIGHT], number)
            yield planes

    if not file.exists():
        encode(file, pictures(), BUSY)
    return Clip(file, _people(file))


def quiet() -> Dict[str, Clip]:
    """By what disturbs them: the same square empty, and one person who walks in half-way through the minute."""
    files = {name: CACHE / f"quiet-{name}-{_VERSION}.mp4" for name in ("noise", "lamps", "rain", "drift")}
    if not all(file.exists() for file in files.values()):
        frames = list(_frames())
        background = scene.empty(frames)
        walks = scene.walks(frames, Detector(str(ONNX), SCORE))
        kinds = scene.disturbances(_QUIET_PICTURES)
        for (name, file), walk in zip(files.items(), walks):
            encode(file, _disturbed(frames, background, walk, kinds[name]), QUIET)
    return {name: _walked(file) for name, file in files.items()}


def _disturbed(
    frames: List[Any], background: Any, walk: scene.Walk, disturb: Callable[[Any, int], Any]
) -> Iterable[Any]:
    for number in range(_QUIET_PICTURES):
        picture = _full(scene.composed(background, frames, walk, _WALK_AT, number)).astype(np.float32)
        yield _planes(np.clip(disturb(picture, number), 0, 255).astype(np.uint8))


def _walked(file: Path) -> Clip:
    """From the first to the last picture in which the model, shown every picture, finds who walks in."""
    people = _people(file)
    seen = [n for n in range(_WALK_AT - KEYS, min(_WALK_AT + 10 * RATE, len(people))) if len(people[n])]
    if not seen:
        raise RuntimeError(f"{file}: the model finds nobody in it")
    return Clip(file, people, (seen[0], seen[-1]))


def _frames() -> Iterable[Any]:
    if not _VIDEO.exists():
        raise SystemExit(f"{_VIDEO} is missing: the benchmark needs the clips in shared/, beside the checkout")
    capture = cv2.VideoCapture(str(_VIDEO))
    there, frame = capture.read()
    while there:
        yield frame
        there, frame = capture.read()


def _full(frame: Any) -> Any:
    return cv2.resize(frame, (WIDTH, HEIGHT))


def _planes(picture: Any) -> Any:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)


def encode(file: Path, pictures: Iterable[Any], rate: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    line = (
        f"fdsrc fd=0 ! rawvideoparse format=i420 width={WIDTH} height={HEIGHT} framerate={RATE}/1 "
        f"! x264enc {rate} speed-preset=veryfast key-int-max={KEYS} bframes=0 ! video/x-h264,profile=main "
        f"! h264parse ! mp4mux ! filesink location={part}"
    )
    command = ["gst-launch-1.0", "-q", *line.split()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as encoder:
        assert encoder.stdin is not None
        for planes in pictures:
            encoder.stdin.write(planes.tobytes())
    if encoder.returncode:
        raise RuntimeError(f"{file.name}: gst-launch-1.0 ended with {encoder.returncode}")
    part.replace(file)


def _people(file: Path) -> List[Any]:
    """What the model finds in every picture of it; looked at once for each model."""
    model = hashlib.sha256(ONNX.read_bytes()).hexdigest()[:8]
    kept = file.with_suffix(f".{model}.json")
    if not kept.exists():
        detector, capture = Detector(str(ONNX), SCORE), cv2.VideoCapture(str(file))
        found: List[Any] = []
        there, picture = capture.read()
        while there:
            found.append(detector.people(picture)[0].round(4).tolist())
            there, picture = capture.read()
        kept.write_text(json.dumps(found))
    return [np.array(boxes).reshape(-1, 4) for boxes in json.loads(kept.read_text())]
