"""Changes that promise the same results, computed both ways by ONNX Runtime."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import numpy as np
import onnxruntime
import pytest

from tests.models.dla.networks import Net


def run(net: Net, output: str, *values: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        net.model(output).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, dict(zip(net.inputs, values)))[0])


def compare(before: Callable[[Net], str], after: Callable[[Net], str], shape: Tuple[int, ...], opset: int = 14) -> None:
    picture = np.random.default_rng(7).normal(0, 3, shape).astype(np.float32)
    nets = [Net(opset, x=shape), Net(opset, x=shape)]
    first, second = (run(net, make(net), picture) for net, make in zip(nets, (before, after)))
    np.testing.assert_allclose(first.reshape(-1), second.reshape(-1), rtol=1e-4, atol=1e-5)


def hard_swish(net: Net) -> str:
    clipped = net.Clip(net.Add("x", net.constant(3)), net.constant(0), net.constant(6))
    return str(net.Mul(net.Mul("x", clipped), net.constant(1 / 6)))


def mean_by(*windows: int) -> Callable[[Net], str]:
    def make(net: Net) -> str:
        x = "x"
        for window in windows:
            x = net.AveragePool(x, kernel_shape=[window] * 2, strides=[window] * 2)
        return x

    return make


def clip(net: Net, x: str, low: float, high: float) -> str:
    return str(net.Clip(x, net.constant(low), net.constant(high)))


def three_pools(net: Net) -> str:
    x = "x"
    for _ in range(3):
        x = net.MaxPool(x, kernel_shape=[5] * 2, pads=[2] * 4)
    return x


SAME: Dict[str, Any] = {
    "mean": (lambda n: n.GlobalAveragePool("x"), mean_by(7, 7), (1, 3, 49, 49)),
    "mean of unlike windows": (lambda n: n.GlobalAveragePool("x"), mean_by(5, 2), (1, 3, 10, 10)),
    "mean by Conv": (
        lambda n: n.GlobalAveragePool("x"),
        lambda n: n.Conv("x", n.constant(np.full((3, 1, 13, 13), 1 / 169)), group=3),
        (1, 3, 13, 13),
    ),
    "HardSwish": (lambda n: n.HardSwish("x"), hard_swish, (1, 3, 8, 8)),
    "HardSigmoid": (
        lambda n: n.HardSigmoid("x", alpha=0.2, beta=0.5),
        lambda n: clip(n, n.Add(n.Mul("x", n.constant(0.2)), n.constant(0.5)), 0, 1),
        (1, 3, 8, 8),
    ),
    "MaxPool 13": (lambda n: n.MaxPool("x", kernel_shape=[13] * 2, pads=[6] * 4), three_pools, (1, 2, 20, 20)),
    "Clip below 1": (
        lambda n: clip(n, "x", 0, 0.5),
        lambda n: n.Mul(clip(n, n.Mul("x", n.constant(2)), 0, 1), n.constant(0.5)),
        (1, 3, 8, 8),
    ),
    "Clip from -1": (
        lambda n: clip(n, "x", -1, 1),
        lambda n: n.Add(clip(n, n.Add("x", n.constant(1)), 0, 2), n.constant(-1)),
        (1, 3, 8, 8),
    ),
    "half_pixel nearest": (
        lambda n: n.Resize("x", n.constant([]), n.constant([1, 1, 3, 3]), mode="nearest"),
        lambda n: n.Resize(
            "x", n.constant([]), n.constant([1, 1, 3, 3]), mode="nearest",
            coordinate_transformation_mode="asymmetric", nearest_mode="floor",
        ),
        (1, 2, 5, 5),
    ),
    "channel shuffle": (
        lambda n: n.Reshape(
            n.Transpose(n.Reshape("x", n.constant([1, 2, 4, 5, 5], np.int64)), perm=[0, 2, 1, 3, 4]),
            n.constant([1, 8, 5, 5], np.int64),
        ),
        lambda n: n.Conv("x", n.constant(np.eye(8)[np.arange(8).reshape(2, 4).T.reshape(-1)].reshape(8, 8, 1, 1))),
        (1, 8, 5, 5),
    ),
    "SpaceToDepth": (
        lambda n: n.SpaceToDepth("x", blocksize=2),
        lambda n: n.Conv("x", n.constant(np.eye(12).reshape(12, 2, 2, 3).transpose(0, 3, 1, 2)), strides=[2, 2]),
        (1, 3, 6, 6),
    ),
    "Flatten and Gemm": (
        lambda n: n.Gemm(n.Flatten("x"), n.constant(np.arange(5 * 3 * 4).reshape(5, -1) % 7), transB=1),
        lambda n: n.Conv("x", n.constant((np.arange(5 * 3 * 4) % 7).reshape(5, 3, 2, 2))),
        (1, 3, 2, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_the_same_results(name: str) -> None:
    before, after, shape = SAME[name]
    compare(before, after, shape)
