"""What of a picture moved: its cells against what each of them has looked like lately. Pure; numpy alone.

Of each cell a running mean and a running deviation are kept. It has moved where it is further from its mean than the
sensitivity asks for and than a few of its own deviations: a cell that is always restless (noise, rain, a lamp that
flickers, a tree) has to do more than it always does. Only moved cells among others that moved count.

Light that changes everywhere is no motion: a picture is compared with what the mean would be in its light. What is left
of a sudden change counts once, and the picture is what is compared with from then on.
"""

from typing import Optional, Sequence, Tuple

import numpy as np

from ..mask import Polygon, covered

_SECOND = 1e9
# Levels of 255 that a cell has to be off its mean by, at sensitivity 0, 0.5 and 1: 24, 6 and 1.5. And so many of its
# deviations on top of that.
_LEAST, _MOST, _DEVIATIONS = 1.5, 24.0, 2.5
# So many cells of 3x3 have to have moved, the one in the middle among them; and such a share of all is motion, at
# sensitivity 0, 0.5 and 1: 1/600, 1/2400 and 1/9600.
_TOGETHER, _FEWEST = 5, 1 / 600
# In how many seconds a cell's mean follows; while it moves; and while it stays where it moved to.
_MEAN_S, _MEAN_MOVING_S, _MEAN_STAYED_S = 4.0, 12.0, 2.0
# And its deviation; while it moves. One that begins to move again and again is restless, and learns that soon.
_DEVIATION_S, _DEVIATION_MOVING_S, _RESTLESS_UP_S, _RESTLESS_DOWN_S = 8.0, 25.0, 3.0, 20.0
# So often in about so many seconds.
_RESTLESS, _RESTLESS_S = 3.0, 10.0
# A first guess at a deviation, rather too high: pictures matter at the start anyway.
_FIRST_DEVIATION = 4.0
# From black to this brightness what counts grows from the half to the whole: dark clothes by night differ little.
_BRIGHT = 64
# Light is measured at about so many cells.
_LIGHT = 512
# More than this has moved: the camera was turned. Or less, while the light changed: that is never quite the same
# everywhere. Within so long it is the same change.
_TURNED, _LIT, _SAME_CHANGE_NS = 0.4, 0.03, 2 * 10**9


class Detector:
    """One for pictures of one size. ``sensitivity``: 0 to 1; ``masks``: polygons in fractions, where nothing counts."""

    def __init__(self, rows: int, columns: int, sensitivity: float, masks: Sequence[Polygon] = ()) -> None:
        self.shape = (rows, columns)
        self._mean: Optional[np.ndarray] = None
        self._deviation = np.full(self.shape, _FIRST_DEVIATION, np.float32)
        self._before = np.zeros(self.shape, np.float32)
        self._off = np.zeros(self.shape, bool)  # further off than the least, before
        self._onsets = np.zeros(self.shape, np.float32)  # how often that began lately
        self._padded = np.zeros((rows + 2, columns + 2), np.uint8)
        self._count = 0
        self._time = self._changed = 0
        self.set(sensitivity, masks)

    def set(self, sensitivity: float, masks: Sequence[Polygon] = ()) -> None:
        """From now on so."""
        self._counts = ~covered(self.shape[1], self.shape[0], masks)
        self._total = max(1, int(self._counts.sum()))
        self._least = np.float32(_MOST * (_LEAST / _MOST) ** sensitivity)
        self._fewest = max(1, round(self.shape[0] * self.shape[1] * _FEWEST * 16**-sensitivity))

    def look(self, cells: np.ndarray, now: int) -> float:
        """The share of the picture that moved: 0 for what is not motion. ``now``: when it was taken, in ns."""
        if self._mean is None:
            self._mean, self._before, self._time, self._count = cells.copy(), cells, now, 1
            return 0.0
        passed = max(0, now - self._time) / _SECOND
        self._time = max(now, self._time)
        self._count += 1
        mean = self._mean
        added, jump = _light(cells, mean)
        mean += added
        off = cells - mean
        far = np.abs(off)
        least = np.minimum(mean, _BRIGHT)
        least += _BRIGHT
        least *= self._least / np.float32(2 * _BRIGHT)
        over = far > self._deviation * np.float32(_DEVIATIONS) + least
        over &= self._counts
        moved = self._among_others(over)
        count = int(moved.sum())
        share = count / self._total if count >= self._fewest else 0.0
        if share > (_LIT if jump > self._least else _TURNED):
            self._mean, self._before = cells.copy(), cells
            if self._changed and now - self._changed < _SAME_CHANGE_NS:
                return 0.0
            self._changed = now
            return share
        self._learn(cells, off, far, moved, passed)
        return share

    def _among_others(self, over: np.ndarray) -> np.ndarray:
        """Those that have moved with enough of their neighbours."""
        padded = self._padded
        padded[1:-1, 1:-1] = over
        across = padded[:, :-2] + padded[:, 1:-1]
        across += padded[:, 2:]
        around = across[:-2] + across[1:-1]
        around += across[2:]
        moved: np.ndarray = over & (around >= _TOGETHER)
        return moved

    def _learn(self, cells: np.ndarray, off: np.ndarray, far: np.ndarray, moved: np.ndarray, s: float) -> None:
        """``off`` and ``far`` are used up."""
        stayed = np.abs(cells - self._before) < self._least / 2
        self._before = cells
        beyond = far > self._least
        self._onsets *= np.float32(np.exp(-s / _RESTLESS_S))
        self._onsets += beyond & ~self._off
        self._off = beyond
        first = 1.0 / self._count
        rates = _table(_rate(s, _MEAN_STAYED_S), _rate(s, _MEAN_MOVING_S), max(_rate(s, _MEAN_S), first))
        off *= rates[np.where(moved, np.where(stayed, 0, 1), 2)]
        self._mean += off
        far -= self._deviation
        restless = self._onsets > _RESTLESS
        rates = _table(
            max(_rate(s, _DEVIATION_S), first), _rate(s, _DEVIATION_MOVING_S),
            _rate(s, _RESTLESS_DOWN_S), _rate(s, _RESTLESS_UP_S),
        )
        far *= rates[np.where(restless, 2 + (far > 0), moved)]
        self._deviation += far


def _table(*rates: float) -> np.ndarray:
    return np.array(rates, np.float32)


def _rate(seconds: float, constant: float) -> float:
    return 1.0 - float(np.exp(-seconds / constant))


def _light(cells: np.ndarray, mean: np.ndarray) -> Tuple[np.ndarray, float]:
    """What a change of light everywhere adds to each cell (a share of its brightness, and the same for all), and how
    much that is where it is most.
    """
    every = max(1, cells.size // _LIGHT) | 1
    some, then = cells.ravel()[::every], mean.ravel()[::every]
    order = np.argsort(then)
    half = len(order) // 2
    if half < 8:
        return np.zeros_like(mean), 0.0
    added = some - then
    # The medians of the darker half and of the brighter one.
    x0, x1 = float(then[order[half // 2]]), float(then[order[-(half // 2)]])
    y0, y1 = (float(np.sort(added[part])[half // 2]) for part in (order[:half], order[half:]))
    slope = (y1 - y0) / (x1 - x0) if x1 - x0 > 8 else 0.0
    return mean * np.float32(slope) + np.float32(y0 - slope * x0), max(abs(y0), abs(y1))
