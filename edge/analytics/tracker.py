"""Follows objects from picture to picture.

Two stages, as ByteTrack does it (Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box",
ECCV 2022): boxes that may start an object go to the tracks first, then the lesser ones go to tracks that got none. What
differs is that time is the pictures' real time everywhere: motion and its uncertainty grow with the seconds between two
pictures, and lives are seconds and scores averaged over seconds, never counts of pictures. So the rate of analysis may
change at any moment, and hardly changes how many objects there are.
"""

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Sequence, Set, Tuple

from edge.analytics.assignment import Pair, assign
from edge.analytics.detections import Detections
from edge.analytics.motion import Motion, decay
from edge.analytics.overlap import Overlaps
from edge.analytics.settings import DEFAULTS, TrackerSettings
from edge.analytics.start_rules import StartRules
from edge.analytics.track import Track
from edge.analytics.usable import Seen, fractions, usable

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


class _Row:
    """What the tracker keeps about one track. Its id is 0 as long as it is not confirmed."""

    __slots__ = ("confirmed", "evidence", "hits", "label", "missing", "motion", "track")

    def __init__(self, track: Track, label: int, motion: Motion, evidence: float) -> None:
        self.track = track
        self.label = label
        self.motion = motion
        self.evidence = evidence  # the score averaged over time, see TrackerSettings
        self.missing = 0.0  # seconds without the object, of pictures that were looked at
        self.hits = 1
        self.confirmed = False


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
        self._rows: List[_Row] = []
        self._time = float("-inf")
        self._aspect = 1.0

    @property
    def confirmed(self) -> List[Track]:
        """The objects there are, whether the last picture showed them or not."""
        return [row.track for row in self._rows if row.track.id]

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
            for row in self._rows:
                row.motion.predict(time - self._time)
        self._time = time
        aspect = detections.width / detections.height
        if aspect != self._aspect:
            for row in self._rows:
                row.motion.rescale(aspect / self._aspect)
            self._aspect = aspect
        boxes = usable(detections, self.rules, s)
        pairs = self._associate(boxes)
        kept = decay(step, s.evidence_over)
        started, seen = self._matched(pairs, boxes, detections, kept)
        ended = self._unmatched({i for i, _ in pairs}, step, kept) if len(pairs) < len(self._rows) else []
        if len(pairs) < len(boxes):
            self._start({i for _, i in pairs}, boxes, detections, kept)
        return Step(started, seen, gone + ended)

    def end_all(self, reason: str) -> List[Ended]:
        """Forgets everything; the next picture is the first."""
        self._time = float("-inf")
        return self.end_labels(lambda label: False, reason)

    def end_labels(self, wanted: Callable[[str], bool], reason: str) -> List[Ended]:
        """Forgets the objects whose label is not wanted any more."""
        gone = [row.track for row in self._rows if not wanted(row.track.label)]
        self._rows = [row for row in self._rows if wanted(row.track.label)]
        return [Ended(track, reason) for track in gone if track.id]

    def _associate(self, boxes: List[Seen]) -> List[Pair]:
        """(row, box) of every track that the picture shows.

        Where several could have a box, an object has more right to it than what is none yet, and one that was just seen
        more than one that has been hidden for a while: by the sum of their rights it is decided.
        """
        if not self._rows or not boxes:
            return []
        s = self._settings
        overlaps = Overlaps([box.measured for box in boxes])
        high: List[Tuple[int, int, float]] = []
        low: List[Tuple[int, int, float]] = []
        least_high, least_low = s.high_overlap, s.low_overlap
        for i, row in enumerate(self._rows):
            m, label = row.motion, row.label
            right = (1.0 if row.confirmed else s.tentative_right) / (1.0 + row.missing)
            for j, overlap in overlaps.of(m.cx, m.cy, m.w, m.h, m.uncertainty()):
                _, _, seen_label, is_high = boxes[j]
                if seen_label != label:
                    continue
                if is_high:
                    if overlap >= least_high:
                        high.append((i, j, overlap * right))
                elif overlap >= least_low and row.missing <= s.low_after:
                    low.append((i, j, overlap * right))
        pairs = _best(high)
        if low:
            taken = {i for i, _ in pairs}
            pairs += _best([pair for pair in low if pair[0] not in taken])
        pairs.sort()
        return pairs

    def _matched(
        self, pairs: List[Pair], boxes: List[Seen], detections: Detections, kept: float
    ) -> Tuple[List[Track], List[Track]]:
        """Tracks that were seen learn from their box, and are confirmed when there is evidence enough."""
        s, aspect, marks = self._settings, self._aspect, self.rules.min_scores
        time, picture = detections.time, (detections.width, detections.height)
        started, seen = [], []
        for i, j in pairs:
            row, (measured, score, label, high) = self._rows[i], boxes[j]
            motion, track = row.motion, row.track
            motion.correct(measured, high)
            row.evidence += (score - row.evidence) * (1.0 - kept)
            row.hits += 1
            if high:
                row.missing = 0.0  # a lesser box carries on, but does not prove: for it time stands still
            if row.evidence >= marks[label] * s.confirmed_at and row.hits >= s.confirmed_hits:
                row.confirmed = True
            track.seen, track.score, track.picture = time, score, picture
            track.box = fractions(motion.cx, motion.cy, motion.w, motion.h, aspect)
            track.velocity = motion.vx / aspect, motion.vy
            if score > track.best_score:
                track.best_score = score
            if row.confirmed:
                seen.append(track)
                if not track.id:
                    track.id = self._number()
                    started.append(track)
        return started, seen

    def _unmatched(self, seen: Set[int], step: float, kept: float) -> List[Ended]:
        """Tracks that were not seen wait, and end when they have waited long enough or have moved out."""
        s = self._settings
        ended: Dict[int, str] = {}
        for i, row in enumerate(self._rows):
            if i in seen:
                continue
            row.missing += step
            row.evidence *= kept
            motion = row.motion
            if row.missing > s.coasting:
                motion.halt()
            if not (0.0 < motion.cx < self._aspect and 0.0 < motion.cy < 1.0):
                ended[i] = "left"
            elif row.missing > (s.lost_after if row.confirmed else s.tentative_for) - _ROUNDING:
                ended[i] = "lost"
        if not ended:
            return []
        gone = [Ended(self._rows[i].track, reason) for i, reason in ended.items()]
        self._rows = [row for i, row in enumerate(self._rows) if i not in ended]
        return [e for e in gone if e.track.id]

    def _start(self, taken: Set[int], boxes: List[Seen], detections: Detections, kept: float) -> None:
        """Boxes that no track took begin tracks, the best ones if there is not room for all."""
        picture = detections.width, detections.height
        for i, (measured, score, label, high) in enumerate(boxes):
            if not high or i in taken:
                continue
            if len(self._rows) >= self._settings.most_tracks:
                return
            corners = fractions(*measured, self._aspect)
            track = Track(0, self._labels[label], self._model, detections.time, corners, picture)
            track.score = track.best_score = score
            self._rows.append(_Row(track, label, Motion(self._settings, measured), score * (1.0 - kept)))


def _best(possible: List[Tuple[int, int, float]]) -> List[Pair]:
    if not possible:
        return []
    rows, columns, gains = zip(*possible)
    return assign(rows, columns, gains)
