"""Kalman filters with constant velocity for all tracks at once, as a struct of arrays.

The state of a track is cx cy w h and their velocities. The four are independent of each other, so the 8x8 covariance
falls into four symmetric 2x2 blocks [[a, b], [b, c]] (place, place-velocity, velocity), kept as three arrays (cap, 4).
They are in units of the box's height (a: h², b: h²/s, c: h²/s²): one set of settings then fits near and far objects.

With F = [[1, t], [0, 1]] and the white-noise-acceleration model (Bar-Shalom, Estimation with Applications to Tracking
and Navigation, 6.2.2), Q = q [[t³/3, t²/2], [t²/2, t]]; time steps are the real ones. Written with element-wise
arithmetic alone: matrix products would wake BLAS, which costs megabytes and no time is won on arrays this small.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edge.analytics.settings import TrackerSettings

Array = NDArray[np.float64]

_SMALLEST = 1e-4  # of a box's width and height, in picture heights: a filter's velocity must not turn a box inside out


class Motion:
    """Rows 0..count-1 are the tracks'. Lengths are in picture heights along both axes."""

    def __init__(self, settings: TrackerSettings) -> None:
        capacity = settings.most_tracks
        place, size = settings.measured_place**2, settings.measured_size**2
        self.count = 0
        self._settings = settings
        self._state = np.zeros((capacity, 8))
        self._covariance = np.zeros((3, capacity, 4))
        self._measured = np.array([place, place, size, size])
        self._noise = np.array([settings.place_noise] * 2 + [settings.size_noise] * 2)
        self._first = np.zeros((3, 4))
        self._first[0] = self._measured
        self._first[2] = np.array([settings.first_speed] * 2 + [settings.first_growth] * 2) ** 2

    @property
    def centre_size(self) -> Array:
        """(count, 4) cx cy w h: a view, until the next change of rows."""
        return self._state[: self.count, :4]

    @property
    def velocity(self) -> Array:
        """(count, 4), a second."""
        return self._state[: self.count, 4:]

    def predict(self, seconds: float) -> None:
        """Everything moves on by ``seconds``."""
        if not self.count:
            return
        t = min(seconds, self._settings.longest_step)
        place, velocity = self.centre_size, self.velocity
        place += velocity * t
        np.maximum(place[:, 2:], _SMALLEST, out=place[:, 2:])
        a, b, c = self._covariance[:, : self.count]
        noise = self._noise * t
        a += b * (2.0 * t)
        a += c * (t * t)
        a += noise * (t * t / 3.0)
        b += c * t
        b += noise * (t / 2.0)
        c += noise

    def uncertainty(self) -> Array:
        """(count,) standard deviation of the centre along one axis, bounded, in picture heights."""
        s = self._settings
        deviation = np.sqrt(self._covariance[0, : self.count, 0])
        deviation *= s.widening
        np.minimum(deviation, s.widest, out=deviation)
        deviation *= self._state[: self.count, 3]
        return deviation

    def correct(self, rows: NDArray[np.intp], measured: Array, high: NDArray[np.bool_]) -> None:
        """``rows`` (M,) were seen at ``measured`` (M, 4) cx cy w h; ``high`` (M,) says by a box that may start one."""
        state = self._state.take(rows, axis=0)
        a, b, c = self._covariance.take(rows, axis=1)
        variance = self._measured * np.where(high, 1.0, self._settings.low_score_noise)[:, None]
        variance += a
        gain, velocity_gain = a / variance, b / variance
        surprise = measured - state[:, :4]
        state[:, :4] += gain * surprise
        state[:, 4:] += velocity_gain * surprise
        self._state[rows] = state
        kept = 1.0 - gain
        self._covariance[:, rows] = a * kept, b * kept, c - velocity_gain * b

    def rescale(self, width: float) -> None:
        """The pictures' aspect became ``width`` times what it was, so everything did along x."""
        self._state[: self.count, ::2] *= width

    def halt(self, rows: NDArray[np.bool_]) -> None:
        """Tracks whose motion nobody knows any more stand still."""
        self.velocity[rows] = 0.0

    def append(self, measured: Array) -> None:
        """New tracks at ``measured`` (M, 4); the caller keeps to the capacity."""
        first, self.count = self.count, self.count + len(measured)
        self._state[first : self.count, :4] = measured
        self._state[first : self.count, 4:] = 0.0
        self._covariance[:, first : self.count] = self._first[:, None]

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drops every row whose flag in ``rows`` (count,) is false; the others keep their order."""
        state, covariance = self._state[: self.count][rows], self._covariance[:, : self.count][:, rows]
        self.count = len(state)
        self._state[: self.count] = state
        self._covariance[:, : self.count] = covariance


def decay(seconds: float, over: float) -> float:
    """What is left of a running average after ``seconds``, averaged over ``over``."""
    return math.exp(-seconds / over)
