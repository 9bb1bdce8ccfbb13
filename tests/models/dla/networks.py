"""Networks as exporters write them, made layer by layer. Their weights are zeros that take no room on the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from onnx import TensorProto, helper, numpy_helper

#: A weight with more numbers than these lies in a file of its own.
INLINE = 1024


class Net:
    """``Net(x=[1, 3, 4, 4])``; layers by name, ``net.Relu("x")``, each gives its output's name."""

    def __init__(self, opset: int = 13, **inputs: Sequence[Any]) -> None:
        self.opset = opset
        self.nodes: List[Any] = []
        self.inputs = dict(inputs)
        self.initializers: List[Any] = []
        self.most = 0

    def __getattr__(self, op: str) -> Any:
        if not op[:1].isupper():
            raise AttributeError(op)
        return lambda *inputs, **how: self.node(op, *inputs, **how)

    def node(
        self, op: str, *inputs: str, outputs: int = 1, name: str = "", domain: str = "", **attributes: Any
    ) -> Any:
        place = len(self.nodes)
        name = name or f"{op}_{place}"
        names = [f"{name}:{index}" for index in range(outputs)] if outputs > 1 else [f"{name}:out"]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=name, domain=domain, **attributes))
        return names if outputs > 1 else names[0]

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weights(self, *shape: int) -> str:
        """Zeros of that shape."""
        count = int(np.prod(shape))
        if count <= INLINE:
            return self.constant(np.zeros(shape))
        tensor = TensorProto(name=f"weights_{len(self.initializers)}", data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", "zeros.bin"), ("offset", "0"), ("length", str(count * 4))):
            tensor.external_data.add(key=key, value=value)
        self.most = max(self.most, count * 4)
        self.initializers.append(tensor)
        return str(tensor.name)

    def conv(
        self, x: str, inputs: int, maps: int, kernel: int = 3, stride: int = 1, group: int = 1, **how: Any
    ) -> str:
        kernel_shape = [kernel, kernel]
        how.setdefault("pads", [kernel // 2] * 4)
        weights = self.weights(maps, inputs // group, *kernel_shape)
        return str(
            self.Conv(
                x, weights, self.weights(maps), kernel_shape=kernel_shape, strides=[stride] * 2, group=group, **how
            )
        )

    def batch_norm(self, x: str, channels: int) -> str:
        return str(self.BatchNormalization(x, *(self.weights(channels) for _ in range(4))))

    def model(self, *outputs: str) -> Any:
        graph = helper.make_graph(
            self.nodes,
            "made",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in self.inputs.items()],
            [helper.make_empty_tensor_value_info(name) for name in outputs],
            self.initializers,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    def save(self, folder: Path, *outputs: str, name: str = "net.onnx") -> Path:
        """The file; the outputs are the last layer's unless named."""
        path = folder / name
        path.write_bytes(self.model(*(outputs or (self.nodes[-1].output[0],))).SerializeToString())
        if self.most:
            with open(folder / "zeros.bin", "ab") as file:
                file.truncate(max(self.most, file.tell()))
        return path


Made = Tuple[Net, List[str]]


def resnet50(batch: Union[int, str] = 1, end: str = "flatten") -> Made:
    """As torchvision exports it before it folds normalisation; ``end``: flatten, or none for the feature map alone."""
    net = Net(x=[batch, 3, 224, 224])
    x = net.Relu(net.batch_norm(net.conv("x", 3, 64, 7, 2), 64))
    x = net.MaxPool(x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    inputs = 64
    for stage, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(count):
            stride = 2 if block == 0 and stage else 1
            side = x
            if block == 0:
                side = net.batch_norm(net.conv(x, inputs, width * 4, 1, stride), width * 4)
            x = net.Relu(net.batch_norm(net.conv(x, inputs, width, 1), width))
            x = net.Relu(net.batch_norm(net.conv(x, width, width, 3, stride), width))
            x = net.Relu(net.Add(net.batch_norm(net.conv(x, width, width * 4, 1), width * 4), side))
            inputs = width * 4
    if end == "flatten":
        x = net.Flatten(net.GlobalAveragePool(x, name="pool"), name="flatten")
        x = net.Gemm(x, net.weights(1000, 2048), net.weights(1000), transB=1, name="fc")
    return net, [x]


def mobilenet_v2() -> Made:
    """As torchvision exports it: ReLU6 is Clip(0, 6), the mean over the picture a GlobalAveragePool."""
    net = Net(x=["batch", 3, 224, 224])
    low, high = net.constant(0), net.constant(6)
    x, inputs = net.Clip(net.conv("x", 3, 32, 3, 2), low, high), 32
    for expand, maps, count, first in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for block in range(count):
            stride, wide, before = first if block == 0 else 1, inputs * expand, x
            if expand > 1:
                x = net.Clip(net.conv(x, inputs, wide, 1), low, high)
            x = net.Clip(net.conv(x, wide, wide, 3, stride, wide), low, high)
            x = net.conv(x, wide, maps, 1)
            if stride == 1 and inputs == maps:
                x = net.Add(before, x)
            inputs = maps
    x = net.Clip(net.conv(x, inputs, 1280, 1), low, high)
    x = net.Flatten(net.GlobalAveragePool(x, name="pool"), name="flatten")
    return net, [net.Gemm(x, net.weights(1000, 1280), net.weights(1000), transB=1, name="fc")]


def _silu(net: Net, x: str) -> str:
    return str(net.Mul(x, net.Sigmoid(x)))


def _c3(net: Net, x: str, inputs: int, maps: int, count: int, shortcut: bool = True) -> str:
    half = maps // 2
    one, two = _silu(net, net.conv(x, inputs, half, 1)), _silu(net, net.conv(x, inputs, half, 1))
    for _ in range(count):
        inner = _silu(net, net.conv(_silu(net, net.conv(one, half, half, 1)), half, half, 3))
        one = net.Add(one, inner) if shortcut else inner
    return _silu(net, net.conv(net.Concat(one, two, axis=1), maps, maps, 1))


def yolov5s(pixels: int = 640, opset: int = 12, upsample: str = "scales", split: bool = True) -> Made:
    """YOLOv5s 6.0 as its export.py writes it: SiLU as Sigmoid and Mul, SPPF, Resize by 2, heads with their decoding.

    ``upsample``: "scales", or "sizes" as older exporters wrote. ``split``: the heads' Split, or Slices.
    """
    net = Net(opset, images=[1, 3, pixels, pixels])
    empty = net.constant(np.zeros(0))

    def conv(x: str, inputs: int, maps: int, kernel: int = 1, stride: int = 1, **how: Any) -> str:
        return _silu(net, net.conv(x, inputs, maps, kernel, stride, **how))

    def twice(x: str, channels: int, side: int) -> str:
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        if upsample == "scales":
            return str(net.Resize(x, empty, net.constant([1, 1, 2, 2]), **how))
        return str(net.Resize(x, empty, empty, net.constant([1, channels, side, side], np.int64), **how))

    x = conv("images", 3, 32, 6, 2, pads=[2] * 4)
    x = _c3(net, conv(x, 32, 64, 3, 2), 64, 64, 1)
    eighth = _c3(net, conv(x, 64, 128, 3, 2), 128, 128, 2)
    sixteenth = _c3(net, conv(eighth, 128, 256, 3, 2), 256, 256, 3)
    x = _c3(net, conv(sixteenth, 256, 512, 3, 2), 512, 512, 1)
    pooled = [conv(x, 512, 256)]
    for _ in range(3):
        pooled.append(net.MaxPool(pooled[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4))
    deep = conv(conv(net.Concat(*pooled, axis=1), 1024, 512), 512, 256)
    x = _c3(net, net.Concat(twice(deep, 256, pixels // 16), sixteenth, axis=1), 512, 256, 1, False)
    middle = conv(x, 256, 128)
    p3 = _c3(net, net.Concat(twice(middle, 128, pixels // 8), eighth, axis=1), 256, 128, 1, False)
    p4 = _c3(net, net.Concat(conv(p3, 128, 128, 3, 2), middle, axis=1), 256, 256, 1, False)
    p5 = _c3(net, net.Concat(conv(p4, 256, 256, 3, 2), deep, axis=1), 512, 512, 1, False)
    heads = [_yolo_head(net, p, c, pixels // s, s, split) for p, c, s in ((p3, 128, 8), (p4, 256, 16), (p5, 512, 32))]
    return net, [net.Concat(*heads, axis=1)]


def _yolo_head(net: Net, x: str, channels: int, side: int, stride: int, split: bool) -> str:
    x = net.conv(x, channels, 255, 1)
    x = net.Reshape(x, net.constant([1, 3, 85, side, side], np.int64))
    x = net.Sigmoid(net.Transpose(x, perm=[0, 1, 3, 4, 2]))
    if split:
        place, size, rest = net.Split(x, outputs=3, axis=4, split=[2, 2, 81])
    else:
        cuts = ((0, 2), (2, 4), (4, 85))
        axis = net.constant([4], np.int64)
        place, size, rest = (
            net.Slice(x, net.constant([a], np.int64), net.constant([b], np.int64), axis) for a, b in cuts
        )
    place = net.Mul(net.Add(net.Mul(place, net.constant(2)), net.weights(1, 3, side, side, 2)), net.constant(stride))
    size = net.Mul(net.Pow(net.Mul(size, net.constant(2)), net.constant(2)), net.weights(1, 3, side, side, 2))
    return str(net.Reshape(net.Concat(place, size, rest, axis=4), net.constant([1, -1, 85], np.int64)))


def ssd() -> Made:
    """SSD-MobileNetV1 of 300x300 in NCHW, its boxes and scores permuted to N x boxes x 4 and N x boxes x 91."""
    net = Net(x=[1, 3, 300, 300])
    low, high = net.constant(0), net.constant(6)

    def conv(x: str, inputs: int, maps: int, kernel: int = 1, stride: int = 1, group: int = 1) -> str:
        return str(net.Clip(net.conv(x, inputs, maps, kernel, stride, group), low, high))

    x, inputs, taken = conv("x", 3, 32, 3, 2), 32, []
    plan = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
    for place, (maps, stride) in enumerate(plan):
        x = conv(conv(x, inputs, inputs, 3, stride, inputs), inputs, maps)
        inputs = maps
        if place in (10, 12):
            taken.append((x, maps))
    for maps in (512, 256, 256, 128):
        x = conv(conv(x, inputs, maps // 2), maps // 2, maps, 3, 2)
        inputs = maps
        taken.append((x, maps))
    boxes, scores = [], []
    for place, (feature, channels) in enumerate(taken):
        anchors = 3 if place == 0 else 6
        for found, each in ((boxes, 4), (scores, 91)):
            y = net.Transpose(net.conv(feature, channels, anchors * each, 1), perm=[0, 2, 3, 1])
            found.append(net.Reshape(y, net.constant([1, -1, each], np.int64)))
    return net, [net.Concat(*boxes, axis=1), net.Sigmoid(net.Concat(*scores, axis=1))]


def chain(layers: int, batch: Union[int, str] = 1) -> Made:
    """As many layers as that, one behind the other, every tenth of them of a kind that no DLA takes."""
    net = Net(x=[batch, 8, 32, 32])
    x = "x"
    for place in range(layers):
        x = net.Elu(x) if place % 10 == 9 else net.Relu(x) if place % 2 else net.conv(x, 8, 8)
    return net, [x]


def one(op: str, shape: Sequence[int], opset: int = 13, constants: Optional[Dict[int, Any]] = None, **how: Any) -> Made:
    """One layer of ``x`` and of ``constants`` by their inputs' places: (value, dtype), or floats."""
    net = Net(opset, x=shape)
    given = constants or {}
    inputs = ["x"]
    for place in range(1, max(given, default=0) + 1):
        value = given.get(place)
        inputs.append("" if value is None else net.constant(*(value if isinstance(value, tuple) else (value,))))
    made = net.node(op, *inputs, **how)
    return net, made if isinstance(made, list) else [made]
