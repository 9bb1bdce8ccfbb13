"""Networks of one layer each, for the rules to be asked about."""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np

from tests.models.dla.networks import Made, Net, one

PICTURE = (1, 8, 16, 16)


def conv(shape: Tuple[int, ...] = PICTURE, maps: int = 8, kernel: Any = 3, group: int = 1, **how: Any) -> Made:
    net = Net(x=shape)
    kernel = [kernel, kernel] if isinstance(kernel, int) else kernel
    weights = net.weights(maps, shape[1] // group, *kernel)
    return net, [net.Conv("x", weights, kernel_shape=kernel, group=group, **how)]


def deconv(kernel: Any = 2, stride: Any = 2, group: int = 1, shape: Tuple[int, ...] = PICTURE, **how: Any) -> Made:
    net = Net(x=shape)
    kernel = [kernel, kernel] if isinstance(kernel, int) else kernel
    stride = [stride, stride] if isinstance(stride, int) else stride
    weights = net.weights(shape[1], 8 // group, *kernel)
    return net, [net.ConvTranspose("x", weights, kernel_shape=kernel, strides=stride, group=group, **how)]


def pool(op: str, window: int, stride: int = 1, pads: int = 0, **how: Any) -> Made:
    return one(op, (1, 8, 40, 40), kernel_shape=[window] * 2, strides=[stride] * 2, pads=[pads] * 4, **how)


def two(op: str, first: Tuple[int, ...] = PICTURE, second: Tuple[int, ...] = PICTURE, **how: Any) -> Made:
    net = Net(x=first, y=second)
    return net, [net.node(op, "x", "y", **how)]


def resize(scales: Any = (1, 1, 2, 2), sizes: Any = None, shape: Tuple[int, ...] = PICTURE, **how: Any) -> Made:
    net = Net(x=shape)
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor", **how}
    empty = net.constant(np.zeros(0))
    if sizes is not None:
        return net, [net.Resize("x", empty, empty, net.constant(sizes, np.int64), **how)]
    return net, [net.Resize("x", empty, net.constant(scales), **how)]


def cut(start: int, end: int, axis: int, step: int, shape: Tuple[int, ...] = PICTURE) -> Made:
    return one("Slice", shape, constants={n: ([v], np.int64) for n, v in enumerate((start, end, axis, step), 1)})


def weighted(op: str, shape: Tuple[int, ...], *weights: int, **how: Any) -> Made:
    net = Net(x=shape)
    return net, [net.node(op, "x", net.weights(*weights), **how)]


def dilated(dilation: int) -> Made:
    return conv((1, 8, 80, 80), pads=[0] * 4, dilations=[dilation] * 2)


def layer_norm() -> Made:
    net = Net(17, x=PICTURE)
    return net, [net.LayerNormalization("x", net.weights(16), axis=-1)]


def instance_norm() -> Made:
    net = Net(x=PICTURE)
    return net, [net.InstanceNormalization("x", net.weights(8), net.weights(8))]


def group_norm() -> Made:
    net = Net(21, x=PICTURE)
    return net, [net.GroupNormalization("x", net.weights(8), net.weights(8), num_groups=2)]


def suppression() -> Made:
    net = Net(x=[1, 10, 4], y=[1, 1, 10])
    return net, [net.NonMaxSuppression("x", "y", net.constant([5], np.int64))]


def choose() -> Made:
    net = Net(x=PICTURE, y=PICTURE)
    return net, [net.Where(net.Cast("x", to=9), "x", "y")]


def quantized(op: str) -> Made:
    net = Net(x=PICTURE)
    scale, zero = net.constant(0.1), net.constant(0, np.int8)
    quantized = net.QuantizeLinear("x", scale, zero)
    return net, [quantized if op == "QuantizeLinear" else net.DequantizeLinear(quantized, scale, zero)]


def batch_norm(constant: bool = True) -> Made:
    net = Net(x=PICTURE, s=[8])
    rest = [net.weights(8) for _ in range(3)]
    return net, [net.BatchNormalization("x", net.weights(8) if constant else "s", *rest)]


def prelu(constant: bool) -> Made:
    if constant:
        return weighted("PRelu", PICTURE, 8, 1, 1)
    return two("PRelu", PICTURE, (8, 1, 1))
