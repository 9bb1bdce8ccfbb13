"""What quiet clips are made of: the square without anybody, and people who walk in, cut out of the real video."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple

import cv2
import numpy as np

from .baselines.detector import Detector

Frames = List[Any]

#: Of a walk's box on each side: shadow and feet, and what the model left out.
_MARGIN = 0.35
_FEATHER = 9
_LONGEST, _SHORTEST = 90, 45  # pictures that a walk lasts
_BORDER, _FAR = 0.04, 0.15
#: Pictures before the model sees somebody who comes in, and in which one who is cut off fades.
_EARLIER, _FADE = 8, 6


class Walk(NamedTuple):
    """``boxes`` in fractions, one a picture, from picture ``start`` of the video on."""

    start: int
    boxes: Any


def empty(frames: Frames) -> Any:
    """The median in time: people do not stay where they are."""
    return np.median(np.stack(frames[::12]), axis=0).astype(np.uint8)


def walks(frames: Frames, detector: Detector) -> List[Walk]:
    """Those who come in over the picture's edge and are seen without a gap; the clearest first."""
    tracks: List[_Track] = []
    for number, frame in enumerate(frames):
        boxes, scores = detector.people(frame)
        left = list(range(len(boxes)))
        for track in (track for track in tracks if track.end == number):
            best = max(left, key=lambda n: overlap(track.boxes[-1], boxes[n]), default=None)
            if best is not None and overlap(track.boxes[-1], boxes[best]) > 0.4:
                left.remove(best)
                track.boxes.append(boxes[best])
                track.scores.append(float(scores[best]))
        tracks += [_Track(number, [boxes[n]], [float(scores[n])]) for n in left]
    good = [t for t in tracks if len(t.boxes) >= _SHORTEST and t.start > _EARLIER and _walks_in(t.boxes)]
    good.sort(key=lambda track: float(np.mean(track.scores)), reverse=True)
    return [Walk(track.start, _smooth(np.stack(track.boxes[:_LONGEST]))) for track in good]


class _Track(NamedTuple):
    start: int
    boxes: List[Any]
    scores: List[float]

    @property
    def end(self) -> int:
        return self.start + len(self.boxes)


def _walks_in(boxes: List[Any]) -> bool:
    x1, _, x2, y2 = boxes[0]
    return bool((x1 < _BORDER or x2 > 1 - _BORDER or y2 > 1 - _BORDER) and abs(boxes[-1][0] - x1) > _FAR)


def _smooth(boxes: Any) -> Any:
    kernel = np.ones(5) / 5
    padded = np.pad(boxes, ((2, 2), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, side], kernel, "valid") for side in range(4)], axis=1)


def overlap(one: Any, other: Any) -> float:
    """IoU."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return float(both / (sum(areas) - both))


def composed(background: Any, frames: Frames, walk: Walk, at: int, number: int) -> Any:
    """Picture ``number`` of a clip in which the walk begins with picture ``at``."""
    picture, place = background.copy(), number - at
    if not -_EARLIER <= place < len(walk.boxes) + _FADE:
        return picture
    box = walk.boxes[min(max(place, 0), len(walk.boxes) - 1)]
    height, width = picture.shape[:2]
    margin = np.array([box[2] - box[0], box[3] - box[1]]) * _MARGIN
    low, high = (box[:2] - margin) * (width, height), (box[2:] + margin) * (width, height)
    mask = np.zeros((height, width), np.float32)
    cv2.rectangle(mask, [int(v) for v in low], [int(v) for v in high], 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), _FEATHER)[..., None]
    mask = mask * min(1.0, 1 - (place - len(walk.boxes)) / _FADE, (place + _EARLIER) / _EARLIER)
    shown = frames[min(walk.start + place, len(frames) - 1)]
    return (picture * (1 - mask) + shown * mask).astype(np.uint8)


def disturbances(count: int) -> Dict[str, Callable[[Any, int], Any]]:
    """What a quiet scene does by itself, by name; each takes a float32 picture (h, w, 3) and its number of so many."""
    noise = [np.random.default_rng(seed).normal(0, 1, (720, 1280, 1)).astype(np.float32) for seed in range(12)]

    def grain(picture: Any, number: int, sigma: float) -> Any:
        return picture + sigma * np.roll(noise[number % 12], 97 * number, axis=(0, 1))

    def lamps(picture: Any, number: int) -> Any:
        """Two, one that goes on and off every few seconds and one that flickers."""
        light = np.zeros(picture.shape[:2], np.float32)
        cv2.circle(light, (220, 180), 90, 45.0 * (number // 61 % 2), -1)
        cv2.circle(light, (1050, 120), 60, 14.0 * ((number * 7919 >> 3) % 3), -1)
        return grain(picture + cv2.GaussianBlur(light, (0, 0), 25)[..., None], number, 1.5)

    def rain(picture: Any, number: int) -> Any:
        drops = np.zeros(picture.shape[:2], np.float32)
        for x, y in np.random.default_rng(number).integers((0, 0), (1280, 720), (160, 2)).tolist():
            cv2.line(drops, (x, y), (x + 3, y + 26), 38.0, 1)
        return grain(picture + drops[..., None], number, 2.0)

    def drift(picture: Any, number: int) -> Any:
        """A cloud: a tenth brighter and darker, once a clip."""
        return grain(picture * (1 + 0.1 * np.sin(2 * np.pi * number / count)), number, 1.5)

    return {"noise": lambda picture, n: grain(picture, n, 4.0), "lamps": lamps, "rain": rain, "drift": drift}
