"""A Kalman filter with constant velocity for one object, in plain numbers.

The state is cx cy w h and their velocities. The four are independent of each other, so the 8x8 covariance falls into
2x2 blocks [[a, b], [b, c]] (place, place-velocity, velocity); cx and cy are always seen with the same variance, and so
are w and h, which leaves one block for the place and one for the size. They are in units of the box's height (a: h²,
b: h²/s, c: h²/s²): one set of settings then fits near and far objects.

With F = [[1, t], [0, 1]] and the white-noise-acceleration model (Bar-Shalom, Estimation with Applications to Tracking
and Navigation, 6.2.2), Q = q [[t³/3, t²/2], [t²/2, t]]; time steps are the real ones.

A camera has a few dozen objects and a picture every 30 to 200 ms, between which other processes fill the CPU's caches.
Under that, a hundred calls into numpy cost several times what this arithmetic does.
"""

from __future__ import annotations

import math
from typing import Tuple

from edge.analytics.settings import TrackerSettings

Block = Tuple[float, float, float]
Measured = Tuple[float, float, float, float]  # cx cy w h

_SMALLEST = 1e-4  # of a box's width and height, in picture heights: a filter's velocity must not turn a box inside out


class Motion:
    """Where one object is and how it moves. Lengths are in picture heights along both axes."""

    __slots__ = ("_settings", "cx", "cy", "h", "place", "size", "vh", "vw", "vx", "vy", "w")

    def __init__(self, settings: TrackerSettings, measured: Measured) -> None:
        self._settings = settings
        self.cx, self.cy, self.w, self.h = measured
        self.vx = self.vy = self.vw = self.vh = 0.0
        self.place: Block = (settings.measured_place**2, 0.0, settings.first_speed**2)
        self.size: Block = (settings.measured_size**2, 0.0, settings.first_growth**2)

    def predict(self, seconds: float) -> None:
        """It moves on by ``seconds``."""
        s = self._settings
        t = seconds if seconds < s.longest_step else s.longest_step
        self.cx += self.vx * t
        self.cy += self.vy * t
        w, h = self.w + self.vw * t, self.h + self.vh * t
        self.w = w if w > _SMALLEST else _SMALLEST
        self.h = h if h > _SMALLEST else _SMALLEST
        self.place = _grown(self.place, s.place_noise * t, t)
        self.size = _grown(self.size, s.size_noise * t, t)

    def uncertainty(self) -> float:
        """Standard deviation of the centre along one axis, bounded, in picture heights."""
        s = self._settings
        widening = math.sqrt(self.place[0]) * s.widening
        return (widening if widening < s.widest else s.widest) * self.h

    def correct(self, measured: Measured, high: bool) -> None:
        """It was seen at ``measured``; ``high`` says by a box that may start an object."""
        s = self._settings
        noise = 1.0 if high else s.low_score_noise
        cx, cy, w, h = measured
        a, b, c = self.place
        variance = s.measured_place**2 * noise + a
        gain, velocity_gain = a / variance, b / variance
        dx, dy = cx - self.cx, cy - self.cy
        self.cx += gain * dx
        self.cy += gain * dy
        self.vx += velocity_gain * dx
        self.vy += velocity_gain * dy
        self.place = a * (1.0 - gain), b * (1.0 - gain), c - velocity_gain * b
        a, b, c = self.size
        variance = s.measured_size**2 * noise + a
        gain, velocity_gain = a / variance, b / variance
        dw, dh = w - self.w, h - self.h
        self.w += gain * dw
        self.h += gain * dh
        self.vw += velocity_gain * dw
        self.vh += velocity_gain * dh
        self.size = a * (1.0 - gain), b * (1.0 - gain), c - velocity_gain * b

    def rescale(self, width: float) -> None:
        """The pictures' aspect became ``width`` times what it was, so everything did along x."""
        self.cx *= width
        self.w *= width
        self.vx *= width
        self.vw *= width

    def halt(self) -> None:
        """Nobody knows any more how it moves: it stands still."""
        self.vx = self.vy = self.vw = self.vh = 0.0


def _grown(block: Block, noise: float, t: float) -> Block:
    a, b, c = block
    return a + b * (2.0 * t) + c * (t * t) + noise * (t * t / 3.0), b + c * t + noise * (t / 2.0), c + noise


def decay(seconds: float, over: float) -> float:
    """What is left of a running average after ``seconds``, averaged over ``over``."""
    return math.exp(-seconds / over)
