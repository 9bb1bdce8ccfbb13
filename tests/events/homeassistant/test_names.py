"""Ids and shown names made of what people wrote."""

from __future__ import annotations

import json
import re
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.events.homeassistant.names import is_config_topic, is_usable, safe_id, shown
from edge.events.homeassistant.templates import literal

ANY = st.text(st.characters(), max_size=40)
#: What is likely to be mistaken for something else.
NEAR = st.text(alphabet="ab_-/ é", max_size=4)


def test_plain_names_stay_as_they_are() -> None:
    assert safe_id("edge", "gate-7", "square") == "edge_gate-7_square"


@given(st.lists(ANY, min_size=1, max_size=4))
def test_every_id_is_safe(parts: List[str]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,140}", safe_id(*parts))


@given(st.lists(NEAR, min_size=1, max_size=3), st.lists(NEAR, min_size=1, max_size=3))
def test_other_names_have_other_ids(one: List[str], other: List[str]) -> None:
    assert (safe_id(*one) == safe_id(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a_b",), ("a", "b")), (("a_b", "c"), ("a", "b_c")), (("a b",), ("a_b",)), (("a/b", "c"), ("a", "b", "c")),
        (("x" * 500,), ("x" * 501,)), (("\ud800",), ("\ud801",)), (("",), ("_",)),
    ],
)  # fmt: skip
def test_no_two_lists_of_names_are_mistaken_for_each_other(one: List[str], other: List[str]) -> None:
    assert safe_id(*one) != safe_id(*other)


def test_an_id_that_looks_like_a_hashed_one_is_hashed_itself() -> None:
    hashed = safe_id("a_b")
    assert safe_id(hashed) != hashed
    assert safe_id(*hashed.split("_")) != hashed


@given(st.lists(ANY, min_size=1, max_size=3))
def test_what_is_shown_is_a_line_of_utf8(words: List[str]) -> None:
    said = shown(*words)
    assert len(said) <= 80 and said == " ".join(said.split()) and said.isprintable()
    said.encode()


def test_markup_is_left_alone() -> None:
    assert shown("door", "<b>{{ 7*7 }}</b>", "count") == "door <b>{{ 7*7 }}</b> count"


@pytest.mark.parametrize(
    ("topic", "good"),
    [
        ("edge/gate-7/counts/door/日本", True), ("edge/\x07", False), ("edge/\x85", False), ("edge/\ufdd0", False),
        ("edge/\U0001ffff", False), ("edge/\ud800", False), ("x" * 65536, False), ("é" * 32768, False),
    ],
)  # fmt: skip
def test_topics_that_home_assistant_does_not_take(topic: str, good: bool) -> None:
    assert is_usable(topic) == good


@pytest.mark.parametrize(
    ("topic", "good"),
    [
        ("homeassistant/device/edge_gate-7/config", True), ("my/ha/device/a/config", True),
        ("edge/gate-7/availability", False), ("homeassistant/device/a/config\n", False), ("/device/a/config", False),
        ("homeassistant/device/a/b/config", False), ("homeassistant/#/device/a/config", False), (7, False),
    ],
)  # fmt: skip
def test_only_topics_of_ours_are_taken_for_such(topic: object, good: bool) -> None:
    assert is_config_topic(topic) == good


@given(ANY)
def test_a_literal_holds_nothing_but_codes(text: str) -> None:
    said = literal(text)
    assert re.fullmatch(r'"(\\U[0-9a-f]{8}|[A-Za-z0-9_.-])*"', said)
    # What Jinja does with it (jinja2/lexer.py, wrap).
    assert said[1:-1].encode("ascii", "backslashreplace").decode("unicode-escape") == text
    json.dumps(said)
