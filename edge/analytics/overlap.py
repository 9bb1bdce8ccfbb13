"""How well a foretold box and the boxes that were seen cover each other."""

from __future__ import annotations

from bisect import bisect_left
from typing import List, Sequence, Tuple

Box = Tuple[float, float, float, float]  # cx cy w h, areas over 0


class Overlaps:
    """The boxes that were seen, from left to right: what lies far aside of a track is not looked at."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._edges = [
            (cx - w / 2.0, cx + w / 2.0, cy - h / 2.0, cy + h / 2.0, w, h, i) for i, (cx, cy, w, h) in enumerate(boxes)
        ]
        self._edges.sort()
        self._lefts = [edges[0] for edges in self._edges]
        self._widest = max((box[2] for box in boxes), default=0.0)

    def of(self, cx: float, cy: float, width: float, height: float, margin: float) -> List[Tuple[int, float]]:
        """(index, intersection over union) of the boxes that overlap this one, all widened on all sides.

        ``margin`` is the widening, which a track brings along for itself and for the box it is compared with. The idea
        of widening both is C-BIoU's (Yang et al., "Hard to Track Objects with Irregular Motions and Similar
        Appearances?", WACV 2023); there the margin is fixed, here it is the track's own uncertainty. Overlap of two
        widened boxes is the plain one's extent (negative across a gap) plus twice the margin on each axis.
        """
        extra = margin * 2.0
        half_width, half_height = width / 2.0, height / 2.0
        left, right, top, bottom = cx - half_width, cx + half_width, cy - half_height, cy + half_height
        from_x, from_y, to_y = left - extra, top - extra, bottom + extra
        area = (width + extra) * (height + extra)
        first, last = bisect_left(self._lefts, from_x - self._widest), bisect_left(self._lefts, right + extra)
        found = []
        for seen_left, seen_right, seen_top, seen_bottom, seen_width, seen_height, i in self._edges[first:last]:
            if seen_right <= from_x or seen_top >= to_y or seen_bottom <= from_y:
                continue
            # min() and max() would cost more than all the rest.
            common = (
                (right if right < seen_right else seen_right) - (left if left > seen_left else seen_left) + extra
            ) * ((bottom if bottom < seen_bottom else seen_bottom) - (top if top > seen_top else seen_top) + extra)
            found.append((i, common / ((seen_width + extra) * (seen_height + extra) + area - common)))
        return found
