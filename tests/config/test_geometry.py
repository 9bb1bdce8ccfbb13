"""Zones that are polygons, lines that are lines."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.geometry import MAX_POINTS, line_fault, zone_fault

SQUARE = [(0.1, 0.5), (0.6, 0.5), (0.6, 1.0), (0.1, 1.0)]


@pytest.mark.parametrize(
    "points",
    [
        SQUARE,
        SQUARE[::-1],
        [(0, 0), (1, 0), (0, 1)],
        [(0, 0), (0.5, 0), (1, 0), (1, 1)],  # a point within a side
        [(0, 0), (1, 0), (1, 1), (0.5, 0.1), (0, 1)],  # not convex
    ],
)
def test_zones(points):
    assert zone_fault(points) is None


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "3 to 100 points; here are 0"),
        ([(0, 0), (1, 1)], "3 to 100"),
        ([(i / 200, (i / 200) ** 2) for i in range(MAX_POINTS + 1)], "here are 101"),
        ([*SQUARE, SQUARE[0]], "leave it out"),
        ([SQUARE[0], *SQUARE], "points 1 and 2 are the same"),
        ([(0, 0), (0.5, 0.5), (1, 1)], "no area"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "from point 1 to 2 and from point 3 to 4 cross"),
        ([(0, 0), (1, 0), (0.5, 0), (0.5, 1)], "cross or touch"),  # back upon itself
        ([(0, 0), (1, 0), (1, 1), (0.5, 0), (0, 1)], "cross or touch"),  # a corner on another side
        ([(0, 0), (1e-4, 0), (0, 1e-4)], "next to no area"),
    ],
)
def test_no_zones(points, words):
    assert words in zone_fault(points)


@given(st.lists(st.floats(0, 6.2), min_size=3, max_size=12), st.booleans())
def test_points_around_a_circle_are_a_zone_in_either_direction(angles, reverse):
    angles = sorted({round(angle, 1) for angle in angles}, reverse=reverse)
    if len(angles) >= 3 and max(angles) - min(angles) > 0.3:
        assert zone_fault([(0.5 + 0.4 * math.cos(a), 0.5 + 0.4 * math.sin(a)) for a in angles]) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_direction_and_first_point_do_not_matter(points):
    def fine(corners):
        return zone_fault(corners) is None

    assert fine(points) == fine(points[::-1]) == fine(points[1:] + points[:1])


def test_lines():
    assert line_fault([(0.5, 0), (0.5, 1)]) is None
    assert line_fault([(0, 0), (1, 1), (0, 1), (1, 0)]) is None
    assert "2 to 100 points; here are 1" in line_fault([(0, 0)])
    assert "points 2 and 3 are the same" in line_fault([(0, 0), (1, 1), (1, 1)])
