"""Boards and releases, warnings, the order of blocks, and what a plan says as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest

from edge.boards.machine import MODULES
from edge.errors import EdgeError
from edge.models.dla import BOARDS, plan
from edge.models.dla.boards import target
from tests.models.dla.networks import Made, Net, chain, one, resnet50


def told(made: Made, folder: Path, *how: Any, **more: Any) -> List[str]:
    net, outputs = made
    return list(plan(net.save(folder, *outputs), *how, **more).warnings)


def test_boards_are_those_of_the_workers_side_with_as_many_cores() -> None:
    cores = {module.name: max(variant.dla_cores for variant in module.variants) for module in MODULES}
    assert {board.name: board.cores for board in BOARDS.values()} == cores
    assert all(bool(board.generation) == bool(board.cores) for board in BOARDS.values())


@pytest.mark.parametrize("name", BOARDS)
def test_the_default_tensorrt_is_one_that_came_with_a_jetpack_and_has_the_boards_dla(name: str) -> None:
    board, aim = BOARDS[name], target(name)
    assert board.tensorrt == board.releases[-1][1]
    assert [version for _, version in board.releases] == sorted(version for _, version in board.releases)
    assert bool(aim.generation) == bool(board.generation)


@pytest.mark.parametrize(
    ("board", "tensorrt", "has"),
    [
        ("agx-orin", "10.7", True),
        ("agx-orin", "10.7.0.23", True),
        ("agx-orin", "10.8", False),
        ("agx-orin", "10.16.1", False),
        ("agx-orin", "11.0", False),
        ("agx-orin", "11.4.0", False),
        ("agx-orin", "11.4.1", True),
        ("orin-nx", "10.7", True),
        ("orin-nx", "11.4.1", False),
        ("xavier-nx", "8.5.2.2", True),
        ("xavier", "8.5", True),
        ("orin", "10.3", True),
        ("nano", "8.2", False),
        ("orin-nano", "10.3", False),
        ("thor", "11.4.1", False),
    ],
)
def test_which_tensorrt_has_a_dla(board: str, tensorrt: str, has: bool, tmp_path: Path) -> None:
    placement = plan(one("Relu", (1, 8, 4, 4))[0].save(tmp_path), board, tensorrt)
    assert (placement.cores > 0) == has
    assert (placement.layers[0].verdict != "no") == has
    if not has:
        assert "everything runs on the GPU" in placement.warnings[0]


def test_beyond_the_pause_nothing_is_sure(tmp_path: Path) -> None:
    placement = plan(one("Relu", (1, 8, 4, 4))[0].save(tmp_path), "agx-orin", (11, 4, 1))
    assert placement.layers[0].verdict == "maybe" and "11.4.1" in placement.layers[0].reason
    assert placement.if_maybe == (0, 0.0) and not placement.whole
    assert any("strongly typed" in warning for warning in placement.warnings)
    net = Net(x=[1, 8, 4, 4])
    net.QuantizeLinear("x", net.constant(0.1), net.constant(0, np.int8))
    assert plan(net.save(tmp_path), "agx-orin", "11.4.1").layers[0].verdict != "yes"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (("xaviernx",), "did you mean 'xavier-nx'"),
        (("jetson",), "nano, tx2, xavier-nx"),
        (("nano", "eight"), "no version of TensorRT"),
        (("nano", "8.5; rm"), "no version of TensorRT"),
        (("xavier-nx", "8.5", "fp32"), "int8 or fp16, not in fp32"),
    ],
)
def test_what_cannot_be_asked_for(how: Any, words: str, tmp_path: Path) -> None:
    path = one("Relu", (1, 8, 4, 4))[0].save(tmp_path)
    with pytest.raises(EdgeError, match=words):
        plan(path, *how)


def test_fp16_on_orins_dla_is_warned_of_loudly_and_there_alone(tmp_path: Path) -> None:
    loud = [text for text in told(resnet50(), tmp_path, "orin-nx", None, "fp16") if "FP16 IS SLOW" in text]
    assert len(loud) == 1 and "17.7 ms" in loud[0] and "1.28 ms" in loud[0]
    assert not any("FP16" in text for text in told(resnet50(), tmp_path, "orin-nx", None, "int8"))
    assert not any("FP16" in text for text in told(resnet50(), tmp_path, "xavier-nx", None, "fp16"))


def test_int8_needs_calibration_and_equal_ranges(tmp_path: Path) -> None:
    warnings = told(resnet50(), tmp_path, "xavier-nx")
    assert any("calibration" in text for text in warnings)
    assert any("element-wise layers (16)" in text for text in warnings)
    assert not any("calibration" in text for text in told(resnet50(), tmp_path, "xavier-nx", None, "fp16"))


@pytest.mark.parametrize(("tensorrt", "most"), [("8.2", 4), ("8.4", 4), ("8.5", 16)])
def test_more_subgraphs_than_a_core_holds(tensorrt: str, most: int, tmp_path: Path) -> None:
    def warned(blocks: int) -> bool:
        texts = told(chain(10 * blocks - 1), tmp_path, "xavier-nx", tensorrt)
        return any(f"{blocks} subgraphs for the DLA, and a core holds {most}" in text for text in texts)

    assert warned(most + 1) and not warned(most)


def test_weights_of_half_a_gigabyte_in_one_subgraph(tmp_path: Path) -> None:
    def warned(count: int, precision: str) -> bool:
        net = Net(x=[1, 8192, 1, 1])
        x = "x"
        for _ in range(count):
            x = net.conv(x, 8192, 8192, 1)
        return any("512 MB" in text for text in told((net, [x]), tmp_path, "agx-orin", None, precision))

    assert warned(8, "int8") and warned(4, "fp16")
    assert not warned(7, "int8") and not warned(3, "fp16")


def test_many_switches_and_odd_releases_are_warned_of(tmp_path: Path) -> None:
    assert any("306 to 650" in text for text in told(chain(40), tmp_path, "xavier-nx"))
    assert not any("306 to 650" in text for text in told(chain(15), tmp_path, "xavier-nx"))
    relu = one("Relu", (1, 8, 4, 4))
    assert any("begin with TensorRT 8.2" in text for text in told(relu, tmp_path, "xavier-nx", "8.0"))
    assert any("never made TensorRT 8.2" in text for text in told(relu, tmp_path, "agx-orin", "8.2"))
    assert any("never made TensorRT 10.3" in text for text in told(relu, tmp_path, "xavier-nx", "10.3"))


def test_blocks_wait_for_one_another_as_little_as_they_can(tmp_path: Path) -> None:
    """Two branches, each with a layer that no DLA takes: both wait for one visit to the GPU."""
    net = Net(x=[1, 8, 4, 4])
    stem = net.conv("x", 8, 8)
    one_side, other = net.conv(net.Elu(stem), 8, 8), net.conv(net.Elu(net.conv(stem, 8, 8)), 8, 8)
    apart = net.conv("x", 8, 8)
    net.Add(net.Add(one_side, other), apart)
    placement = plan(net.save(tmp_path), "xavier-nx")
    assert [(block.device, len(block.layers), block.loadables) for block in placement.blocks] == [
        ("DLA", 3, 2),
        ("GPU", 2, 0),
        ("DLA", 4, 1),
    ]
    order = [name for block in placement.blocks for name in block.layers]
    place = {name: at for at, name in enumerate(order)}
    made = {output: node.name for node in net.nodes for output in node.output}
    assert all(
        place[made[name]] < place[node.name] for node in net.nodes for name in node.input if name in made
    )
    assert sorted(order) == sorted(node.name for node in net.nodes)


def test_a_share_is_of_multiplications(tmp_path: Path) -> None:
    net = Net(x=[1, 8, 32, 32])
    x = net.conv("x", 8, 8, 1)
    net.Conv(x, net.weights(24, 8, 1, 1), strides=[16, 16])
    placement = plan(net.save(tmp_path), "xavier-nx")
    little = 24 * 8 * 2 * 2
    assert placement.dla_share == pytest.approx(65536 / (65536 + little))
    assert [layer.verdict for layer in placement.layers] == ["yes", "no"]


def test_as_json(tmp_path: Path) -> None:
    net, outputs = resnet50()
    placement = plan(net.save(tmp_path, *outputs), "xavier-nx", "8.5", "fp16")
    plain = json.loads(json.dumps(placement.plain()))
    assert list(plain) == [
        "board", "tensorrt", "precision", "dla_cores", "whole", "layers", "blocks", "switches", "dla_share",
        "if_maybe", "suggestions", "with_suggestions", "warnings", "folded",
    ]  # fmt: skip
    assert (plain["board"], plain["tensorrt"], plain["precision"]) == ("xavier-nx", "8.5", "fp16")
    assert set(plain["layers"][0]) == {"name", "op", "verdict", "reason", "macs", "device"}
    assert set(plain["blocks"][0]) == {"device", "layers", "macs", "loadables"}
    assert set(plain["suggestions"][0]) == {"change", "layers", "exact", "switches", "dla_share"}
    assert [name for block in plain["blocks"] for name in block["layers"]] == [x["name"] for x in plain["layers"]]
    assert all(layer["reason"] for layer in plain["layers"])
    again = plan(tmp_path / "net.onnx", "xavier-nx", "8.5", "fp16")
    assert again == placement  # nothing in it depends on the order of a set


def test_a_newer_tensorrt_and_int8_are_suggested_where_they_gain(tmp_path: Path) -> None:
    net = Net(x=[1, 8, 16, 16])
    first, second = net.node("Split", net.conv("x", 8, 8), outputs=2, axis=1)
    net.conv(net.Concat(second, first, axis=1), 8, 8)
    path = net.save(tmp_path)
    newer = [s for s in plan(path, "xavier-nx", "8.2").suggestions if s.change == "TensorRT 8.5 (JetPack 5.1)"]
    assert len(newer) == 1 and newer[0].outcome == (0, 1.0)
    assert plan(path, "xavier-nx", "8.5").suggestions == ()
    net = Net(x=[1, 512, 4, 300])
    path = net.save(tmp_path, net.conv("x", 512, 8))
    assert [s.change for s in plan(path, "xavier-nx", "8.5", "fp16").suggestions if not s.layers] == ["INT8"]
