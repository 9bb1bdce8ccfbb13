"""Follows objects from picture to picture.

Two stages, as ByteTrack does it (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box",
ECCV 2022): boxes that may start an object go to the tracks first, then the lesser ones go to tracks that got none. What
differs is that time is the pictures' real time everywhere: motion and its uncertainty grow with the seconds between two
pictures, and lives are seconds and scores averaged over seconds, never counts of pictures. So the rate of analysis may
change at any moment, and hardly changes how many objects there are.
"""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from edge.analytics.assignment import Pair, assign
from edge.analytics.detections import Detections
from edge.analytics.motion import Motion, decay
from edge.analytics.overlap import widened_iou
from edge.analytics.settings import DEFAULTS, TrackerSettings
from edge.analytics.start_rules import StartRules
from edge.analytics.table import TrackTable
from edge.analytics.track import Track
from edge.analytics.usable import Usable, fractions, usable

_FIRST_STEP = 0.2  # seconds that the first picture counts for
_ROUNDING = 1e-6  # seconds


class Ended(NamedTuple):
    track: Track
    reason: str  # "lost": unseen for too long; "left": moved out of the picture; "gap": no pictures for too long


class Step(NamedTuple):
    """What one picture showed, confirmed tracks only. ``started`` are also in ``seen``."""

    started: List[Track]
    seen: List[Track]
    ended: List[Ended]


