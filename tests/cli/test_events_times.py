"""Moments, as people write them for --since, --until and --before."""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from typing import Iterator

import pytest

from edge.cli.events_times import moment

NOW = 1714824000.5  # 2024-05-04T12:00:00.5Z


@pytest.fixture(autouse=True)
def _tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """UTC+9, without summer time: 21:00:00.5 of the 4th."""
    monkeypatch.setenv("TZ", "JST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2024-05-04T12:30:00Z", "2024-05-04T12:30:00+00:00"),
        ("2024-05-04t12:30:00.25z", "2024-05-04T12:30:00.250+00:00"),
        ("2024-05-04T14:30:00+02:00", "2024-05-04T12:30:00+00:00"),
        ("2024-05-04T12:30:00.1234567-03:30", "2024-05-04T16:00:00.123456+00:00"),
        ("2024-05-04T12:30:00", "2024-05-04T12:30:00+09:00"),
        ("2024-05-04 12:30", "2024-05-04T12:30:00+09:00"),
        ("2024-05-04", "2024-05-04T00:00:00+09:00"),
        ("2024-05-04Z", "2024-05-04T00:00:00+00:00"),
        ("today", "2024-05-04T00:00:00+09:00"),
        (" Yesterday ", "2024-05-03T00:00:00+09:00"),
        ("now", "2024-05-04T12:00:00.500+00:00"),
        ("2h", "2024-05-04T10:00:00.500+00:00"),
        ("1h30m", "2024-05-04T10:30:00.500+00:00"),
        ("1d", "2024-05-03T12:00:00.500+00:00"),
        ("500ms", "2024-05-04T12:00:00+00:00"),
    ],
)
def test_moments(text: str, said: str) -> None:
    assert moment(text, NOW) == datetime.fromisoformat(said).timestamp()


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "12", "2024", "2024-02-31", "2024-13-01", "2024-05-04T25:00", "0000-01-01", "2024-05-04T12",
     "-2h", "2h ago", "2024-05-04T12:30:00+99:99", "nan", "inf", "1e9", "9" * 400 + "d", "\0", "２h"],
)  # fmt: skip
def test_what_is_no_moment_says_what_is(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"is no time; allowed: 2025-03-01"):
        moment(text, NOW)
