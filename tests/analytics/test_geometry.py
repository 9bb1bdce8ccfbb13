from __future__ import annotations

from typing import List, Tuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.analytics.geometry import Polygons, Polylines, distance

Point = Tuple[float, float]
SQUARE = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]
HORSESHOE = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.7, 0.9), (0.7, 0.3), (0.3, 0.3), (0.3, 0.9), (0.1, 0.9)]

fractions = st.floats(0, 1, width=32)
points = st.tuples(fractions, fractions)


def inside(polygons: list[list[Point]], at: Point) -> List[bool]:
    return list(Polygons(polygons).inside(np.array([at])).tolist()[0])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((0.5, 0.5), [True, False]),
        ((0.25, 0.5), [True, True]),
        ((0.15, 0.5), [False, True]),
        ((0.95, 0.5), [False] * 2),
    ],
)
def test_several_polygons_of_different_lengths(at: Point, expected: List[bool]) -> None:
    assert inside([SQUARE, HORSESHOE], at) == expected


def test_the_direction_of_drawing_does_not_matter() -> None:
    assert inside([SQUARE[::-1]], (0.5, 0.5)) == [True]


def test_without_polygons() -> None:
    assert Polygons([]).inside(np.zeros((3, 2))).shape == (3, 0)


@given(st.lists(points, min_size=1, max_size=20))
def test_tiles_hold_every_point_once(at: List[Point]) -> None:
    """Four quarters share their borders: a point on one is in exactly one of them, if it is not on the outer edge."""
    quarters = [[(x, y), (x + 0.5, y), (x + 0.5, y + 0.5), (x, y + 0.5)] for x in (0.0, 0.5) for y in (0.0, 0.5)]
    found = Polygons(quarters).inside(np.array(at))
    for point, row in zip(at, found):
        if max(point) < 1.0:
            assert row.sum() == 1


@given(points, points, points, points)
def test_a_triangle_as_by_its_three_sides(a: Point, b: Point, c: Point, p: Point) -> None:
    def turn(q: Point, r: Point) -> float:
        return (r[0] - q[0]) * (p[1] - q[1]) - (r[1] - q[1]) * (p[0] - q[0])

    turns = [turn(a, b), turn(b, c), turn(c, a)]
    assume(min(abs(t) for t in turns) > 1e-6)
    assert inside([[a, b, c]], p) == [len({t > 0 for t in turns}) == 1]


def crossings(lines: list[list[Point]], before: Point, after: Point) -> List[int]:
    return list(Polylines(lines).crossings(np.array([before]), np.array([after])).tolist()[0])


DOWN: list[Point] = [(0.5, 0.2), (0.5, 0.8)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((0.4, 0.5), (0.6, 0.5), -1),  # to the right half of the picture is to the left of a line drawn downwards
        ((0.6, 0.5), (0.4, 0.5), 1),
        ((0.4, 0.9), (0.6, 0.9), 0),  # past its end
        ((0.4, 0.3), (0.4, 0.7), 0),
        ((0.4, 0.5), (0.4, 0.5), 0),
    ],
)
def test_direction(before: Point, after: Point, expected: int) -> None:
    assert crossings([DOWN], before, after) == [expected]
    assert crossings([DOWN[::-1]], before, after) == [-expected]


def test_lines_of_different_lengths() -> None:
    angle: list[Point] = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8)]
    assert crossings([angle, DOWN], (0.4, 0.5), (0.9, 0.5)) == [-1, -1]
    assert crossings([angle, DOWN], (0.7, 0.3), (0.9, 0.1)) == [-1, 0]  # through the corner: once
    assert crossings([angle, DOWN], (0.1, 0.1), (0.9, 0.1)) == [0, 0]
    assert Polylines([]).crossings(np.zeros((2, 2)), np.zeros((2, 2))).shape == (2, 0)


@given(st.lists(points, min_size=2, max_size=12))
def test_a_walk_crosses_a_border_as_often_as_it_changes_sides(walk: List[Point]) -> None:
    """A line across the whole picture: crossings sum up to the side at the end less the side at the beginning."""
    border = Polylines([[(0.37, -0.1), (0.37, 1.1)]])
    net = border.crossings(np.array(walk[:-1]), np.array(walk[1:])).sum()
    sides = [int(x < 0.37) for x, _ in walk]
    assert net == sides[-1] - sides[0]


def test_distance() -> None:
    assert distance((0.4, 0.5), DOWN, 2.0) == pytest.approx(0.2)
    assert distance((0.5, 0.9), DOWN, 2.0) == pytest.approx(0.1)
    assert distance((0.1, 0.1), [(0.2, 0.1), (0.2, 0.1)], 1.0) == pytest.approx(0.1)


@given(st.lists(points, min_size=2, max_size=6), points, points)
def test_what_crosses_may_cross(line: List[Point], before: Point, after: Point) -> None:
    lines = Polylines([line])
    crossed = lines.crossings(np.array([before]), np.array([after]))
    assert lines.may_cross(before, after) or not crossed.any()


def test_few_movements_may_cross() -> None:
    assert not Polylines([DOWN]).may_cross((0.3, 0.3), (0.49, 0.5))
    assert not Polylines([DOWN]).may_cross((0.4, 0.1), (0.6, 0.1))
    assert not Polylines([]).may_cross((0.0, 0.0), (1.0, 1.0))
