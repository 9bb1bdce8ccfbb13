"""Durations, sizes, numbers and names as people write them."""

import math

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import Annotated

from edge.config.tree import plain_value
from edge.config.values import (
    Between,
    Name,
    Prefix,
    Seconds,
    Size,
    Text,
    Threads,
    parse_duration,
    parse_size,
    show_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10s", 10),
        ("500ms", 0.5),
        ("2m", 120),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1.5h", 5400),
        ("1d", 86400),
        ("1m30s500ms", 90.5),
        ("10", 10),
        ("0.25", 0.25),
        (" 5 s ", 5),
        (7, 7),
        (0.5, 0.5),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", " ", "s", "10x", "1s1h", "5m5m", "-5s", "1:30", "1h30", True, None, [], math.inf, math.nan, "nan", "1e999"],
)
def test_no_durations(text):
    assert parse_duration(text) is None


@given(st.one_of(st.integers(1, 999).map(lambda ms: ms / 1000), st.integers(1, 10**6)))
def test_durations_shown_can_be_read(seconds):
    assert parse_duration(show_duration(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["1280x720", "1280X720", " 1280 x 720 ", [1280, 720], (1280, 720), ["1280", 720.0]])
def test_sizes(value):
    assert parse_size(value) == Size(1280, 720)
    assert str(parse_size(value)) == "1280x720"


@pytest.mark.parametrize(
    "value", ["1280", "1280x", "x720", "1281x720", "0x0", "99999x720", "14x720", [1], [1, 2, 3], [True, 720], None, {}]
)
def test_no_sizes(value):
    with pytest.raises(ValueError, match="WIDTHxHEIGHT"):
        parse_size(value)


def accepts(kind, value):
    try:
        return pydantic.TypeAdapter(kind).validate_python(value)
    except pydantic.ValidationError:
        return None


@pytest.mark.parametrize("value", ["gate-7", "a", "0", "A_b-C", "x" * 64, plain_value("7")])
def test_names(value):
    assert accepts(Name, value) == str(value)


@pytest.mark.parametrize("value", ["", "-a", "_a", "a b", "a/b", "a+", "#", "ä", "a\n", "x" * 65, None, True, 7.5, []])
def test_no_names(value):
    assert accepts(Name, value) is None


def test_prefixes():
    assert accepts(Prefix, "site/edge") == "site/edge"
    for value in ("", "/edge", "edge/", "a//b", "$SYS", "a/+", "#"):
        assert accepts(Prefix, value) is None


def test_threads():
    assert [accepts(Threads, v) for v in ("auto", 2, "2", 0, 1.5, True, "many")] == [
        "auto",
        2,
        2,
        None,
        None,
        None,
        None,
    ]


def test_numbers_become_text_as_they_were_written():
    assert [accepts(Text, plain_value(v)) for v in ("0123", "12", "1.10", "-0")] == ["0123", "12", "1.10", "-0"]
    assert [accepts(Text, v) for v in (True, None, "", "a\nb")] == [None] * 4


@given(st.one_of(st.floats(), st.integers(), st.text(), st.booleans(), st.none(), st.binary(), st.lists(st.integers())))
def test_what_is_accepted_is_within_bounds(value):
    for kind in (Between(0.1, 60), Seconds(0.1, 60)):
        got = accepts(Annotated[float, kind], value)
        assert got is None or (type(got) is float and 0.1 <= got <= 60)
