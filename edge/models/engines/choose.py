"""Which engines a model is to have on this machine: on which devices, in which precision."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional, Tuple

from edge.errors import EngineError
from edge.models.engines.platform import Platform

PRECISIONS = ("auto", "fp32", "fp16", "int8", "best")
DEVICES = ("auto", "gpu", "dla", "dla:0", "dla:1")
#: What a network gains on a DLA beside the GPU must not be lost on the way there and back.
_LEAST_SHARE = 0.9
_MOST_SWITCHES = 2
#: Below these the DLA is the weaker one at FP16 (Orin), by NVIDIA's and users' figures; see docs/dla.md.
_WEAK_FP16 = "orin"


class Wish(NamedTuple):
    """What the configuration asks of a model. ``calibrated``: there is a calibration for it."""

    device: str = "auto"
    precision: str = "auto"
    calibrated: bool = False


class Target(NamedTuple):
    """One engine: ``device`` gpu or dla, and the lanes that run it (``gpu``, ``dla:0``). ``optional``: it is left out
    where it cannot be built, since nobody asked for it by name."""

    device: str
    precision: str
    lanes: Tuple[str, ...]
    optional: bool = False
    reason: str = ""


class Fit(NamedTuple):
    """What the rules say of a network on this board's DLA: the share of its multiplications there, and how often it
    goes back and forth. ``generation``: xavier or orin."""

    share: float
    switches: int
    generation: str


def targets(wish: Wish, platform: Platform, fit: Callable[[str], Optional[Fit]]) -> List[Target]:
    """The engines to have, the GPU's first. ``fit(precision)`` is asked only where there is a DLA.

    Raises EngineError for what was asked for by name and is not here: nothing is silently changed.
    """
    if wish.device == "gpu":
        return [Target("gpu", _on_gpu(wish, platform), ("gpu",))]
    if wish.device != "auto":
        return [Target("dla", _on_dla(wish, platform), _cores(wish.device, platform))]
    gpu = Target("gpu", _on_gpu(wish, platform), ("gpu",))
    dla = _beside(wish, platform, fit)
    return [gpu] if dla is None else [gpu, dla]


def _on_gpu(wish: Wish, platform: Platform) -> str:
    if platform.strongly_typed:
        return _typed(wish)
    if wish.precision == "int8":
        _need_int8(wish, platform)
    if wish.precision != "auto":
        return wish.precision
    return "fp32" if platform.fast_fp16 is False else "fp16"


def _on_dla(wish: Wish, platform: Platform) -> str:
    if platform.strongly_typed:
        return _typed(wish)
    if wish.precision == "fp32":
        raise EngineError("precision: fp32: a DLA computes in fp16 or int8; take one of them, or device: gpu")
    if wish.precision == "int8":
        _need_int8(wish, platform)
    if wish.precision != "auto":
        return wish.precision
    return "int8" if wish.calibrated else "fp16"


def _typed(wish: Wish) -> str:
    """TensorRT 11 takes a network as it is: what its types are was decided when it was exported."""
    if wish.precision in ("int8", "fp16"):
        raise EngineError(
            f"precision: {wish.precision}: this TensorRT takes the types that stand in the ONNX file; export the "
            f"network in {wish.precision}{' with Q/DQ' if wish.precision == 'int8' else ''}, and leave precision out"
        )
    return "fp32"


def _need_int8(wish: Wish, platform: Platform) -> None:
    if platform.fast_int8 is False:
        raise EngineError(f"precision: int8: {platform.gpu or 'this GPU'} has no fast int8; take fp16")
    if not wish.calibrated:
        raise EngineError("precision: int8: the model is not calibrated; see edge models calibrate")


def _cores(device: str, platform: Platform) -> Tuple[str, ...]:
    if platform.dla_cores == 0:
        raise EngineError(
            f"device: {device}: TensorRT {platform.tensorrt} finds no DLA on {platform.gpu or 'this machine'}; "
            "take device: gpu or auto"
        )
    lanes = tuple(f"dla:{core}" for core in range(platform.dla_cores)) if device == "dla" else (device,)
    if device not in ("dla", *(f"dla:{core}" for core in range(platform.dla_cores))):
        raise EngineError(f"device: {device}: there are {platform.dla_cores} DLA cores here, counted from 0")
    return lanes


def _beside(wish: Wish, platform: Platform, fit: Callable[[str], Optional[Fit]]) -> Optional[Target]:
    """The DLA as a helper of the GPU, where that gains."""
    if platform.dla_cores == 0 or wish.precision == "fp32" or platform.strongly_typed:
        return None
    precision = _on_dla(wish, platform)
    found = fit(precision)
    if found is None or found.share < _LEAST_SHARE or found.switches > _MOST_SWITCHES:
        return None
    if precision == "fp16" and found.generation == _WEAK_FP16:
        return None
    reason = f"{found.share:.0%} of it can run there, {found.switches} switches"
    return Target("dla", precision, _cores("dla", platform), optional=True, reason=reason)