class Tracker:
    """One camera's objects of one model. ``number`` gives the next id, when a track is confirmed."""

    def __init__(
        self, model: str, labels: Sequence[str], rules: StartRules, number: Callable[[], int],
        settings: TrackerSettings = DEFAULTS,
    ) -> None:  # fmt: skip
        self.rules = rules
        self._model = model
        self._labels = list(labels)
        self._number = number
        self._settings = settings
        self._motion = Motion(settings)
        self._table = TrackTable(settings.most_tracks)
        self._time = float("-inf")
        self._aspect = 1.0

    @property
    def confirmed(self) -> List[Track]:
        """The objects there are, whether the last picture showed them or not."""
        return [t for t in self._table.tracks if t.id]

    def update(self, detections: Detections) -> Step:
        """Takes one picture. One that is not newer than the last is left out."""
        time, s = detections.time, self._settings
        gone: List[Ended] = []
        step = _FIRST_STEP
        if abs(time - self._time) > s.longest_gap:  # also when the clock was set back
            gone = self.end_all("gap")
        elif time <= self._time:
            return Step([], [], [])
        else:
            step = min(time - self._time, s.longest_step)
            self._motion.predict(time - self._time)
        self._time = time
        boxes = usable(detections, self.rules, s)
        if boxes.aspect != self._aspect:
            self._motion.rescale(boxes.aspect / self._aspect)
            self._aspect = boxes.aspect
        pairs = self._associate(boxes)
        started, seen = self._matched(pairs, boxes, detections, step)
        ended = self._unmatched(pairs, boxes.aspect, step)
        self._start(pairs, boxes, detections, step)
        return Step(started, seen, gone + ended)

    def end_all(self, reason: str) -> List[Ended]:
        """Forgets everything; the next picture is the first."""
        self._time = float("-inf")
        return self.end_labels(lambda label: False, reason)

    def end_labels(self, wanted: Callable[[str], bool], reason: str) -> List[Ended]:
        """Forgets the objects whose label is not wanted any more."""
        tracks = self._table.tracks
        keep = [wanted(t.label) for t in tracks]
        self._keep(np.array(keep, bool))
        return [Ended(t, reason) for t, kept in zip(tracks, keep) if t.id and not kept]

    def _associate(self, boxes: Usable) -> List[Pair]:
        """(row, box) of every track that the picture shows."""
        if not self._motion.count or not len(boxes.scores):
            return []
        s, high = self._settings, boxes.high.tolist()
        overlap = widened_iou(self._motion.centre_size, boxes.measured, self._motion.uncertainty())
        possible = overlap >= np.where(boxes.high, s.high_overlap, s.low_overlap)
        possible &= self._table.classes[:, None] == boxes.classes
        row_array, box_array = possible.nonzero()
        rows, chosen, gains = row_array.tolist(), box_array.tolist(), overlap[possible].tolist()
        first = [i for i, box in enumerate(chosen) if high[box]]
        pairs = assign([rows[i] for i in first], [chosen[i] for i in first], [gains[i] for i in first])
        if len(first) < len(chosen):
            taken = {row for row, _ in pairs}
            recent = (self._table.missing <= s.low_after).tolist()
            rest = [i for i, row in enumerate(rows) if not high[chosen[i]] and row not in taken and recent[row]]
            pairs += assign([rows[i] for i in rest], [chosen[i] for i in rest], [gains[i] for i in rest])
        pairs.sort()
        return pairs

    def _matched(
        self, pairs: List[Pair], boxes: Usable, detections: Detections, step: float
    ) -> Tuple[List[Track], List[Track]]:
        """Tracks that were seen learn from their box, and are confirmed when there is evidence enough."""
        if not pairs:
            return [], []
        s, table = self._settings, self._table
        rows, chosen = np.array(pairs, np.intp).T
        scores, high = boxes.scores[chosen], boxes.high[chosen]
        self._motion.correct(rows, boxes.measured[chosen], high)
        evidence = table.evidence[rows]
        evidence += (scores - evidence) * (1.0 - decay(step, s.evidence_over))
        table.evidence[rows] = evidence
        table.missing[rows[high]] = 0.0  # a lesser box carries on, but does not prove: for it time stands still
        table.hits[rows] += 1
        enough = evidence >= self.rules.min_scores[boxes.classes[chosen]] * s.confirmed_at
        enough &= table.hits[rows] >= s.confirmed_hits
        table.confirmed[rows] |= enough
        corners = fractions(self._motion.centre_size.take(rows, axis=0), boxes.aspect).tolist()
        speeds = self._motion.velocity.take(rows, axis=0).tolist()
        started, seen = [], []
        picture = detections.width, detections.height
        confirmed = table.confirmed[rows].tolist()
        for (row, _), good, score, corner, speed in zip(pairs, confirmed, scores.tolist(), corners, speeds):
            track = table.tracks[row]
            track.seen, track.score, track.picture = detections.time, score, picture
            track.box, track.velocity = tuple(corner), (speed[0] / boxes.aspect, speed[1])
            if score > track.best_score:
                track.best_score = score
            if good:
                seen.append(track)
                if not track.id:
                    track.id = self._number()
                    started.append(track)
        return started, seen

    def _unmatched(self, pairs: List[Pair], aspect: float, step: float) -> List[Ended]:
        """Tracks that were not seen wait, and end when they have waited long enough or have moved out."""
        s, table, count = self._settings, self._table, self._motion.count
        if len(pairs) == count:
            return []
        missed = np.ones(count, bool)
        missed[[row for row, _ in pairs]] = False
        table.missing[missed] += step
        table.evidence[missed] *= decay(step, s.evidence_over)
        late = missed & (table.missing > s.coasting)
        if late.any():
            self._motion.halt(late)
        centre = self._motion.centre_size[:, :2]
        outside = np.logical_or.reduce((centre <= 0.0) | (centre >= (aspect, 1.0)), axis=1)
        patience = np.where(table.confirmed, s.lost_after, s.tentative_for)
        gone = missed & ((table.missing > patience - _ROUNDING) | outside)
        if not gone.any():
            return []
        ended = [Ended(table.tracks[i], "left" if outside[i] else "lost") for i in gone.nonzero()[0].tolist()]
        self._keep(~gone)
        return [e for e in ended if e.track.id]

    def _start(self, pairs: List[Pair], boxes: Usable, detections: Detections, step: float) -> None:
        """Boxes that no track took begin tracks, the best ones if there is not room for all."""
        taken = {box for _, box in pairs}
        room = self._settings.most_tracks - self._motion.count
        new = [i for i, high in enumerate(boxes.high.tolist()) if high and i not in taken][:room]
        if not new:
            return
        classes, scores = boxes.classes[new], boxes.scores[new]
        corners = fractions(boxes.measured[new], boxes.aspect).tolist()
        picture = detections.width, detections.height
        tracks = []
        for label, score, corner in zip(classes.tolist(), scores.tolist(), corners):
            track = Track(0, self._labels[label], self._model, detections.time, tuple(corner), picture)
            track.score = track.best_score = score
            tracks.append(track)
        self._motion.append(boxes.measured[new])
        self._table.append(tracks, classes, scores * (1.0 - decay(step, self._settings.evidence_over)))

    def _keep(self, rows: NDArray[np.bool_]) -> None:
        self._motion.keep(rows)
        self._table.keep(rows)
