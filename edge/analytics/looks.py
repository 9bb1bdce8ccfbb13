"""Second looks at objects: which of a picture's boxes are worth one now, and what to believe of what was found.

An object is looked at when it is new, again when ``every`` seconds have passed, and sooner when its box has become
clearly larger. Those that were never looked at come first, then whoever has waited longest. A look of which nothing is
heard is taken for lost after a while: the object is looked at again.

What is found is a vote: each look gives its score to its label, and what was given before counts less with every look.
So one look gone wrong changes nothing, and an object that does change is believed after two or three looks. A look that
finds nothing (a face turned away) says nothing.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from edge.analytics.track import Attribute, Box, Track
from edge.wire.messages import MOST_LOOKS

LARGER = 1.3  # of the box's sides at the last look, by their product: from there on it shows more
LOST_AFTER = 2.0  # seconds without an answer
KEPT = 0.7  # what a label was given before is worth so much after one look more
FORGOTTEN = 0.01  # and nothing under this


class Looked(NamedTuple):
    """How one second model looks at boxes of the first model ``of``.

    ``labels``: its own. ``objects``: which of the first model's are looked at, None: all. ``every`` in seconds;
    ``margin``: the box grows by so much of its size on each side; ``min_size``: of the shorter side, in pixels.
    ``boxed``: what it finds has a box of its own, a face's in a person's.
    """

    of: str
    labels: Sequence[str]
    objects: Optional[FrozenSet[str]]
    every: float
    margin: float
    min_size: float
    min_score: float
    boxed: bool


class Look(NamedTuple):
    """An object to be looked at by the second model ``by``: ``box`` with its margin, in the picture."""

    by: str
    object: int
    box: Box


class Seen:
    """What one second model has said of one object."""

    __slots__ = ("answered", "at", "attribute", "size", "votes")

    def __init__(self) -> None:
        self.at: Optional[float] = None  # when it was looked at last
        self.size = 0.0  # the area of its box then, in pixels
        self.answered = True
        self.votes: Dict[str, float] = {}
        self.attribute: Optional[Attribute] = None

    def due(self, looked: Looked, time: float, size: float) -> bool:
        if self.at is None or size > self.size * LARGER * LARGER:
            return True
        return time - self.at >= (looked.every if self.answered else min(looked.every, LOST_AFTER))


def choose(looks: Dict[str, Looked], model: str, tracks: Sequence[Track], time: float) -> List[Look]:
    """The looks at what a picture taken at ``time`` shows: ``tracks`` of the first model ``model``, seen in it.

    They count as looked at from here on.
    """
    due: List[Tuple[float, int, str, Seen, float]] = []
    for name, looked in looks.items():
        if looked.of != model:
            continue
        for place, track in enumerate(tracks):
            width, height = _pixels(track)
            wanted = looked.objects is None or track.label in looked.objects
            if not wanted or min(width, height) < looked.min_size:
                continue
            seen = track.looks.get(name)
            if seen is None:
                seen = track.looks[name] = Seen()
            if seen.due(looked, time, width * height):
                due.append((float("-inf") if seen.at is None else seen.at, place, name, seen, width * height))
    due.sort(key=lambda one: one[0])
    chosen = []
    for _, place, name, seen, size in due[:MOST_LOOKS]:
        seen.at, seen.size, seen.answered = time, size, False
        track = tracks[place]
        chosen.append(Look(name, track.id, grown(track.box, looks[name].margin)))
    return chosen


def learn(track: Track, name: str, looked: Looked, rows: NDArray[np.float32]) -> bool:
    """What a look at ``track`` has found: (N, 6), x1 y1 x2 y2 as fractions of the picture, score, class.

    Whether its attribute has another label now, or its first.
    """
    seen = track.looks.get(name)
    if seen is None:
        return False
    seen.answered = True
    best = _best(rows, looked)
    if best is None:
        return False
    label, score, box = best
    votes = seen.votes = {known: worth * KEPT for known, worth in seen.votes.items() if worth > FORGOTTEN}
    votes[label] = votes.get(label, 0.0) + score
    before = seen.attribute
    believed = max(votes, key=lambda known: votes[known])
    if believed == label:
        # The newest word for it: where a face is now, how sure the net is now.
        seen.attribute = track.attributes[name] = Attribute(label, score, box)
    return seen.attribute is not before and (before is None or before.label != label)


def grown(box: Box, margin: float) -> Box:
    """A margin of so much of its size on each side, cut to the picture."""
    x1, y1, x2, y2 = box
    across, down = (x2 - x1) * margin, (y2 - y1) * margin
    return max(0.0, x1 - across), max(0.0, y1 - down), min(1.0, x2 + across), min(1.0, y2 + down)


def _best(rows: NDArray[np.float32], looked: Looked) -> Optional[Tuple[str, float, Optional[Box]]]:
    best: Optional[Tuple[str, float, Optional[Box]]] = None
    for x1, y1, x2, y2, score, label in rows[np.isfinite(rows).all(axis=1)].tolist():
        if not 0 <= label < len(looked.labels) or score < looked.min_score or (best is not None and score <= best[1]):
            continue
        box = (x1, y1, x2, y2) if looked.boxed else None
        best = looked.labels[int(label)], min(1.0, score), box
    return best


def _pixels(track: Track) -> Tuple[float, float]:
    x1, y1, x2, y2 = track.box
    return (x2 - x1) * track.picture[0], (y2 - y1) * track.picture[1]
