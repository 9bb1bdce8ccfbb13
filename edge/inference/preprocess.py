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

from typing import Any, Dict, Mapping, NamedTuple, Tuple

import numpy as np

from edge.inference.fit import Fit, make_fit
from edge.inference.normalise import Normalisation, check_planes
from edge.inference.picture import Picture
from edge.inference.scale_numpy import NumpyScaler

__all__ = ["Fit", "Picture", "Preprocessor"]

#: Cameras of more shapes than this on one network start to rebuild their plans.
_MOST_PLANS = 32


class _Plan(NamedTuple):
    """What is computed once for pictures of one format and size."""

    fit: Fit
    scaler: Any


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
        self._normalisation = Normalisation(input, self.dtype)
        self._planar = self._normalisation.planar
        self._gain, self._bias = self._normalisation.gain, self._normalisation.bias
        self._pad = self._normalisation.pad
        # Packed channels: gain and bias of a whole row, since numpy is slow on an innermost axis of three.
        self._row_gain = np.tile(np.array(self._gain, dtype=np.float32), self.size[0])
        self._row_bias = np.tile(np.array(self._bias, dtype=np.float32), self.size[0])
        self._scaler = _cv2_scaler() if use_cv2 else NumpyScaler
        self._plans: Dict[Tuple[Any, ...], _Plan] = {}
        #: Crops come in every size: what a scaler does for one, it can do for all, and its scratch memory is there.
        self._scalers: Dict[Tuple[Any, ...], Any] = {}

    @property
    def item_shape(self) -> Tuple[int, int, int]:
        """The shape of what ``write`` fills: (channels, h, w) or (h, w, channels)."""
        return self._normalisation.item_shape(self.size)

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
        size = (picture.width, picture.height)
        fit = make_fit(self._normalisation.fit, self._normalisation.align, size, self.size)
        check_planes(picture)
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = self._plans[key] = _Plan(fit, self._scaler_for(picture, fit))
        return plan

    def _scaler_for(self, picture: Picture, fit: Fit) -> Any:
        shapes = [tuple(plane.shape) for plane in picture.planes]
        key = (picture.format, picture.matrix, picture.full_range, fit.inner[2:], self._scaler.depends_on(shapes))
        scaler = self._scalers.get(key)
        if scaler is None:
            if len(self._scalers) >= _MOST_PLANS:
                self._scalers.clear()
            matrix = self._normalisation.matrix(picture)
            scaler = self._scalers[key] = self._scaler(shapes, fit.inner[2:], matrix)
        return scaler

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
