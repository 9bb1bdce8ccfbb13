"""What model.yaml's ``input`` section asks of a picture: colour, fit, and value = (pixel * scale - mean) / std."""

from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

import numpy as np

from edge.errors import Incompatible
from edge.inference.picture import Picture, to_bgr, to_gray

_CHANNELS = {"bgr": 3, "rgb": 3, "gray": 1}


class Normalisation:
    """``value = pixel * gain + bias``, a gain and bias for each channel in the tensor's order; ``pad`` is a pixel.

    Raises Incompatible when the values do not fit together, or a network that takes ``dtype`` cannot take them.
    """

    def __init__(self, input: Mapping[str, Any], dtype: "np.dtype[Any]") -> None:
        self.color = _one_of(input, "color", ("bgr", "rgb", "gray"))
        self.planar = _one_of(input, "layout", ("nchw", "nhwc")) == "nchw"
        self.fit = _one_of(input, "fit", ("stretch", "letterbox"))
        self.align = _one_of(input, "letterbox_align", ("center", "top-left"))
        self.channels = _CHANNELS[self.color]
        scale = _per_channel(input, "scale", self.channels, 1.0)
        mean = _per_channel(input, "mean", self.channels, 0.0)
        std = _per_channel(input, "std", self.channels, 1.0)
        if 0.0 in std:
            raise Incompatible("input std must not be 0")
        self.gain = [s / d for s, d in zip(scale, std)]
        self.bias = [-m / d for m, d in zip(mean, std)]
        if dtype.kind != "f" and (set(self.gain) != {1.0} or set(self.bias) != {0.0}):
            raise Incompatible("the network takes {} pixels: input scale, mean and std must be left out".format(dtype))
        self.pad = float(input.get("pad", 114.0))

    def item_shape(self, size: Tuple[int, int]) -> Tuple[int, int, int]:
        """(channels, h, w) or (h, w, channels) of one picture of ``size`` (width, height)."""
        return (self.channels, size[1], size[0]) if self.planar else (size[1], size[0], self.channels)

    def matrix(self, picture: Picture) -> np.ndarray:
        """(channels, samples + 1), from the picture's samples and a 1 to the tensor's channels in 0..255."""
        if self.color == "gray":
            return to_gray(picture.format, picture.matrix, picture.full_range)
        matrix = to_bgr(picture.format, picture.matrix, picture.full_range)
        return matrix[::-1] if self.color == "rgb" else matrix


def check_planes(picture: Picture) -> None:
    """ValueError unless the planes have the shapes that the format promises."""
    full = (picture.height, picture.width)
    half = ((picture.height + 1) // 2, (picture.width + 1) // 2)
    samples = to_bgr(picture.format, picture.matrix, picture.full_range).shape[1] - 1
    yuv: Dict[str, List[Tuple[int, ...]]] = {"i420": [full, half, half], "nv12": [full, half + (2,)], "gray8": [full]}
    expected = yuv.get(picture.format, [full + (samples,)])
    found = [tuple(plane.shape) for plane in picture.planes]
    if found != expected:
        raise ValueError("{} planes of {}, expected {}".format(picture.format, found, expected))


def _one_of(input: Mapping[str, Any], key: str, allowed: Sequence[str]) -> str:
    """The key's value; the first of ``allowed`` when it is not given."""
    value = input.get(key) or allowed[0]
    if value not in allowed:
        raise Incompatible("input {}: {!r} is not one of {}".format(key, value, ", ".join(allowed)))
    return str(value)


def _per_channel(input: Mapping[str, Any], key: str, channels: int, default: float) -> List[float]:
    value: Union[float, Sequence[float], None] = input.get(key)
    if value is None:
        value = default
    if isinstance(value, (int, float)):
        return [float(value)] * channels
    numbers = [float(v) for v in value]
    if len(numbers) == 1:
        numbers *= channels
    if len(numbers) != channels:
        raise Incompatible("input {}: {} numbers for {} channels".format(key, len(numbers), channels))
    return numbers
