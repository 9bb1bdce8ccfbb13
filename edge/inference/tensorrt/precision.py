"""Which precision an engine gets: flags up to TensorRT 10, the file's own types from 11 on."""

from typing import Dict, List, NamedTuple, Tuple

from ...errors import BuildFailed

_REDUCED = ("HALF", "BF16", "INT8", "FP8", "INT4", "FP4")
_TYPES = {"fp16": ("HALF", "BF16"), "int8": ("INT8",)}


class Precision(NamedTuple):
    """``flags``: builder flags to set or to clear; ``calibrate``: whether it needs a calibrator."""

    flags: Dict[str, bool]
    calibrate: bool
    warnings: List[str]


class Asked(NamedTuple):
    """What is known when precision is chosen. ``fast_*``: whether the GPU computes so faster; ``types`` and
    ``quantized``: of the network; ``calibration``: whether there is one, or pictures for one; ``compute``: the GPU's
    capability, where it is known."""

    precision: str
    dla: bool
    fast_fp16: bool
    fast_int8: bool
    types: List[str]
    quantized: bool
    calibration: bool
    compute: Tuple[int, int] = (0, 0)


def by_flags(asked: Asked) -> Precision:
    """Up to TensorRT 10. Raises BuildFailed for what cannot be."""
    flags: Dict[str, bool] = {}
    warnings: List[str] = []
    precision = asked.precision
    if asked.dla and precision == "fp32":
        raise BuildFailed("a DLA computes in fp16 and int8 only; use precision: fp16, or device: gpu")
    if asked.dla and asked.quantized:
        raise BuildFailed(
            "it has Q/DQ nodes, which no DLA takes up to TensorRT 10; give the network without them, and calibrate it"
        )
    # "fp32" means it: TF32 has 10 bits of mantissa, and is on where it is not turned off.
    flags["TF32"] = precision != "fp32"
    int8 = precision == "int8" or (
        precision == "best" and (asked.calibration or asked.quantized) and (asked.fast_int8 or asked.dla)
    )
    if int8 and not asked.quantized and not asked.calibration:
        raise BuildFailed("int8 needs a calibration: run edge models calibrate, or give a network with Q/DQ nodes")
    if int8 and not asked.dla and not asked.fast_int8:
        warnings.append("this GPU has no fast INT8: fp16 will be faster here, and more exact")
    # A DLA's layers that INT8 does not suit run in FP16; on the GPU they may.
    fp16 = precision in ("fp16", "int8", "best") and (asked.dla or asked.fast_fp16 or precision == "fp16")
    if precision == "fp16" and not asked.dla and not asked.fast_fp16:
        warnings.append("this GPU has no fast FP16: fp32 will be as fast here")
    if asked.dla and not int8 and asked.compute == (8, 7):
        warnings.append(
            "FP16 on Orin's DLA is many times slower than INT8 (ResNet-50: 17.7 ms instead of 1.3): use precision: int8"
        )
    if "HALF" in asked.types and not fp16:
        # Its weights are that already: without the flag there would be no implementation for them.
        fp16 = True
        warnings.append("the ONNX file is fp16, and is built so")
    flags["FP16"] = fp16
    flags["INT8"] = int8
    return Precision(flags, int8 and not asked.quantized, warnings)


def by_types(asked: Asked, name: str) -> Precision:
    """From TensorRT 11 on (``name``: which): the network's types are what it gets. Raises BuildFailed when what was
    asked for is not in them."""
    warnings: List[str] = []
    reduced = [t for t in asked.types if t in _REDUCED]
    has = ", ".join(t for t in asked.types if t in _REDUCED or t == "FLOAT")
    wanted = _TYPES.get(asked.precision, ())
    if wanted and not any(t in reduced for t in wanted):
        convert = (
            "convert it to fp16 (onnxconverter-common's float16, or NVIDIA's ModelOpt)"
            if asked.precision == "fp16"
            else "quantise it to Q/DQ on another machine (NVIDIA's ModelOpt)"
        )
        raise BuildFailed(
            "precision {}: {} takes the precision from the ONNX file, and this one has {} alone; {}, or use "
            "precision: fp32".format(asked.precision, name, has, convert)
        )
    if asked.dla and not reduced:
        raise BuildFailed("a DLA computes in fp16 and int8 only, and this file has {}; convert it, or use "
                          "device: gpu".format(has))  # fmt: skip
    if asked.precision == "fp32" and reduced:
        warnings.append("precision: fp32: the ONNX file says {}, and {} builds it so".format(", ".join(reduced), name))
    if asked.precision == "best" and not reduced:
        warnings.append("precision: best: the ONNX file is fp32 alone, and {} builds it so".format(name))
    return Precision({"TF32": asked.precision != "fp32"}, False, warnings)
