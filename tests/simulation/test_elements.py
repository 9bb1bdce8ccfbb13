"""The elements as ``gst-inspect-1.0`` shows them, release by release: held against what NVIDIA published."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import pytest

from tests.simulation.conftest import probe, run
from tests.simulation.jetson import ELEMENTS, Jetson
from tests.simulation.tables import KLASSES, RANKS, properties, templates


def shape(described: Dict[str, Any]) -> Tuple[Any, ...]:
    return tuple(described[key] for key in ("type", "default", "range", "values") if key in described)


def test_the_elements_are_those_of_the_release(jetson: Jetson) -> None:
    found = probe(jetson, "inspect", *ELEMENTS)
    for element in ELEMENTS:
        there = found[element]
        assert there["rank"] == RANKS[element]
        assert there["klass"] == KLASSES[element]
        assert there["templates"] == templates(element, jetson.release), element
        shapes = {name: shape(described) for name, described in there["properties"].items()}
        assert shapes == properties(element, jetson.release), element


@pytest.mark.parametrize("version", ["36", "38"])
def test_they_are_the_same_on_a_jetpacks_python(
    version: str, make_jetson: Callable[..., Jetson], request: pytest.FixtureRequest
) -> None:
    python: Path = request.getfixturevalue("python" + version)
    jetson = make_jetson("r32" if version == "36" else "r35")
    assert probe(jetson, "inspect", *ELEMENTS, python=python) == probe(jetson, "inspect", *ELEMENTS)
    line = "nvarguscamerasrc ! nvvidconv ! video/x-raw,format=NV12,width=320,height=240 ! appsink name=sink"
    frames = run(jetson, line, python=python, frames=3)["frames"]
    assert [frame["size"] for frame in frames] == [320 * 240 * 3 // 2] * 3


def test_what_is_not_installed_is_not_there(make_jetson: Callable[..., Jetson]) -> None:
    found = probe(make_jetson("r36", without=["nvvidconv"]), "inspect", "nvvidconv", "nvv4l2decoder")
    assert found["nvvidconv"] is None
    assert found["nvv4l2decoder"] is not None


def test_a_board_without_an_encoder_has_no_element_for_it(make_jetson: Callable[..., Jetson]) -> None:
    found = probe(make_jetson("r36", board="orin-nano"), "inspect", "nvv4l2h264enc", "nvjpegenc")
    assert found["nvv4l2h264enc"] is None
    assert found["nvjpegenc"] is not None
