"""Where a picture's brightness lies in memory: it is looked at there, and not copied."""

import ctypes
from contextlib import contextmanager
from ctypes import c_int, c_size_t, c_uint, c_void_p
from typing import Iterator, NamedTuple, Optional

from .. import native
from ..picture import Layout

_READ, _ALL = 1, -1


class _MapInfo(ctypes.Structure):
    """gstmemory.h's GstMapInfo."""

    _fields_ = [
        ("memory", c_void_p), ("flags", c_int), ("data", c_void_p), ("size", c_size_t), ("maxsize", c_size_t),
        ("user_data", c_void_p * 4), ("reserved", c_void_p * 4),
    ]  # fmt: skip


_map = native.function(native.GST, "gst_buffer_map_range", c_int, c_void_p, c_uint, c_int, c_void_p, c_int)
_unmap = native.function(native.SHORT, "gst_buffer_unmap", None, c_void_p, c_void_p)


class Luma(NamedTuple):
    """A plane in memory. ``step``: bytes from one sample to the next, whose last is the brightness in 8 bits."""

    address: int
    width: int
    height: int
    stride: int
    step: int = 1


@contextmanager
def luma(sample: native.Sample, layout: Layout) -> Iterator[Optional[Luma]]:
    """The picture's brightness, as long as the context lasts; None where its memory cannot be read."""
    step = 1 + layout.deep
    first, stride = layout.offsets[0] * step, layout.strides[0] * step
    needed = first + (layout.height - 1) * stride + layout.width * step
    info = _MapInfo()
    at = ctypes.addressof(info)
    # Where each plane has memory of its own, all of them together would be a copy.
    for count in (1, _ALL):
        if not _map(sample.buffer, 0, count, at, _READ):
            continue
        try:
            if info.size >= needed:
                yield Luma(info.data + first, layout.width, layout.height, stride, step)
                return
        finally:
            _unmap(sample.buffer, at)
    yield None
