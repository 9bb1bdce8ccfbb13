"""Who crosses which line, and in which direction.

A line is an open polyline. An object crosses it when its anchor (the middle of its box's lower edge) moves from one
side to the other through the line itself; walking round an end of it is no crossing. The direction is the side it goes
to: imagine walking along the line on the picture, from its first point to its last; ``right`` is on your right hand.

        first point                 A line drawn downwards, as [[0.5, 0.0], [0.5, 1.0]], seen on the picture:
    right    |    left              who goes to the left half of the picture crosses to ``right``, who goes to the
             v                      right half crosses to ``left``. Drawn upwards, it is the other way round.
        last point

An anchor trembles. So a crossing is told only when the object is clear of the line, by ``CLEAR`` of its box's height,
or when it ends before. What it did in between cancels out: over, back and over again is one crossing, over and back
none.
"""

from __future__ import annotations

from typing import List, Mapping, Sequence

import numpy as np

from edge.analytics import happening as kinds
from edge.analytics.camera_rules import LineRules
from edge.analytics.geometry import Polylines, distance
from edge.analytics.happening import Happening
from edge.analytics.track import Track

CLEAR = 0.1  # of the box's height


class LineWatch:
    """A camera's lines. What it remembers of a track stands in the track."""

    def __init__(self, lines: Mapping[str, LineRules]) -> None:
        self._set(lines)

    def _set(self, lines: Mapping[str, LineRules]) -> None:
        self._lines = dict(lines)
        self._polylines = Polylines([line.points for line in lines.values()])

    def change(self, lines: Mapping[str, LineRules], tracks: Sequence[Track]) -> None:
        """Other lines from now on; what was under way over one that is another now is forgotten."""
        for track in tracks:
            for name in list(track.crossings):
                if name not in lines or lines[name].points != self._lines[name].points:
                    del track.crossings[name]
        self._set(lines)

    def update(self, tracks: Sequence[Track], time: float) -> List[Happening]:
        """``tracks`` were seen in the picture of ``time``."""
        out: List[Happening] = []
        if not self._lines or not tracks:
            return out
        near, before, after = [], [], []
        for track in tracks:
            was, track.line_anchor = track.line_anchor, track.anchor
            if self._polylines.may_cross(was, track.line_anchor):
                near.append(track)
                before.append(was)
                after.append(track.line_anchor)
        if near:
            crossed = self._polylines.crossings(np.array(before), np.array(after))
            for track, row in zip(near, crossed.tolist()):
                if any(row):
                    self._note(track, row)
        for track in tracks:
            if track.crossings:
                self._tell_clear(track, time, out)
        return out

    def end(self, track: Track, time: float) -> List[Happening]:
        """The track ended: what it crossed and did not come back over, it crossed."""
        out = [self._tell(track, name, net, time) for name, net in track.crossings.items()]
        track.crossings.clear()
        return out

    def _note(self, track: Track, row: Sequence[int]) -> None:
        for (name, line), net in zip(self._lines.items(), row):
            if net and not (line.objects and track.label not in line.objects):
                total = track.crossings.get(name, 0) + net
                if total:
                    track.crossings[name] = total
                else:
                    del track.crossings[name]

    def _tell_clear(self, track: Track, time: float, out: List[Happening]) -> None:
        margin = CLEAR * (track.box[3] - track.box[1])
        aspect = track.picture[0] / track.picture[1]
        for name, net in list(track.crossings.items()):
            if distance(track.line_anchor, self._lines[name].points, aspect) >= margin:
                del track.crossings[name]
                out.append(self._tell(track, name, net, time))

    @staticmethod
    def _tell(track: Track, name: str, net: int, time: float) -> Happening:
        direction = "right" if net > 0 else "left"
        return Happening(kinds.LINE_CROSS, time, track.model, track.facts(), line=name, direction=direction)
