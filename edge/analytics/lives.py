"""Start, update and end of objects."""

from __future__ import annotations

from typing import List, Mapping, Sequence, Tuple

from edge.analytics import happening as kinds
from edge.analytics.happening import Happening
from edge.analytics.track import Attribute, Facts, Track

UPDATE_EVERY = 1.0  # seconds at least between two object events of one track
MOVED = 0.25  # of the box's height: so far must a corner of it have moved for an update
BETTER = 0.05  # the best score must have risen by so much


def started(tracks: Sequence[Track], time: float) -> List[Happening]:
    return [_tell(kinds.OBJECT_START, track, time) for track in tracks]


def updated(tracks: Sequence[Track], time: float) -> List[Happening]:
    """Of the tracks seen in the picture of ``time``, those that changed since they were told last, rate-limited."""
    due = [t for t in tracks if time - t.told_at >= UPDATE_EVERY and t.told is not None]
    return [_tell(kinds.OBJECT_UPDATE, t, time) for t in due if t.told is not None and _changed(t, t.told)]


def ended(track: Track, time: float, reason: str) -> Happening:
    return _tell(kinds.OBJECT_END, track, time, reason)


def _changed(track: Track, told: Facts) -> bool:
    far = MOVED * (told.box[3] - told.box[1])
    aspect = track.picture[0] / track.picture[1]
    (x1, y1, x2, y2), (was_x1, was_y1, was_x2, was_y2) = track.box, told.box
    return (
        abs(y1 - was_y1) > far
        or abs(y2 - was_y2) > far
        or abs(x1 - was_x1) * aspect > far
        or abs(x2 - was_x2) * aspect > far
        or track.best_score - told.best_score > BETTER
        or set(track.stays) != set(told.zones)
        or _labels(track.attributes) != _labels(told.attributes)
    )


def _labels(attributes: Mapping[str, Attribute]) -> List[Tuple[str, str]]:
    return [(name, found.label) for name, found in attributes.items()]


def _tell(kind: str, track: Track, time: float, reason: str = "") -> Happening:
    track.told = track.facts()
    track.told_at = time
    return Happening(kind, time, track.model, track.told, reason=reason or None)
