"""What is said of a layer, row by row of the rules: on the one side of each limit and on the other."""

from __future__ import annotations

from typing import Any, Callable, List, NamedTuple, Optional, Tuple

import numpy as np

from tests.models.dla.layers import (
    PICTURE,
    batch_norm,
    choose,
    conv,
    cut,
    deconv,
    dilated,
    group_norm,
    instance_norm,
    layer_norm,
    pool,
    prelu,
    quantized,
    resize,
    suppression,
    two,
    weighted,
)
from tests.models.dla.networks import Made, one

XAVIER, ORIN = "xavier-nx", "agx-orin"
EVERY = ((XAVIER, "8.2"), (XAVIER, "8.4"), (XAVIER, "8.5"), (ORIN, "8.6"), (ORIN, "10.3"))


class Case(NamedTuple):
    """One layer, what is said of it, and for which boards and releases; ``why``: a word of the reason."""

    id: str
    make: Callable[[], Made]
    answer: str
    why: str = ""
    where: Tuple[Tuple[str, str], ...] = EVERY
    precision: Tuple[str, ...] = ("int8", "fp16")


def unary(op: str, shape: Tuple[int, ...] = PICTURE, **how: Any) -> Case:
    return Case(f"{op} {len(shape)}-D", lambda: one(op, shape, **how), "yes")


def refused(op: str, make: Optional[Callable[[], Made]] = None, why: str = "") -> Case:
    return Case(op, make or (lambda: one(op, PICTURE, opset=20)), "no", why)


