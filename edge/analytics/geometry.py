"""Points in polygons, and movements over polylines, for all objects at once. Plain fractions of the picture."""

from __future__ import annotations

import math
from typing import List, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from edge.analytics.camera_rules import Points

Array = NDArray[np.float64]
Point = Tuple[float, float]


class Polygons:
    """Even-odd rule, by a ray to the right; a corner belongs to one of its two edges (half-open)."""

    def __init__(self, polygons: Sequence[Points]) -> None:
        self._count = len(polygons)
        start = [tuple(p) for polygon in polygons for p in polygon]
        end = [tuple(p) for polygon in polygons for p in [*polygon[1:], polygon[0]]]
        self._x1, self._y1 = np.array(start, float).reshape(-1, 2).T
        x2, self._y2 = np.array(end, float).reshape(-1, 2).T
        rise = self._y2 - self._y1
        self._slope = (x2 - self._x1) / np.where(rise == 0.0, 1.0, rise)  # a level edge is never crossed
        lengths = [len(polygon) for polygon in polygons]
        self._first = np.cumsum([0, *lengths[:-1]])

    def inside(self, points: Array) -> NDArray[np.bool_]:
        """(N, 2) points -> (N, polygons)."""
        if not self._count:
            return np.zeros((len(points), 0), bool)
        x, y = points[:, 0:1], points[:, 1:2]
        crossed = (self._y1 > y) != (self._y2 > y)
        crossed &= x < self._slope * (y - self._y1) + self._x1
        answer: NDArray[np.bool_] = np.logical_xor.reduceat(crossed, self._first, axis=1)
        return answer


class Polylines:
    """Open lines of two or more points each."""

    def __init__(self, lines: Sequence[Points]) -> None:
        self._count = len(lines)
        self._start = np.array([p for line in lines for p in line[:-1]], float).reshape(-1, 2)
        self._end = np.array([p for line in lines for p in line[1:]], float).reshape(-1, 2)
        self._first = np.cumsum([0, *[len(line) - 1 for line in lines][:-1]])
        self._extents = [
            (min(x for x, _ in line), min(y for _, y in line), max(x for x, _ in line), max(y for _, y in line))
            for line in lines
        ]

    def may_cross(self, before: Point, after: Point) -> bool:
        """Whether a movement comes near any line at all; nearly none does, and this is cheaper than to look."""
        (px, py), (qx, qy) = before, after
        if px > qx:
            px, qx = qx, px
        if py > qy:
            py, qy = qy, py
        for left, top, right, bottom in self._extents:
            if px <= right and qx >= left and py <= bottom and qy >= top:
                return True
        return False

    def crossings(self, before: Array, after: Array) -> NDArray[np.int_]:
        """Movements (N, 2) -> (N, 2), as (N, lines): crossings to the right less those to the left.

        Right is what lies to the right of somebody who walks along the line from its first point on, on the picture
        (y points down): where the cross product of the line's and the point's direction is over 0.
        """
        if not self._count:
            return np.zeros((len(before), 0), int)
        ax, ay = self._start.T
        bx, by = self._end.T
        px, py, qx, qy = before[:, 0:1], before[:, 1:2], after[:, 0:1], after[:, 1:2]
        was_right = (bx - ax) * (py - ay) > (by - ay) * (px - ax)
        is_right = (bx - ax) * (qy - ay) > (by - ay) * (qx - ax)
        over = (qx - px) * (ay - py) > (qy - py) * (ax - px)
        over ^= (qx - px) * (by - py) > (qy - py) * (bx - px)
        signs = is_right.view(np.int8) - was_right.view(np.int8)
        signs *= over
        return np.add.reduceat(signs, self._first, axis=1, dtype=int)


def distance(point: Point, line: Points, aspect: float) -> float:
    """From a point to a polyline, in picture heights; ``aspect`` is the picture's width over its height."""
    px, py = point[0] * aspect, point[1]
    nearest = float("inf")
    corners: List[Point] = [(x * aspect, y) for x, y in line]
    for (ax, ay), (bx, by) in zip(corners, corners[1:]):
        dx, dy = bx - ax, by - ay
        length = dx * dx + dy * dy
        along = 0.0 if length == 0.0 else min(max(((px - ax) * dx + (py - ay) * dy) / length, 0.0), 1.0)
        nearest = min(nearest, math.hypot(px - ax - along * dx, py - ay - along * dy))
    return nearest
