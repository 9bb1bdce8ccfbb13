"""A decoded picture as arrays that can be changed, and as the bytes that GStreamer's raw caps stand for."""

import ctypes
from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from ...errors import Unsupported
from ...wire.messages import BT709, FORMATS, FULL_RANGE
from .. import native
from ..evidence_fault import EvidenceError
from ..picture import LayoutReader, copy

# Full range to limited (ITU-T H.273): black and white at 16 and 235, colours from 16 to 240.
_LEVELS = np.arange(256, dtype=np.float64)
_LUMA = np.round(16.0 + _LEVELS * 219.0 / 255.0).astype(np.uint8)
_CHROMA = np.round(128.0 + (_LEVELS - 128.0) * 224.0 / 255.0).astype(np.uint8)


class Raw(NamedTuple):
    """``form``: i420, nv12 or gray8; ``planes`` are writable and of limited range. NV12's second has both colours."""

    form: str
    width: int
    height: int
    bt709: bool
    planes: List[np.ndarray]

    @property
    def caps(self) -> str:
        colours = "bt709" if self.bt709 else "bt601"
        return "video/x-raw,format={},width={},height={},interlace-mode=progressive,colorimetry={}".format(
            self.form.upper(), self.width, self.height, colours
        )

    def bytes(self) -> bytes:
        """As GStreamer lays such a picture out: rows of four bytes, planes of an even number of rows."""
        tall = self.height + self.height % 2
        wide = _up(self.width, 4)
        rows = {
            "i420": [(tall, wide)] + 2 * [(tall // 2, _up((self.width + 1) // 2, 4))],
            "nv12": [(tall, wide), (tall // 2, wide)],
            "gray8": [(self.height, wide)],
        }[self.form]
        return b"".join(_padded(plane, shape).tobytes() for plane, shape in zip(self.planes, rows))


class Reader:
    """Reads pictures of an appsink's. ``flags``: of a PICTURE message, where others than the decoder says."""

    def __init__(self, layouts: LayoutReader, flags: Optional[int] = None) -> None:
        self._layouts, self._flags = layouts, flags

    def read(self, sample: native.Sample) -> Raw:
        """A copy of the picture. Raises EvidenceError for one that cannot be read."""
        try:
            layout = self._layouts.read(sample)
        except Unsupported as error:
            raise EvidenceError(str(error)) from None
        flags = layout.flags if self._flags is None else self._flags
        data = bytearray(layout.size)
        copy(sample, layout, ctypes.addressof(ctypes.c_char.from_buffer(data)), len(data))
        form = FORMATS[layout.format]
        values = np.frombuffer(data, np.uint8)
        planes = [
            np.lib.stride_tricks.as_strided(values[offset:], shape, (stride, 1))
            for shape, offset, stride in zip(_shapes(form, layout.width, layout.height), layout.offsets, layout.strides)
        ]
        if flags & FULL_RANGE:
            planes = [_LUMA[planes[0]]] + [_CHROMA[plane] for plane in planes[1:]]
        return Raw(form, layout.width, layout.height, bool(flags & BT709), planes)


def _shapes(form: str, width: int, height: int) -> List[Tuple[int, int]]:
    half = ((height + 1) // 2, (width + 1) // 2)
    return {
        "i420": [(height, width), half, half],
        "nv12": [(height, width), (half[0], 2 * half[1])],
        "gray8": [(height, width)],
    }[form]


def _padded(plane: np.ndarray, shape: Tuple[int, int]) -> np.ndarray:
    if plane.shape == shape:
        return plane
    wider = np.zeros(shape, np.uint8)
    wider[: plane.shape[0], : plane.shape[1]] = plane
    return wider


def _up(number: int, step: int) -> int:
    return (number + step - 1) // step * step
