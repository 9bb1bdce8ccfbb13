"""From a picture's planes to one item of the network's input tensor.

    value = (pixel * scale - mean) / std        pixel in 0..255, mean and std of the scaled value, one a channel

Channels stand in the tensor's order, so mean and std of a ``rgb`` network are given as red, green, blue. Some families:

    0..1                           scale 0.00392157
    YOLOX (raw 0..255)             nothing: scale 1, mean 0, std 1 are the defaults
    RFB faces, (x - 127) / 128     mean 127, std 128
    ImageNet                       scale 0.00392157, mean [0.485, 0.456, 0.406], std [0.229, 0.224, 0.225]

``fit: letterbox`` keeps the picture's shape and fills the rest with ``pad`` (a pixel value, 114 as in YOLO), the
picture in the middle or, with ``letterbox_align: top-left``, in the corner as YOLOX has it.
"""

from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

import numpy as np

from edge.errors import Incompatible
from edge.inference.fit import Fit, make_fit
from edge.inference.picture import Picture, to_bgr, to_gray
from edge.inference.scale_numpy import NumpyScaler

__all__ = ["Fit", "Picture", "Preprocessor"]

_CHANNELS = {"bgr": 3, "rgb": 3, "gray": 1}

#: Cameras of more shapes than this on one network start to rebuild their plans.
_MOST_PLANS = 32


class _Plan:
    """What is computed once for pictures of one format and size."""

    def __init__(self, picture: Picture, fit: Fit, matrix: np.ndarray, scaler: Any) -> None:
        shapes = [tuple(plane.shape) for plane in picture.planes]
        self.scaler = scaler(shapes, fit.inner[2:], matrix)
        self.fit = fit


class Preprocessor:
    """Writes pictures into the input tensor of one network. Keeps scratch memory: one instance a thread.

    ``input``: color ("bgr", "rgb", "gray"), scale, mean, std (a number, or one a channel), layout ("nchw", "nhwc"),
    fit ("stretch", "letterbox"), pad, letterbox_align; all have defaults. ``size`` is (width, height). ``use_cv2``
    False forces numpy, which is also taken where cv2 cannot be imported.
    Raises Incompatible when the values do not fit together.
    """

    def __init__(
        self, input: Mapping[str, Any], size: Tuple[int, int], dtype: Any = np.float32, use_cv2: bool = True
    ) -> None:
        self.size = (int(size[0]), int(size[1]))
        self.dtype = np.dtype(dtype)
        self._color = _one_of(input, "color", ("bgr", "rgb", "gray"))
        self._planar = _one_of(input, "layout", ("nchw", "nhwc")) == "nchw"
        self._fit = _one_of(input, "fit", ("stretch", "letterbox"))
        self._align = _one_of(input, "letterbox_align", ("center", "top-left"))
        channels = _CHANNELS[self._color]
        scale = _per_channel(input, "scale", channels, 1.0)
        mean = _per_channel(input, "mean", channels, 0.0)
        std = _per_channel(input, "std", channels, 1.0)
        if 0.0 in std:
            raise Incompatible("input std must not be 0")
        self._gain = [s / d for s, d in zip(scale, std)]
        self._bias = [-m / d for m, d in zip(mean, std)]
        if self.dtype.kind != "f" and (set(self._gain) != {1.0} or set(self._bias) != {0.0}):
            raise Incompatible(
                "the network takes {} pixels: input scale, mean and std must be left out".format(self.dtype)
            )
        self._pad = float(input.get("pad", 114.0))
        # Packed channels: gain and bias of a whole row, since numpy is slow on an innermost axis of three.
        self._row_gain = np.tile(np.array(self._gain, dtype=np.float32), self.size[0])
        self._row_bias = np.tile(np.array(self._bias, dtype=np.float32), self.size[0])
        self._scaler = _cv2_scaler() if use_cv2 else NumpyScaler
        self._plans: Dict[Tuple[Any, ...], _Plan] = {}

    @property
    def item_shape(self) -> Tuple[int, int, int]:
        """The shape of what ``write`` fills: (channels, h, w) or (h, w, channels)."""
        channels = _CHANNELS[self._color]
        width, height = self.size
        return (channels, height, width) if self._planar else (height, width, channels)

    def write(self, picture: Picture, out: np.ndarray) -> Fit:
        """Fill ``out``, C-contiguous, of ``item_shape`` and ``dtype``; returns how the picture lies in it.

        Raises ValueError for a picture or an array that is not what it should be.
        """
        if out.shape != self.item_shape or out.dtype != self.dtype or not out.flags.c_contiguous:
            raise ValueError("expected {} {}, not {} {}".format(self.item_shape, self.dtype, out.shape, out.dtype))
        key = (picture.format, picture.width, picture.height, picture.matrix, picture.full_range)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._add_plan(key, picture)
        left, top, width, height = plan.fit.inner
        if (width, height) != self.size:
            self._write_pad(plan.fit.inner, out)
        if self._planar:
            for plane, target, gain, bias in zip(plan.scaler.planes(picture.planes), out, self._gain, self._bias):
                _write_plane(plane, gain, bias, target[top : top + height, left : left + width])
        else:
            self._write_packed(plan.scaler.packed(picture.planes), out[top : top + height, left : left + width])
        return plan.fit

    def _add_plan(self, key: Tuple[Any, ...], picture: Picture) -> _Plan:
        fit = make_fit(self._fit, self._align, (picture.width, picture.height), self.size)
        _check_planes(picture)
        if self._color == "gray":
            matrix = to_gray(picture.format, picture.matrix, picture.full_range)
        else:
            matrix = to_bgr(picture.format, picture.matrix, picture.full_range)
            if self._color == "rgb":
                matrix = matrix[::-1]
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = self._plans[key] = _Plan(picture, fit, matrix, self._scaler)
        return plan

    def _write_packed(self, packed: np.ndarray, out: np.ndarray) -> None:
        out[...] = packed
        height, width, channels = out.shape
        rows = out.reshape(height, width * channels)  # no copy: a pixel's channels are contiguous
        if set(self._gain) != {1.0}:
            rows *= self._row_gain[: rows.shape[1]]
        if set(self._bias) != {0.0}:
            rows += self._row_bias[: rows.shape[1]]

    def _write_pad(self, inner: Tuple[int, int, int, int], out: np.ndarray) -> None:
        left, top, width, height = inner
        planes = out if self._planar else out.transpose(2, 0, 1)
        for plane, gain, bias in zip(planes, self._gain, self._bias):
            value = self._pad * gain + bias
            plane[:top] = value
            plane[top + height :] = value
            plane[top : top + height, :left] = value
            plane[top : top + height, left + width :] = value


def _cv2_scaler() -> Any:
    """OpenCV's scaler; numpy's for an interpreter that has no OpenCV, or one that does not load with its numpy."""
    try:
        from edge.inference.scale_cv2 import Cv2Scaler
    except ImportError:
        return NumpyScaler
    return Cv2Scaler


def _write_plane(plane: np.ndarray, gain: float, bias: float, out: np.ndarray) -> None:
    """``out`` = ``plane`` * gain + bias, plane by plane so that it stays in the cache."""
    out[...] = plane
    if gain != 1.0:
        out *= out.dtype.type(gain)
    if bias != 0.0:
        out += out.dtype.type(bias)


def _check_planes(picture: Picture) -> None:
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
