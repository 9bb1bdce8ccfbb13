"""A decoded sample into a slot: where its planes lie, and one copy of its bytes."""

import ctypes
from typing import Any, NamedTuple, Optional, Tuple

from ..errors import Unsupported
from ..wire import messages
from .gst import Gst, GstVideo

_gst = ctypes.CDLL("libgstreamer-1.0.so.0")
_gst.gst_buffer_extract.restype = ctypes.c_size_t
_gst.gst_buffer_extract.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]

_Three = Tuple[int, int, int]
_PLANES = {"I420": 3, "NV12": 2, "GRAY8": 1}


class Layout(NamedTuple):
    """Where the planes of a picture lie in its bytes. ``flags`` are those of a PICTURE message."""

    format: int
    flags: int
    width: int
    height: int
    size: int
    offsets: _Three
    strides: _Three


def copy(buffer: Any, address: int, room: int) -> int:
    """Copy the buffer's bytes to ``address`` (``room`` bytes there), and return how many they were.

    Through the C library: the binding's own ways make a bytes object of the whole picture first, and one of them
    leaks. A buffer's ``hash`` is its address, since it is a boxed type.
    """
    return int(_gst.gst_buffer_extract(hash(buffer), 0, address, room))


class LayoutReader:
    """Reads layouts, remembering the one of the caps in force: caps change rarely, pictures come often."""

    def __init__(self) -> None:
        self._caps: Optional[Any] = None
        self._layout: Optional[Layout] = None

    def read(self, sample: Any) -> Layout:
        """The layout of ``sample``'s picture. Raises Unsupported for a format that is none of ours."""
        caps = sample.get_caps()
        if self._layout is None or self._caps is None or not caps.is_equal(self._caps):
            self._caps, self._layout = caps, _from_caps(caps)
        buffer = sample.get_buffer()
        meta = GstVideo.buffer_get_video_meta(buffer)
        if meta is None:
            return self._layout
        count = int(meta.n_planes)
        return self._layout._replace(
            size=buffer.get_size(), offsets=_three(meta.offset, count), strides=_three(meta.stride, count)
        )


def _from_caps(caps: Any) -> Layout:
    structure = caps.get_structure(0)
    name = structure.get_string("format")
    if name not in _PLANES:
        raise Unsupported("pictures of format {} are not supported".format(name))
    info = _video_info(caps)
    flags = 0
    if info.colorimetry.matrix == GstVideo.VideoColorMatrix.BT709:
        flags |= messages.BT709
    if info.colorimetry.range == getattr(GstVideo.VideoColorRange, "0_255"):
        flags |= messages.FULL_RANGE
    count = _PLANES[name]
    return Layout(
        messages.FORMATS.index(name.lower()), flags, int(structure.get_int("width")[1]),
        int(structure.get_int("height")[1]), int(info.size), _three(info.offset, count), _three(info.stride, count),
    )  # fmt: skip


def _video_info(caps: Any) -> Any:
    if hasattr(GstVideo.VideoInfo, "new_from_caps"):
        return GstVideo.VideoInfo.new_from_caps(caps)
    info = GstVideo.VideoInfo()
    info.from_caps(caps)
    return info


def _three(values: Any, count: int) -> _Three:
    numbers = [int(v) for v in list(values)[:count]] + [0, 0, 0]
    return (numbers[0], numbers[1], numbers[2])


def captured_ns(sample: Any, base_time: int, now: int) -> int:
    """When the source delivered this picture, on CLOCK_MONOTONIC; ``now`` where the stream does not say.

    A pipeline without an audio sink runs on the system's clock, which is that one.
    """
    pts = sample.get_buffer().pts
    if pts == Gst.CLOCK_TIME_NONE:
        return now
    running = sample.get_segment().to_running_time(Gst.Format.TIME, pts)
    if running == Gst.CLOCK_TIME_NONE:
        return now
    return min(now, int(base_time) + int(running))
