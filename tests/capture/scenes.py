"""What a camera may see, as pictures of brightness: noise, rain, lamps, light that changes, and somebody who walks."""

from __future__ import annotations

from typing import Callable, Iterator, List, Tuple

import numpy as np

from edge.capture.motion.cells import Sampler
from edge.capture.motion.detector import Detector
from edge.capture.motion.luma import Luma

SECOND = 10**9
FPS = 5
SIZE = (360, 640)
#: A picture (float) at a time in seconds; it may be changed by whoever gets it.
Scene = Callable[[float], np.ndarray]


def plane(picture: np.ndarray) -> Luma:
    """``picture``: uint8, which has to live as long as that is used."""
    return Luma(picture.ctypes.data, picture.shape[1], picture.shape[0], picture.strides[0])


def room(seed: int = 3) -> np.ndarray:
    """Walls and furniture: areas of their own brightness, some of them rough."""
    rng = np.random.default_rng(seed)
    picture = np.full(SIZE, 90.0, np.float32)
    for _ in range(60):
        y, x = rng.integers(0, SIZE[0] - 20), rng.integers(0, SIZE[1] - 20)
        part = picture[y : y + rng.integers(20, 120), x : x + rng.integers(20, 160)]
        part[:] = rng.integers(40, 180) + rng.normal(0, rng.integers(0, 8), part.shape)
    return picture


class Noise:
    """Of a sensor; ``rain``: this share of all samples is black or white, others each time."""

    def __init__(self, sigma: float, rain: float = 0.0, seed: int = 5) -> None:
        self._rng = np.random.default_rng(seed)
        self._some = [self._rng.normal(0, sigma, SIZE).astype(np.float32) for _ in range(5)]
        self._rain = rain

    def onto(self, picture: np.ndarray) -> np.ndarray:
        noise = self._some[self._rng.integers(len(self._some))]
        picture = picture + np.roll(noise, (self._rng.integers(SIZE[0]), self._rng.integers(SIZE[1])), (0, 1))
        count = int(self._rain * picture.size)
        if count:
            picture.ravel()[self._rng.integers(0, picture.size, count)] = 255 * self._rng.integers(0, 2, count)
        return np.clip(picture, 0, 255).astype(np.uint8)


def walker(scene: Scene, area: float, speed: float, by: float, begins: float) -> Scene:
    """Somebody two and a half times as high as wide, of ``area`` of the picture and brighter ``by`` so much, who comes
    in from the left; ``speed`` in own widths a second.
    """
    width = int((area * SIZE[0] * SIZE[1] / 2.5) ** 0.5)
    height = int(2.5 * width)

    def look(at: float) -> np.ndarray:
        picture = scene(at)
        right = int((at - begins) * speed * width)
        if at >= begins and right > 0:
            top = SIZE[0] // 2 - height // 2
            picture[top : top + height // 3, max(0, right - width * 3 // 4) : max(0, right - width // 4)] += by
            picture[top + height // 3 : top + height, max(0, right - width) : right] -= by
        return picture

    return look


def measured(scene: Scene, noise: Noise, seconds: float, detector: Detector) -> List[Tuple[float, float]]:
    """(time, share that moved) of each picture."""
    return list(_measured(scene, noise, seconds, detector))


def _measured(scene: Scene, noise: Noise, seconds: float, detector: Detector) -> Iterator[Tuple[float, float]]:
    sampler = Sampler()
    for number in range(int(seconds * FPS)):
        at = number / FPS
        picture = noise.onto(scene(at))
        found = sampler.cells(plane(picture))
        assert found is not None
        yield at, detector.look(found, int((100 + at) * SECOND))
