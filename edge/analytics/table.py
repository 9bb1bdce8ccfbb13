"""What the tracker keeps about every track beside its motion, as a struct of arrays in the same rows."""

from __future__ import annotations

from itertools import compress
from typing import List, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.analytics.track import Track


class TrackTable:
    """Rows 0..len(tracks)-1. ``tracks`` has the object of each row; its id is 0 as long as it is not confirmed."""

    def __init__(self, capacity: int) -> None:
        self.tracks: List[Track] = []
        self._classes = np.zeros(capacity, np.intp)
        self._evidence = np.zeros(capacity)
        self._missing = np.zeros(capacity)
        self._hits = np.zeros(capacity, np.intp)
        self._confirmed = np.zeros(capacity, bool)

    @property
    def classes(self) -> NDArray[np.intp]:
        return self._classes[: len(self.tracks)]

    @property
    def evidence(self) -> NDArray[np.float64]:
        """The score averaged over time, see TrackerSettings."""
        return self._evidence[: len(self.tracks)]

    @property
    def missing(self) -> NDArray[np.float64]:
        """Seconds without the object, of pictures that were looked at."""
        return self._missing[: len(self.tracks)]

    @property
    def hits(self) -> NDArray[np.intp]:
        return self._hits[: len(self.tracks)]

    @property
    def confirmed(self) -> NDArray[np.bool_]:
        return self._confirmed[: len(self.tracks)]

    def append(self, tracks: Sequence[Track], classes: NDArray[np.intp], evidence: NDArray[np.float64]) -> None:
        rows = slice(len(self.tracks), len(self.tracks) + len(tracks))
        self.tracks.extend(tracks)
        self._classes[rows] = classes
        self._evidence[rows] = evidence
        self._missing[rows] = 0.0
        self._hits[rows] = 1
        self._confirmed[rows] = False

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drops every row whose flag is false; the others keep their order."""
        kept = list(compress(self.tracks, rows.tolist()))
        for array in (self._classes, self._evidence, self._missing, self._hits, self._confirmed):
            array[: len(kept)] = array[: len(self.tracks)][rows]
        self.tracks = kept