LATER = ("Div", "Pow", "Greater", "Less")
OLD, SLICING, SHUFFLING = EVERY[:1], EVERY[2:], EVERY[3:]
NOT_SLICING, NOT_SHUFFLING, ON_XAVIER, ON_ORIN = EVERY[:2], EVERY[:3], EVERY[:3], EVERY[3:]
CASES: List[Case] = [
    # Convolution
    Case("conv", lambda: conv(pads=[1] * 4), "yes"),
    Case("conv kernel 32", lambda: conv((1, 8, 40, 40), kernel=32), "yes"),
    Case("conv kernel 33", lambda: conv((1, 8, 40, 40), kernel=33), "no", "kernel 33x33"),
    Case("conv kernel 1x33", lambda: conv((1, 8, 40, 40), kernel=[1, 33]), "no", "kernel 1x33"),
    Case("conv stride 8", lambda: conv(strides=[8, 8]), "yes"),
    Case("conv stride 9", lambda: conv(strides=[9, 9]), "no", "stride 9x9"),
    Case("conv pad 31", lambda: conv((1, 2, 8, 8), kernel=32, pads=[31] * 4), "yes"),
    Case("conv pad 32", lambda: conv((1, 2, 8, 8), kernel=32, pads=[32] * 4), "no", "pad 32x32x32x32 is outside"),
    Case("conv pad as kernel", lambda: conv(pads=[3] * 4), "no", "not below kernel"),
    Case("conv pad below kernel", lambda: conv(pads=[2] * 4), "yes"),
    Case("conv pad as kernel, dilated", lambda: conv(pads=[3] * 4, dilations=[3, 3]), "maybe", "dilated"),
    Case("conv pad automatic", lambda: conv(auto_pad="SAME_UPPER", strides=[2, 2]), "yes"),
    Case("conv dilation 32", lambda: dilated(32), "yes"),
    Case("conv dilation 33", lambda: dilated(33), "no", "dilation 33x33"),
    Case("conv maps 8192", lambda: conv(maps=8192, kernel=1), "yes"),
    Case("conv maps 8193", lambda: conv(maps=8193, kernel=1), "no", "output maps 8193"),
    Case("conv groups 8192", lambda: conv((1, 8192, 4, 4), 8192, 1, 8192), "yes"),
    Case("conv groups 8193", lambda: conv((1, 8193, 4, 4), 8193, 1, 8193), "no", "8193"),
    Case("conv 1-D", lambda: weighted("Conv", (1, 8, 64), 8, 8, 3), "no", "2-D"),
    Case("conv 3-D", lambda: weighted("Conv", (1, 8, 8, 8, 8), 8, 8, 3, 3, 3), "no", "2-D"),
    Case("conv computed weights", lambda: two("Conv", PICTURE, (8, 8, 3, 3)), "no", "constant"),
    Case("conv buffer int8", lambda: conv((1, 512, 4, 448), 8, 1), "yes", "8 of 16", precision=("int8",)),
    Case("conv buffer fp16", lambda: conv((1, 512, 4, 448), 8, 1), "yes", "15 of 16", precision=("fp16",)),
    Case("conv buffer full", lambda: conv((1, 512, 4, 300), 8, 3), "yes", "16 of 16", precision=("int8",)),
    Case("conv buffer exceeded fp16", lambda: conv((1, 512, 4, 300), 8, 3), "no", "has 16", precision=("fp16",)),
    Case("conv buffer exceeded", lambda: conv((1, 512, 4, 352), 8, 3), "no", "needs 18 banks", precision=("int8",)),
    Case("conv buffer dilated", lambda: conv((1, 512, 8, 300), 8, 3, dilations=[3, 3]), "no", "convolution buffer"),
    Case("conv buffer by group", lambda: conv((1, 512, 4, 352), 512, 3, 512), "yes", "3 of 16", precision=("int8",)),
    # FullyConnected, MatMul
    Case("gemm", lambda: weighted("Gemm", (1, 64), 64, 10), "yes"),
    Case("gemm computed", lambda: two("Gemm", (4, 64), (64, 10)), "no", "constant"),
    Case("gemm transposed", lambda: weighted("Gemm", (64, 4), 64, 10, transA=1), "no", "transposed"),
    Case("matmul", lambda: weighted("MatMul", (1, 64), 64, 10), "yes"),
    Case("matmul computed", lambda: two("MatMul", (4, 64), (64, 10)), "no", "constant"),
    Case("matmul 3-D", lambda: weighted("MatMul", (1, 7, 64), 64, 10), "maybe", "3 dimensions"),
    # Deconvolution
    Case("deconv", lambda: deconv(), "yes"),
    Case("deconv 32x31", lambda: deconv([32, 31], [32, 31], shape=(1, 8, 4, 4)), "yes"),
    Case("deconv 33", lambda: deconv([33, 2], [33, 2], shape=(1, 8, 4, 4)), "no", "33x2"),
    Case("deconv 64x1", lambda: deconv([64, 1], [64, 1], shape=(1, 8, 2, 4)), "yes"),
    Case("deconv 1x128", lambda: deconv([1, 128], [1, 128], shape=(1, 8, 4, 2)), "yes"),
    Case("deconv 65x1", lambda: deconv([65, 1], [65, 1], shape=(1, 8, 2, 4)), "no", "65x1"),
    Case("deconv 22", lambda: deconv(22, 22, shape=(1, 8, 4, 4)), "yes"),
    Case("deconv 23", lambda: deconv(23, 23, shape=(1, 8, 4, 4)), "no", "too long to build"),
    Case("deconv 32", lambda: deconv(32, 32, shape=(1, 8, 4, 4)), "no", "too long to build"),
    Case("deconv pad", lambda: deconv(4, 4, pads=[1] * 4), "no", "padding"),
    Case("deconv output padding", lambda: deconv(2, 2, output_padding=[1, 1]), "no", "padding"),
    Case("deconv groups", lambda: deconv(group=2), "no", "groups"),
    Case("deconv dilation", lambda: deconv(2, 2, dilations=[2, 2]), "no", "dilation"),
    Case("deconv stride 8.2", lambda: deconv(4, 2), "no", "8.4", OLD),
    Case("deconv stride 8.4", lambda: deconv(4, 2), "yes", "", EVERY[1:]),
    # Pooling
    Case("maxpool 8", lambda: pool("MaxPool", 8), "yes"),
    Case("maxpool 9", lambda: pool("MaxPool", 9), "no", "window 9x9"),
    Case("maxpool pad 7", lambda: pool("MaxPool", 8, pads=7), "yes"),
    Case("maxpool pad 8", lambda: pool("MaxPool", 8, pads=8), "no", "pad"),
    Case("maxpool stride 16", lambda: pool("MaxPool", 2, 16), "yes"),
    Case("maxpool stride 17", lambda: pool("MaxPool", 2, 17), "no", "stride"),
    Case("maxpool dilated", lambda: pool("MaxPool", 2, dilations=[2, 2]), "no", "dilation"),
    Case("maxpool 1-D", lambda: one("MaxPool", (1, 8, 16), kernel_shape=[2]), "no", "2-D"),
    Case("maxpool indices", lambda: pool("MaxPool", 2, 2, outputs=2), "no", "where each maximum"),
    Case("averagepool", lambda: pool("AveragePool", 8, 8), "yes"),
    Case("averagepool padded", lambda: pool("AveragePool", 3, 1, 1), "no", "count_include_pad", ON_XAVIER),
    Case("averagepool padded, Orin", lambda: pool("AveragePool", 3, 1, 1), "yes", "", ON_ORIN),
    Case("averagepool inclusive", lambda: pool("AveragePool", 3, 1, 1, count_include_pad=1), "yes"),
    Case("averagepool 9", lambda: pool("AveragePool", 9), "no", "window"),
    # Activation
    *(unary(op) for op in ("Relu", "Sigmoid", "Tanh", "LeakyRelu", "Abs")),
    *(unary(op, (1, 64)) for op in ("Relu", "Abs")),
    Case("relu 3-D", lambda: one("Relu", (1, 8, 8)), "no", "two spatial"),
    Case("clip 6", lambda: one("Clip", PICTURE, constants={1: 0.0, 2: 6.0}), "yes"),
    Case("clip 1", lambda: one("Clip", PICTURE, constants={1: 0.0, 2: 1.0}), "yes"),
    Case("clip 127", lambda: one("Clip", PICTURE, constants={1: 0.0, 2: 127.0}), "yes"),
    Case("clip 128", lambda: one("Clip", PICTURE, constants={1: 0.0, 2: 128.0}), "no", "upper bound 128"),
    Case("clip 0.5", lambda: one("Clip", PICTURE, constants={1: 0.0, 2: 0.5}), "no", "upper bound 0.5"),
    Case("clip without bound", lambda: one("Clip", PICTURE, constants={1: 0.0}), "no", "upper bound inf"),
    Case("clip from -1", lambda: one("Clip", PICTURE, constants={1: -1.0, 2: 1.0}), "no", "begins at 0"),
    Case("clip of opset 6", lambda: one("Clip", PICTURE, opset=9, min=0.0, max=6.0), "yes"),
    *(refused(op, why="activation") for op in ("Elu", "HardSigmoid", "Softplus", "HardSwish", "Mish")),
    Case("prelu", lambda: prelu(True), "yes"),
    Case("prelu computed", lambda: prelu(False), "no", "slope"),
    # ElementWise
    *(Case(op, lambda op=op: two(op), "yes") for op in ("Add", "Sub", "Mul", "Max", "Min", "Sum")),
    Case("int8 ranges", lambda: two("Add"), "yes", "INT8 ranges", precision=("int8",)),
    Case("add NC11", lambda: two("Add", PICTURE, (1, 8, 1, 1)), "maybe", "NC11"),
    Case("mul N111", lambda: two("Mul", PICTURE, (1, 1, 1, 1)), "maybe", "N111"),
    Case("mul N1HW", lambda: two("Mul", PICTURE, (1, 1, 16, 16)), "no", "broadcast"),
    Case("add NCH1", lambda: two("Add", PICTURE, (1, 8, 16, 1)), "no", "broadcast"),
    Case("add 3-D", lambda: two("Add", (1, 8, 8), (1, 8, 8)), "no", "two spatial"),
    *(Case(f"{op} to 8.6", lambda op=op: two(op), "no", "TensorRT 10", EVERY[:4]) for op in LATER),
    *(Case(f"{op} from 10", lambda op=op: two(op), "maybe", "", EVERY[4:]) for op in LATER),
    Case("Equal", lambda: two("Equal"), "maybe", "Cast"),
    # Scale
    Case("batch norm", lambda: batch_norm(), "yes"),
    Case("batch norm computed", lambda: batch_norm(False), "no", "constants"),
    Case("mul by number", lambda: one("Mul", PICTURE, constants={1: 2.0}), "yes", "scale"),
    Case("add by channel", lambda: one("Add", PICTURE, constants={1: np.zeros((8, 1, 1))}), "yes", "scale"),
    Case("mul by element", lambda: one("Mul", PICTURE, constants={1: np.zeros(PICTURE)}), "yes", "scale"),
    Case("sub a number", lambda: one("Sub", PICTURE, constants={1: 2.0}), "yes", "scale"),
    Case("mul by row", lambda: one("Mul", PICTURE, constants={1: np.zeros((16, 1))}), "no", "broadcast"),
    Case("max with number", lambda: one("Max", PICTURE, constants={1: np.zeros((1, 1, 1, 1))}), "maybe", "constant"),
    # Concatenation
    Case("concat", lambda: two("Concat", axis=1), "yes"),
    Case("concat axis -3", lambda: two("Concat", axis=-3), "yes"),
    Case("concat batch", lambda: two("Concat", axis=0), "no", "axis 0"),
    Case("concat height", lambda: two("Concat", axis=2), "no", "axis 2"),
    Case("concat 3-D", lambda: two("Concat", (1, 8, 4), (1, 8, 4), axis=1), "no", "4-D"),
    # Resize
    Case("resize nearest 2", lambda: resize(), "yes"),
    Case("resize nearest 32", lambda: resize((1, 1, 32, 32), shape=(1, 8, 4, 4)), "yes"),
    Case("resize nearest 33", lambda: resize((1, 1, 33, 33), shape=(1, 8, 4, 4)), "no", "33x33"),
    Case("resize linear 4", lambda: resize((1, 1, 4, 4), mode="linear"), "yes", "", EVERY[1:]),
    Case("resize linear 5", lambda: resize((1, 1, 5, 5), mode="linear"), "no", "5x5"),
    Case("resize linear 8.2", lambda: resize(mode="linear"), "no", "8.4", OLD),
    Case("resize half_pixel 8.2", lambda: resize(coordinate_transformation_mode="half_pixel"), "no", "half_pixel", OLD),
    Case("resize half_pixel", lambda: resize(coordinate_transformation_mode="half_pixel"), "yes", "", EVERY[1:]),
    Case("resize ceil 8.2", lambda: resize(nearest_mode="ceil"), "no", "ceil", OLD),
    Case("resize cubic", lambda: resize(mode="cubic"), "no", "cubic"),
    Case("resize 1.5", lambda: resize((1, 1, 1.5, 1.5)), "no", "whole numbers"),
    Case("resize half", lambda: resize((1, 1, 0.5, 0.5)), "no", "whole numbers"),
    Case("resize channels", lambda: resize((1, 2, 2, 2)), "no", "first two"),
    Case("resize sizes", lambda: resize(sizes=(1, 8, 32, 32)), "no", "sizes"),
    Case("resize 3 scales", lambda: resize((1, 1, 2), shape=(1, 8, 8)), "no", "exactly 4"),
    Case("upsample", lambda: one("Upsample", PICTURE, 9, {1: np.asarray([1, 1, 2, 2])}, mode="nearest"), "yes"),
    Case("upsample linear", lambda: one("Upsample", PICTURE, 9, {1: np.asarray([1, 1, 5, 5])}, mode="linear"), "no"),
    # Slice
    Case("slice 8.2, 8.4", lambda: cut(0, 4, 1, 1), "no", "8.5", NOT_SLICING),
    Case("slice", lambda: cut(0, 4, 1, 1), "yes", "", SLICING),
    Case("slice stride 2", lambda: cut(0, 16, 2, 2), "no", "stride 2", SLICING),
    Case("slice batch", lambda: cut(0, 1, 0, 1, (2, 8, 4, 4)), "no", "batch", SLICING),
    Case("slice 3-D", lambda: cut(0, 4, 1, 1, (1, 8, 8)), "no", "4-D", SLICING),
    Case("split 8.2, 8.4", lambda: one("Split", PICTURE, outputs=2, axis=1), "no", "8.5", NOT_SLICING),
    Case("split", lambda: one("Split", PICTURE, outputs=2, axis=1), "yes", "", SLICING),
    Case("split batch", lambda: one("Split", (2, 8, 4, 4), outputs=2, axis=0), "no", "batch", SLICING),
    # Shuffle
    Case("reshape to 8.5", lambda: one("Reshape", PICTURE, constants={1: ([1, 4, 32, 16], np.int64)}), "no", "8.6",
         NOT_SHUFFLING),
    Case("reshape", lambda: one("Reshape", PICTURE, constants={1: ([1, 4, 32, 16], np.int64)}), "maybe", "4-D",
         SHUFFLING),
    Case("reshape 3-D", lambda: one("Reshape", PICTURE, constants={1: ([1, 8, 256], np.int64)}), "no", "4-D",
         SHUFFLING),
    Case("reshape batch", lambda: one("Reshape", PICTURE, constants={1: ([8, 1, 16, 16], np.int64)}), "no", "batch",
         SHUFFLING),
    Case("transpose to 8.5", lambda: one("Transpose", PICTURE, perm=[0, 2, 3, 1]), "no", "8.6", NOT_SHUFFLING),
    Case("transpose", lambda: one("Transpose", PICTURE, perm=[0, 2, 3, 1]), "maybe", "4-D", SHUFFLING),
    Case("transpose batch", lambda: one("Transpose", PICTURE, perm=[1, 0, 2, 3]), "no", "batch", SHUFFLING),
    refused("Flatten", lambda: one("Flatten", PICTURE), "dimensions"),
    refused("Squeeze", lambda: one("Squeeze", (1, 8, 1, 1), constants={1: ([2, 3], np.int64)}), "dimensions"),
    refused("Unsqueeze", lambda: one("Unsqueeze", (1, 8), constants={1: ([2, 3], np.int64)}), "dimensions"),
    # SoftMax
    Case("softmax", lambda: one("Softmax", PICTURE, axis=1), "no", "Orin", ON_XAVIER),
    Case("softmax, Orin", lambda: one("Softmax", PICTURE, axis=1), "yes", "", ON_ORIN),
    # Reduce
    Case("GlobalMaxPool", lambda: one("GlobalMaxPool", PICTURE), "maybe"),
    Case("ReduceMax", lambda: one("ReduceMax", PICTURE, axes=[2, 3], keepdims=0), "no", "4-D"),
    refused("GlobalAveragePool", why="Reduce"),
    refused("ReduceMean", lambda: one("ReduceMean", PICTURE, axes=[2, 3]), "Reduce"),
    # Unary, LRN
    *(refused(op, why="absolute value") for op in ("Exp", "Sqrt", "Ceil", "Round")),
    *(Case(f"LRN {n}", lambda n=n: one("LRN", PICTURE, size=n), "yes") for n in (3, 5, 7, 9)),
    *(Case(f"LRN {n}", lambda n=n: one("LRN", PICTURE, size=n), "no", "window") for n in (1, 11)),
    # What a DLA has none of
    refused("Cast", lambda: one("Cast", PICTURE, to=6), "FP16 and INT8"),
    refused("Shape", lambda: one("Shape", ("a", "b", "c"))),
    refused("Gather", lambda: one("Gather", PICTURE, constants={1: ([0], np.int64)}, axis=1), "gather"),
    refused("TopK", lambda: one("TopK", PICTURE, constants={1: ([2], np.int64)}, outputs=2), "sort"),
    refused("NonMaxSuppression", suppression, "sort"),
    refused("Where", choose, "condition"),
    refused("Pad", lambda: one("Pad", PICTURE, constants={1: ([0, 0, 1, 1] * 2, np.int64)}), "pads within"),
    refused("QuantizeLinear", lambda: quantized("QuantizeLinear"), "Q/DQ"),
    refused("DequantizeLinear", lambda: quantized("DequantizeLinear"), "Q/DQ"),
    refused("InstanceNormalization", instance_norm, "batch normalisation"),
    refused("LayerNormalization", layer_norm, "batch normalisation"),
    refused("GroupNormalization", group_norm, "batch normalisation"),
    refused("Neg", why="not among"),
    refused("EfficientNMS_TRT", lambda: one("EfficientNMS_TRT", PICTURE, domain="TRT"), "not among"),
    # Every layer
    Case("batch 4096", lambda: one("Relu", (4096, 1, 2, 2)), "yes"),
    Case("batch 4097", lambda: one("Relu", (4097, 1, 2, 2)), "no", "batch of 4097"),
    Case("width 8192", lambda: one("Relu", (1, 1, 2, 8192)), "yes"),
    Case("width 8193", lambda: one("Relu", (1, 1, 2, 8193)), "no", "8193"),
    Case("tensor of 512 Mi", lambda: one("Relu", (1, 64, 2048, 4095)), "yes", precision=("int8",)),
    Case("tensor of 1 Gi numbers", lambda: one("Relu", (1, 16, 8192, 8192)), "no", "1 GB"),
    Case("tensor of 512 Mi numbers", lambda: one("Relu", (1, 8, 8192, 8192)), "no", "1 GB", precision=("fp16",)),
    Case("open width", lambda: one("Relu", (1, 3, 16, "w")), "no", "not fixed (1x3x16x?)"),
]  # fmt: skip
