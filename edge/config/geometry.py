"""Whether points make a zone or a line. Points are (x, y) as fractions of the picture."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

Point = Tuple[float, float]

MAX_POINTS = 100
MIN_AREA = 1e-6  # of the picture: two by one pixels of 1080p


def line_fault(points: Sequence[Point]) -> Optional[str]:
    """What keeps ``points`` from being a line, or None."""
    if not 2 <= len(points) <= MAX_POINTS:
        return f"a line has 2 to {MAX_POINTS} points; here are {len(points)}"
    return _repeated(points)


def zone_fault(points: Sequence[Point]) -> Optional[str]:
    """What keeps ``points`` from being a polygon, or None."""
    if not 3 <= len(points) <= MAX_POINTS:
        return f"a zone has 3 to {MAX_POINTS} points; here are {len(points)}"
    if points[0] == points[-1]:
        return "the last point repeats the first: leave it out, a zone closes by itself"
    fault = _repeated(points)
    if fault:
        return fault
    if not any(_turn(points[0], points[1], point) for point in points):
        return "the zone has no area: its points stand on one line"
    count = len(points)
    for i in range(count):
        for j in range(i + 1, count):
            if _sides_meet(points, i, j):
                sides = " and ".join(f"from point {k + 1} to {(k + 1) % count + 1}" for k in (i, j))
                return f"the zone's sides {sides} cross or touch: give the points in the order of a walk around it"
    return "the zone has next to no area" if _area(points) < MIN_AREA else None


def _repeated(points: Sequence[Point]) -> Optional[str]:
    for index in range(1, len(points)):
        if points[index] == points[index - 1]:
            return f"points {index} and {index + 1} are the same"
    return None


def _area(points: Sequence[Point]) -> float:
    """Shoelace formula."""
    following: List[Point] = [*points[1:], points[0]]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, following))) / 2


def _sides_meet(points: Sequence[Point], i: int, j: int) -> bool:
    """Whether side i (from point i to the next) and side j > i meet elsewhere than in the corner they may share."""
    count = len(points)
    a, b = points[i], points[(i + 1) % count]
    c, d = points[j], points[(j + 1) % count]
    if j == i + 1:  # share b
        return _turn(a, b, d) == 0 and _forward(b, a, d) > 0
    if (j + 1) % count == i:  # share a
        return _turn(c, a, b) == 0 and _forward(a, c, b) > 0
    turns = (_turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b))
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    return any(
        turn == 0 and _between(p, q, r) for turn, p, q, r in zip(turns, (a, a, c, c), (b, b, d, d), (c, d, a, b))
    )


def _turn(p: Point, q: Point, r: Point) -> int:
    """1 where p, q, r turn one way, -1 where they turn the other, 0 where they stand on one line."""
    cross = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    return 0 if abs(cross) < 1e-12 else (1 if cross > 0 else -1)


def _forward(p: Point, q: Point, r: Point) -> float:
    """Above 0 where q and r lie on the same side of p."""
    return (q[0] - p[0]) * (r[0] - p[0]) + (q[1] - p[1]) * (r[1] - p[1])


def _between(p: Point, q: Point, r: Point) -> bool:
    """Whether r, which stands on the line through p and q, lies between them."""
    return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])
