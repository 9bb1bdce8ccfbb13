"""The models at hand: our own is whole on a DLA; others' are where their layers let them be."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.models.dla.plan import plan
from scripts import servers

PERSON = servers.ROOT / "models" / "person" / "person.onnx"


@pytest.mark.parametrize("precision", ["int8", "fp16"])
@pytest.mark.parametrize(
    ("board", "tensorrt"),
    [("xavier-nx", "8.2"), ("xavier-nx", "8.4"), ("agx-xavier", "8.5"), ("orin-nx", "8.6"), ("agx-orin", "10.3")],
)
def test_our_own_model_is_whole_on_every_dla(board: str, tensorrt: str, precision: str) -> None:
    placement = plan(PERSON, board, tensorrt, precision)
    assert [layer for layer in placement.layers if layer.verdict != "yes"] == []
    assert placement.whole and placement.switches == 0 and placement.dla_share == 1.0
    assert len(placement.blocks) == 1 and placement.blocks[0].loadables == 1
    assert placement.suggestions == ()


@pytest.mark.parametrize("name", ["version-RFB-320.onnx", "version-RFB-640.onnx"])
def test_the_face_detectors_stop_at_their_dilated_convolutions_and_their_boxes(shared: Path, name: str) -> None:
    placement = plan(shared / "models" / name, "xavier-nx")
    assert [layer.op for layer in placement.layers if layer.verdict == "maybe"] == ["Conv", "Conv"]
    assert [block.device for block in placement.blocks] == ["DLA", "GPU", "DLA", "GPU"]
    assert placement.if_maybe == (1, 1.0)
    assert {layer.op for layer in placement.layers if layer.name in placement.blocks[1].layers} == {"Conv"}
    assert not {layer.op for layer in placement.layers} & {"Constant", "Shape", "Gather", "Unsqueeze"}
    assert placement.with_suggestions == (0, 1.0)


def test_the_detector_with_shuffled_channels_is_torn_at_each_shuffle(shared: Path) -> None:
    placement = plan(shared / "models" / "FastestDet.onnx", "xavier-nx")
    assert placement.dla_share == 1.0 and placement.switches == 28
    shuffles = placement.suggestions[0]
    assert "1x1 Conv with weights of 0 and 1" in shuffles.change and len(shuffles.layers) == 13 * 5
    assert shuffles.exact and shuffles.outcome.switches == 4
    assert placement.with_suggestions == (0, 1.0)
