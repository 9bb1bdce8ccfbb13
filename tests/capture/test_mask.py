"""Polygons made black: held against a slow and plain reckoning, and in every kind of picture."""

from __future__ import annotations

from typing import List, Tuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.capture.mask import Masks, covered, fill

Points = List[Tuple[float, float]]
SQUARE: Points = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)]
fraction = st.floats(0, 1, allow_nan=False, width=32)
polygons = st.lists(st.tuples(fraction, fraction), min_size=3, max_size=8)


def inside(x: float, y: float, polygon: Points) -> bool:
    """Even-odd, edge by edge."""
    found = False
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1]):
        if (y1 <= y) != (y2 <= y) and x > x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            found = not found
    return found


def distance(x: float, y: float, polygon: Points) -> float:
    """From its outline."""
    point = np.array([x, y])
    found = []
    for a, b in zip(np.array(polygon), np.roll(np.array(polygon), -1, axis=0)):
        along = b - a
        t = np.clip(np.dot(point - a, along) / max(np.dot(along, along), 1e-12), 0, 1)
        found.append(np.linalg.norm(point - a - t * along))
    return float(min(found))


@settings(max_examples=60, deadline=None)
@given(polygons, st.integers(1, 40), st.integers(1, 40))
def test_what_is_covered(points: Points, width: int, height: int) -> None:
    cover = covered(width, height, [points])
    pixels = [(x * width, y * height) for x, y in points]
    for row in range(height):
        for column in range(width):
            x, y = column + 0.5, row + 0.5
            near = distance(x, y, pixels)
            if near > 1:
                assert cover[row, column] == inside(x, y, pixels), "away from the outline it is exact"
            elif near > 1e-6 and inside(x, y, pixels):
                assert cover[row, column], "never too little"


def test_a_square_is_a_square() -> None:
    cover = covered(40, 20, [SQUARE])
    assert cover[5:15, 10:30].all()
    assert not cover[:5].any() and not cover[16:].any() and not cover[:, :10].any() and not cover[:, 31:].any()


def test_the_whole_picture_and_what_is_outside_of_it() -> None:
    assert covered(7, 5, [[(0, 0), (1, 0), (1, 1), (0, 1)]]).all()
    assert covered(7, 5, [[(-3, -3), (4, -3), (4, 4), (-3, 4)]]).all()
    assert not covered(7, 5, []).any()


def test_two_that_overlap_are_both_black() -> None:
    cover = covered(100, 100, [SQUARE, [(0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1)]])
    assert cover[60, 60] and cover[90, 90] and cover[30, 30] and not cover[90, 30]


def test_a_hair_is_covered_too() -> None:
    cover = covered(50, 50, [[(0.1, 0.1), (0.9, 0.101), (0.9, 0.102)]])
    assert cover[5, 5:45].all()


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("form", ["i420", "nv12", "nv12 in pairs", "gray8", "rgb"])
@pytest.mark.parametrize("size", [(64, 48), (63, 47), (1, 1)])
def test_every_kind_of_picture(form: str, full_range: bool, size: Tuple[int, int]) -> None:
    width, height = size
    half = ((height + 1) // 2, (width + 1) // 2)
    shapes = {
        "i420": [(height, width), half, half],
        "nv12": [(height, width), (half[0], 2 * half[1])],
        "nv12 in pairs": [(height, width), (*half, 2)],
        "gray8": [(height, width)],
        "rgb": [(height, width, 3)],
    }[form]
    planes = [np.full(shape, 200, np.uint8) for shape in shapes]
    fill(planes, form.split()[0], [SQUARE], full_range)
    cover = covered(width, height, [SQUARE])
    black = 0 if full_range or form == "rgb" else 16
    assert (planes[0][cover] == black).all() and (planes[0][~cover] == 200).all()
    for plane in planes[1:]:
        samples = plane.reshape(*half, -1)
        for row in range(height):
            for column in range(width):
                if cover[row, column]:
                    assert (samples[row // 2, column // 2] == 128).all()
    assert size == (1, 1) or all((plane == 200).any() for plane in planes)


def test_planes_with_strides() -> None:
    memory = np.full((48, 80), 200, np.uint8)
    masks = Masks([SQUARE])
    for _ in range(2):
        masks.fill([memory[:, :64]], "gray8")
    assert (memory[:, 64:] == 200).all() and memory[24, 32] == 16
    masks.fill([memory[:20, :20]], "gray8")
    assert memory[10, 10] == 16, "another size is reckoned anew"
