"""Every suggestion: where it is made, what it gains, and where it is not made."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, Tuple

import numpy as np
import pytest

from edge.models.dla.plan import plan
from tests.models.dla.networks import Made, Net

PICTURE = (1, 8, 16, 16)


def between(make: Callable[[Net, str], str], shape: Tuple[int, ...] = PICTURE, opset: int = 13, maps: int = 8) -> Made:
    """A layer between convolutions, where it costs switches."""
    net = Net(opset, x=shape)
    channels = shape[1]
    x = make(net, net.conv("x", channels, channels, 1))
    return net, [net.conv(x, maps, 4, 1)]


def average(side: int) -> Made:
    return between(lambda net, x: str(net.GlobalAveragePool(x)), (1, 8, side, side))


CHANGES: Dict[str, Tuple[Made, bool]] = {
    "GlobalAveragePool of 7x7 → AveragePool 7x7": (average(7), True),
    "GlobalAveragePool of 49x49 → AveragePool 7x7 twice, each with its window as stride": (average(49), True),
    "GlobalAveragePool of 10x10 → AveragePool 5x5, then 2x2, each with its window as stride": (average(10), True),
    "GlobalAveragePool of 13x13 → Conv 13x13 of 8 groups with every weight 1/169": (average(13), True),
    "GlobalAveragePool of 37x37 → a picture's size that leaves a multiple of 2 to 8 here, and AveragePool": (
        average(37),
        False,
    ),
    "ReduceMean of 16x16 → AveragePool 8x8, then 2x2, each with its window as stride": (
        between(lambda net, x: str(net.ReduceMean(x, axes=[2, 3]))),
        True,
    ),
    "HardSwish → x · Clip(x + 3, 0, 6) · 1/6, in layers of their own": (
        between(lambda net, x: str(net.HardSwish(x)), opset=14),
        True,
    ),
    "HardSigmoid → Clip(0.1667 · x + 0.5, 0, 1)": (
        between(lambda net, x: str(net.HardSigmoid(x, alpha=1 / 6, beta=0.5))),
        True,
    ),
    "Elu → Relu": (between(lambda net, x: str(net.Elu(x))), False),
    "Mish → x · Sigmoid(x)": (between(lambda net, x: str(net.Mish(x)), opset=18), False),
    "Neg → Mul by -1": (between(lambda net, x: str(net.Neg(x))), True),
    "Div by a constant → Mul by its reciprocal": (
        between(lambda net, x: str(net.Div(x, net.constant(6)))),
        True,
    ),
    "Pow(x, 2) → Mul(x, x)": (between(lambda net, x: str(net.Pow(x, net.constant(2)))), True),
    "Clip from 0 without a useful upper bound → Relu": (
        between(lambda net, x: str(net.Clip(x, net.constant(0)))),
        True,
    ),
    "Clip(x, 0, 0.5) → Clip(x · 2, 0, 1) · 0.5": (
        between(lambda net, x: str(net.Clip(x, net.constant(0), net.constant(0.5)))),
        True,
    ),
    "Clip(x, -1, 1) → Clip(x + 1, 0, 2) + -1": (
        between(lambda net, x: str(net.Clip(x, net.constant(-1), net.constant(1)))),
        True,
    ),
    "MaxPool 13x13 → MaxPool 5x5 3 times, one behind the other": (
        between(lambda net, x: str(net.MaxPool(x, kernel_shape=[13] * 2, pads=[6] * 4))),
        True,
    ),
    "AveragePool without padding, or with count_include_pad 1": (
        between(lambda net, x: str(net.AveragePool(x, kernel_shape=[3] * 2, pads=[1] * 4))),
        False,
    ),
    "DepthToSpace by 2 → ConvTranspose of kernel and stride 2 with weights of 0 and 1": (
        between(lambda net, x: str(net.DepthToSpace(x, blocksize=2)), maps=2),
        True,
    ),
    "SpaceToDepth by 2 → Conv of kernel and stride 2 with weights of 0 and 1": (
        between(lambda net, x: str(net.SpaceToDepth(x, blocksize=2)), maps=32),
        True,
    ),
    "Pad → the padding of the Conv or pooling behind it": (
        between(lambda net, x: str(net.Pad(x, net.constant([0, 0, 1, 1] * 2, np.int64)))),
        True,
    ),
    "LRN → window 3, 5, 7 or 9, or BatchNormalization": (between(lambda net, x: str(net.LRN(x, size=4))), False),
    "ConvTranspose → kernel as stride and pad 0, or Resize nearest and Conv": (
        between(
            lambda net, x: str(
                net.ConvTranspose(x, net.weights(8, 8, 4, 4), kernel_shape=[4] * 2, strides=[2] * 2, pads=[1] * 4)
            )
        ),
        False,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_suggested_with_what_it_gains(change: str, tmp_path: Path) -> None:
    made, exact = CHANGES[change]
    net, outputs = made
    placement = plan(net.save(tmp_path, *outputs), "xavier-nx")
    found = {suggestion.change: suggestion for suggestion in placement.suggestions}
    assert change in found, list(found)
    assert found[change].exact == exact
    assert placement.switches == 2 and found[change].outcome == (0, 1.0)


def test_a_focus_is_a_larger_convolution(tmp_path: Path) -> None:
    net = Net(x=[1, 3, 16, 16])
    cuts: List[str] = []
    for row, column in ((0, 0), (1, 0), (0, 1), (1, 1)):
        given = (net.constant(v, np.int64) for v in ([row, column], [16, 16], [2, 3], [2, 2]))
        cuts.append(net.Slice("x", *given))
    x = net.conv(net.Concat(*cuts, axis=1), 12, 8, 3)
    placement = plan(net.save(tmp_path, x), "xavier-nx")
    focus = "Focus (Slices of stride 2, Concat, Conv 3x3) → Conv 6x6 stride 2, its weights rearranged"
    assert [s.change for s in placement.suggestions] == [focus] and len(placement.suggestions[0].layers) == 4
    assert placement.suggestions[0].outcome == (0, 1.0)


def test_an_nhwc_input_is_better_nchw(tmp_path: Path) -> None:
    net = Net(x=[1, 16, 16, 3])
    x = net.conv(net.Transpose("x", perm=[0, 3, 1, 2]), 3, 8)
    placement = plan(net.save(tmp_path, x), "xavier-nx")
    assert [s.change for s in placement.suggestions] == ["an NHWC input and a Transpose → an NCHW input"]


def test_channels_moved_are_told_from_pixels_moved(tmp_path: Path) -> None:
    def shuffled(perm: List[int], shape: List[int]) -> Made:
        net = Net(x=[1, 8, 4, 4])
        x = net.Reshape(net.conv("x", 8, 8, 1), net.constant(shape, np.int64))
        x = net.Reshape(net.Transpose(x, perm=perm), net.constant([1, 8, 4, 4], np.int64))
        return net, [net.conv(x, 8, 8, 1)]

    def suggested(made: Made) -> bool:
        net, outputs = made
        found = plan(net.save(tmp_path, *outputs), "xavier-nx").suggestions
        return any(s.change.startswith("a change of the channels' order") for s in found)

    assert suggested(shuffled([0, 2, 1, 3, 4], [1, 2, 4, 4, 4]))
    assert not suggested(shuffled([0, 1, 2, 4, 3], [1, 2, 4, 4, 4]))  # turns the picture
    assert not suggested(shuffled([0, 2, 1, 3], [1, 2, 8, 8]))


def test_what_is_no_better_is_not_suggested(tmp_path: Path) -> None:
    net = Net(x=[1, 8, 4, 4])
    x = net.Sqrt(net.conv("x", 8, 8))
    x = net.TopK(net.Neg(x), net.constant([1], np.int64), outputs=2, axis=1)[0]
    placement = plan(net.save(tmp_path, x), "xavier-nx")
    assert [s.change.split(" at ")[0] for s in placement.suggestions] == ["end the network"]
