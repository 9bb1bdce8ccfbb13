"""What can run on a DLA, as data: a row a layer, two where TensorRT's releases or the DLA's generations differ.

Collected from NVIDIA's developer guides, headers and Deep-Learning-Accelerator-SW; docs/dla.md tells the sources, and
which of it was never seen on hardware. Of the rules that hold for a target the first that names an operator decides;
an operator that none names cannot run on a DLA.
"""

from __future__ import annotations

from typing import Tuple

from edge.models.dla import checks, checks_convolution
from edge.models.dla.boards import FIRST_AFTER_PAUSE, ORIN, XAVIER, Version
from edge.models.dla.verdict import Rule, never, perhaps

#: The oldest release that the rows speak of; older ones are taken for it.
OLDEST: Version = (8, 2)

#: Batch, and every other dimension; bytes of a tensor and of the weights of a subgraph.
MOST_BATCH, MOST_LENGTH = 4096, 8192
MOST_TENSOR, MOST_WEIGHTS = 1 << 30, 512 << 20


def loadables(tensorrt: Version) -> int:
    """How many subgraphs a core can hold at once."""
    return 4 if tensorrt < (8, 5) else 16


_CONVOLUTION = {
    "kernel": (1, 32),
    "stride": (1, 8),
    "pad": (0, 31),
    "dilation": (1, 32),
    "maps": (1, 8192),
    "groups": (1, 8192),
}
_DECONVOLUTION = {"kernel": (1, 32), "stride": (1, 32), "slow square": (23, 32)}
_POOLING = {"window": (1, 8), "pad": (0, 7), "stride": (1, 16)}
_RESIZE = {"nearest": (1, 32), "linear": (1, 4)}
_ELEMENTWISE = ("Add", "Sub", "Mul", "Max", "Min", "Sum")
_LATER_ELEMENTWISE = ("Div", "Pow", "Greater", "Less")

RULES: Tuple[Rule, ...] = (
    Rule("Convolution", ("Conv",), checks_convolution.convolution, _CONVOLUTION),
    Rule("FullyConnected", ("Gemm", "MatMul"), checks_convolution.fully_connected),
    Rule(
        "Deconvolution",
        ("ConvTranspose",),
        checks_convolution.deconvolution,
        _DECONVOLUTION,
        only=("stride is kernel",),
        before=(8, 4),
    ),
    Rule("Deconvolution", ("ConvTranspose",), checks_convolution.deconvolution, _DECONVOLUTION, since=(8, 4)),
    Rule("Pooling", ("MaxPool", "AveragePool"), checks.pooling, _POOLING, ("inclusive padding",), dla=(XAVIER,)),
    Rule("Pooling", ("MaxPool", "AveragePool"), checks.pooling, _POOLING, dla=(ORIN,)),
    Rule("Activation", ("Relu", "Sigmoid", "Tanh", "LeakyRelu"), checks.activation),
    Rule("Activation", ("Clip",), checks.clip, {"max": (1, 127)}),
    Rule("Activation", ("Elu", "HardSigmoid", "Softplus"), never("a DLA has no such activation")),
    Rule("PRelu", ("PRelu",), checks.parametric_relu),
    Rule("ElementWise", _ELEMENTWISE, checks.elementwise),
    Rule("ElementWise", _LATER_ELEMENTWISE, never("no DLA has it before TensorRT 10"), before=(10,)),
    Rule("ElementWise", _LATER_ELEMENTWISE, perhaps("TensorRT 10 may take it"), since=(10,)),
    Rule("ElementWise", ("Equal",), checks.comparison),
    Rule("Scale", ("BatchNormalization",), checks.scale),
    Rule("Concatenation", ("Concat",), checks.concat),
    Rule("Resize", ("Resize", "Upsample"), checks.resize, _RESIZE, ("nearest, asymmetric, floor",), before=(8, 4)),
    Rule("Resize", ("Resize", "Upsample"), checks.resize, _RESIZE, since=(8, 4)),
    Rule("Slice", ("Slice", "Split"), never("no DLA has it before TensorRT 8.5"), before=(8, 5)),
    Rule("Slice", ("Slice", "Split"), checks.slices, since=(8, 5)),
    Rule("Shuffle", ("Reshape", "Transpose"), never("no DLA has it before TensorRT 8.6"), before=(8, 6)),
    Rule("Shuffle", ("Reshape", "Transpose"), checks.shuffle, since=(8, 6)),
    Rule("Shuffle", ("Flatten", "Squeeze", "Unsqueeze"), never("a DLA does not change how many dimensions there are")),
    Rule("SoftMax", ("Softmax",), never("Orin's DLA alone has it"), dla=(XAVIER,)),
    Rule("SoftMax", ("Softmax",), checks.softmax, dla=(ORIN,)),
    Rule("Reduce", ("GlobalMaxPool", "ReduceMax"), checks.reduce_max),
    Rule(
        "Reduce",
        ("GlobalAveragePool", "ReduceMean"),
        never("TensorRT makes a Reduce of it, and no DLA averages by that"),
    ),
    Rule("Unary", ("Abs",), checks.activation),
    Rule("Unary", ("Exp", "Sqrt", "Ceil", "Round"), never("of such functions a DLA has the absolute value alone")),
    Rule("LRN", ("LRN",), checks.normalisation_lrn, {"windows": (3, 5, 7, 9)}),
    Rule("Cast", ("Cast", "Shape"), never("a DLA computes with FP16 and INT8 alone")),
    Rule("Gather", ("Gather", "GatherElements", "GatherND"), never("a DLA cannot gather")),
    Rule("TopK", ("TopK", "NonMaxSuppression"), never("a DLA cannot sort or choose")),
    Rule("Select", ("Where",), never("a DLA cannot choose by a condition")),
    Rule("Pad", ("Pad",), never("a DLA pads within a convolution or pooling alone")),
    Rule(
        "Quantize",
        ("QuantizeLinear", "DequantizeLinear"),
        never("a DLA takes INT8 by calibration alone before TensorRT 11.4.1, not Q/DQ layers"),
        before=FIRST_AFTER_PAUSE,
    ),
    Rule("Quantize", ("QuantizeLinear", "DequantizeLinear"), perhaps("strongly typed"), since=FIRST_AFTER_PAUSE),
    Rule(
        "Normalization",
        ("InstanceNormalization", "LayerNormalization", "GroupNormalization"),
        never("a DLA has batch normalisation alone"),
    ),
    Rule("Activation", ("HardSwish", "Mish"), never("a DLA has no such activation")),
)
