"""The words of csi:// options: what the config allows, the workers know, and by the number that the word has."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from edge.boards.jetson import board
from edge.boards.nano import NANO
from edge.boards.releases import by_name
from edge.capture.element import Element
from edge.capture.source import Source, head
from edge.config import devices, parse_source
from edge.config.options import Word

JETSON = board(NANO, NANO.variants[0], by_name("r32"))
#: The property that each option of words sets, and the words in the order of its numbers.
NUMBERED = {
    "white-balance": ("wbmode", devices.WHITE_BALANCE),
    "antibanding": ("aeantibanding", devices.ANTIBANDING),
    "denoise": ("tnr-mode", devices.QUALITY),
    "sharpen": ("ee-mode", devices.QUALITY),
}
#: For options of other kinds, a value that is not what they are without.
OTHERS = {
    "mode": "2", "size": "640x480", "rate": "21", "exposure": "1ms..2ms", "gain": "2..3", "digital-gain": "4..5",
    "saturation": "0.5", "compensation": "-1", "ae-lock": "true", "awb-lock": "true", "denoise-strength": "0.25",
    "sharpen-strength": "0.75",
}  # fmt: skip


def source(query: str) -> Source:
    url = parse_source(f"csi://0?{query}", None)  # type: ignore[arg-type]
    return Source("csi", url.location, options=url.options)


def camera(query: str) -> Dict[str, Any]:
    """The properties of the camera's element."""
    element: Element = head(source(query), JETSON)[0]
    return dict(element.properties)


@pytest.mark.parametrize("option", NUMBERED)
def test_a_word_is_its_number(option: str) -> None:
    name, words = NUMBERED[option]
    assert [camera(f"{option}={word}")[name] for word in words] == list(range(len(words)))


def test_a_flip_is_its_number() -> None:
    assert [source(f"flip={word}").flip for word in devices.FLIPS] == list(range(8))


def test_no_option_is_passed_over() -> None:
    kinds = devices._CSI
    assert {name for name, kind in kinds.items() if isinstance(kind, Word)} == {*NUMBERED, "flip"}
    assert {*OTHERS, *NUMBERED, "flip"} == set(kinds)
    without = head(source(""), JETSON)
    for option, value in OTHERS.items():
        assert head(source(f"{option}={value}"), JETSON) != without, option
