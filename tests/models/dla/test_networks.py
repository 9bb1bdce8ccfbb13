"""Well-known networks: blocks as an expert draws them, multiplications as the literature counts them."""

from __future__ import annotations

from pathlib import Path
from typing import List, Tuple

import pytest

from edge.models.dla.plan import Placement, plan
from tests.models.dla.networks import Made, mobilenet_v2, resnet50, ssd, yolov5s

EVERYWHERE = [
    ("xavier-nx", "8.2", "int8"),
    ("agx-xavier", "8.5", "fp16"),
    ("orin-nx", "8.6", "int8"),
    ("agx-orin", "10.3", "int8"),
]


def planned(made: Made, folder: Path, board: str, tensorrt: str = "", precision: str = "int8") -> Placement:
    net, outputs = made
    return plan(net.save(folder, *outputs), board, tensorrt or None, precision)


def drawn(placement: Placement) -> List[Tuple[str, int]]:
    return [(block.device, len(block.layers)) for block in placement.blocks]


def millions(placement: Placement) -> float:
    return sum(layer.macs for layer in placement.layers) / 1e6


@pytest.mark.parametrize(("board", "tensorrt", "precision"), EVERYWHERE)
def test_resnet_50_is_whole_but_for_the_mean_and_what_flattens(
    board: str, tensorrt: str, precision: str, tmp_path: Path
) -> None:
    placement = planned(resnet50(), tmp_path, board, tensorrt, precision)
    assert placement.folded == 53  # each normalisation is part of its convolution
    assert drawn(placement) == [("DLA", 119), ("GPU", 2), ("DLA", 1)]
    assert placement.blocks[1].layers == ("pool", "flatten") and placement.blocks[2].layers == ("fc",)
    assert [block.loadables for block in placement.blocks] == [1, 0, 1]
    assert (placement.switches, placement.dla_share) == (2, 1.0)
    assert millions(placement) == pytest.approx(4089, abs=1)  # torchvision: 4.09 GFLOPS, its GFLOPS being these
    changes = {suggestion.change for suggestion in placement.suggestions if suggestion.exact}
    assert changes >= {"GlobalAveragePool of 7x7 → AveragePool 7x7", "Flatten and Gemm → Conv 1x1"}
    assert placement.with_suggestions.switches == 0 and placement.with_suggestions.dla_share == 1.0


def test_resnet_50_without_its_end_is_whole(tmp_path: Path) -> None:
    for board, tensorrt, precision in EVERYWHERE:
        placement = planned(resnet50(end="none"), tmp_path, board, tensorrt, precision)
        assert placement.whole and drawn(placement) == [("DLA", 119)] and not placement.suggestions


@pytest.mark.parametrize(("board", "tensorrt", "precision"), EVERYWHERE)
def test_mobilenet_v2_with_its_clips(board: str, tensorrt: str, precision: str, tmp_path: Path) -> None:
    placement = planned(mobilenet_v2(), tmp_path, board, tensorrt, precision)
    assert all(layer.verdict == "yes" for layer in placement.layers if layer.op == "Clip")
    assert drawn(placement) == [("DLA", 97), ("GPU", 2), ("DLA", 1)]
    assert millions(placement) == pytest.approx(300.8, abs=0.1)  # torchvision: 0.3 GFLOPS
    assert any("leaves batch open" in warning for warning in placement.warnings)
    assert placement.with_suggestions.switches == 0


@pytest.mark.parametrize(("board", "tensorrt", "precision"), EVERYWHERE)
@pytest.mark.parametrize("split", [True, False])
def test_yolov5_is_whole_up_to_its_heads(
    split: bool, board: str, tensorrt: str, precision: str, tmp_path: Path
) -> None:
    made = yolov5s(split=split)
    placement = planned(made, tmp_path, board, tensorrt, precision)
    heads = [layer.name for layer in placement.layers if layer.op == "Conv"][-1]
    assert [block.device for block in placement.blocks] == ["DLA", "GPU"]
    assert heads in placement.blocks[0].layers and placement.blocks[0].loadables == 1
    kinds = {layer.op for layer in placement.layers if layer.name in placement.blocks[1].layers}
    assert {"Reshape", "Transpose"} <= kinds and not kinds & {"Conv", "Resize", "MaxPool"}
    assert millions(placement) == pytest.approx(8217, abs=10)  # 16.4 GFLOPs of multiplications and additions
    silu = [layer for layer in placement.layers if layer.op in ("Sigmoid", "Mul") and layer.device == "DLA"]
    assert len(silu) == 2 * 57
    end = placement.suggestions[0]
    assert end.change.startswith("end the network at Conv_") and end.outcome == (0, 1.0)


def test_yolov5_with_sizes_breaks_at_each_upsampling(tmp_path: Path) -> None:
    placement = planned(yolov5s(upsample="sizes"), tmp_path, "xavier-nx")
    assert [block.device for block in placement.blocks] == ["DLA", "GPU"] * 3
    assert [len(block.layers) for block in placement.blocks[1:4:2]] == [1, 1]
    best = placement.suggestions[0]
    assert best.change == "Resize with sizes → with scales [1, 1, 2, 2]" and len(best.layers) == 2
    assert best.exact and best.outcome.switches == 1


@pytest.mark.parametrize(("board", "tensorrt", "precision"), EVERYWHERE)
def test_ssd_leaves_its_permuted_boxes_to_the_gpu(board: str, tensorrt: str, precision: str, tmp_path: Path) -> None:
    placement = planned(ssd(), tmp_path, board, tensorrt, precision)
    assert drawn(placement) == [("DLA", 82), ("GPU", 27)]
    assert placement.dla_share == 1.0 and placement.blocks[0].loadables == 1
    kinds = [layer.op for layer in placement.layers if layer.name in placement.blocks[1].layers]
    assert sorted(set(kinds)) == ["Concat", "Reshape", "Sigmoid", "Transpose"]
    assert placement.suggestions[0].outcome.switches == 0
