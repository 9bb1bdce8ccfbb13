"""The Kalman filters against their own mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.analytics.motion import Motion
from edge.analytics.settings import DEFAULTS

BOX = (0.5, 0.5, 0.1, 0.2)


def state(motion: Motion) -> list[float]:
    return [motion.cx, motion.cy, motion.w, motion.h, motion.vx, motion.vy, motion.vw, motion.vh]


def moved(rates: list[float], velocity: float = 0.1) -> Motion:
    motion = Motion(DEFAULTS, BOX)
    x, *rest = BOX
    for step in rates:
        motion.predict(step)
        x += velocity * step
        motion.correct((x, rest[0], rest[1], rest[2]), True)
    return motion


@pytest.mark.parametrize("fps", [1, 2, 5, 10, 30])
def test_learns_the_speed_at_any_rate(fps: int) -> None:
    motion = moved([1 / fps] * (5 * fps))
    assert motion.vx == pytest.approx(0.1, rel=0.02)
    assert [motion.vy, motion.vw, motion.vh] == pytest.approx([0.0] * 3, abs=1e-9)


def test_learns_the_speed_from_uneven_steps() -> None:
    motion = moved([0.04, 0.5, 0.1, 0.9, 0.033, 0.2] * 5)
    assert motion.vx == pytest.approx(0.1, rel=0.02)


@given(st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_two_steps_are_one_long_step(first: float, second: float) -> None:
    """The model is of continuous time: foretelling in parts gives the same state and the same uncertainty."""
    parts, whole = moved([0.1] * 3), moved([0.1] * 3)
    parts.predict(first)
    parts.predict(second)
    whole.predict(first + second)
    assert state(parts) == pytest.approx(state(whole))
    assert parts.place == pytest.approx(whole.place)
    assert parts.size == pytest.approx(whole.size)


def test_against_the_textbook_with_matrices() -> None:
    s = DEFAULTS
    x, p = np.zeros(2), np.diag([s.measured_place**2, s.first_speed**2])
    motion = Motion(s, (0.0, 0.5, 0.1, 1.0))
    for t, z in ((0.1, 0.02), (0.3, 0.05), (0.05, 0.07)):
        f = np.array([[1.0, t], [0.0, 1.0]])
        q = s.place_noise * np.array([[t**3 / 3, t**2 / 2], [t**2 / 2, t]])
        x, p = f @ x, f @ p @ f.T + q
        gain = p[:, 0] / (p[0, 0] + s.measured_place**2)
        x, p = x + gain * (z - x[0]), p - np.outer(gain, p[0])
        motion.predict(t)
        motion.correct((z, 0.5, 0.1, 1.0), True)
        assert (motion.cx, motion.vx) == pytest.approx(tuple(x))
        assert motion.place == pytest.approx((p[0, 0], p[0, 1], p[1, 1]))


def test_a_lesser_box_moves_it_less() -> None:
    high, low = moved([0.1] * 3), moved([0.1] * 3)
    for motion, flag in ((high, True), (low, False)):
        motion.predict(0.1)
        motion.correct(BOX, flag)
    assert abs(low.cx - 0.5) > abs(high.cx - 0.5)


def test_uncertainty_grows_with_time_up_to_a_bound() -> None:
    motion = moved([0.1] * 10)
    found = [motion.uncertainty()]
    for _ in range(50):
        motion.predict(0.5)
        found.append(motion.uncertainty())
    assert found == sorted(found)
    assert found[-1] == pytest.approx(DEFAULTS.widest * 0.2, rel=0.1)


def test_a_long_gap_is_not_foretold() -> None:
    motion = moved([0.1] * 20)
    before = motion.cx
    motion.predict(3600.0)
    assert motion.cx == pytest.approx(before + 0.1 * DEFAULTS.longest_step, rel=0.05)


def test_a_shrinking_box_stays_a_box() -> None:
    motion = Motion(DEFAULTS, BOX)
    motion.vw = motion.vh = -5.0
    for _ in range(10):
        motion.predict(1.0)
    assert min(motion.w, motion.h) > 0


def test_pictures_of_another_shape() -> None:
    motion = moved([0.1] * 5)
    before = state(motion)
    motion.rescale(2.0)
    assert state(motion) == pytest.approx([value * (2.0 if i % 2 == 0 else 1.0) for i, value in enumerate(before)])


def test_halted() -> None:
    motion = moved([0.1] * 5)
    motion.halt()
    before = state(motion)
    motion.predict(1.0)
    assert state(motion)[:4] == before[:4]
