"""Where a decoded picture's planes lie in its bytes, which colours their numbers mean, and one copy of it."""

import ctypes
from typing import Any, NamedTuple, Optional, Tuple

from ..errors import Unsupported
from ..wire import messages
from . import native
from .gst import Gst, GstVideo

_Three = Tuple[int, int, int]
_PLANES = {"I420": 3, "NV12": 2, "GRAY8": 1}
#: NV12 with two bytes a sample, the lower 6 bits of them empty: the upper byte is what 8 bits would be.
_DEEP = "P010_10LE"
_Matrix = GstVideo.VideoColorMatrix
# A PICTURE tells two matrices apart. By their coefficients the others are nearer to one of them than to the other.
_LIKE_BT709 = (_Matrix.BT709, _Matrix.SMPTE240M, _Matrix.BT2020)
_NO_MATRIX = (_Matrix.UNKNOWN, _Matrix.RGB)
_FULL_RANGE = getattr(GstVideo.VideoColorRange, "0_255")


class Layout(NamedTuple):
    """Where the planes of a picture lie in its bytes. ``flags`` are those of a PICTURE message.

    ``deep``: the picture has two bytes a sample, of which every second is copied; all numbers are those of the copy.
    """

    format: int
    flags: int
    width: int
    height: int
    size: int
    offsets: _Three
    strides: _Three
    deep: bool = False


def copy(sample: native.Sample, layout: Layout, address: int, room: int) -> None:
    """Copy the picture to ``address``, where ``room`` bytes are. What lies in a GPU's memory comes down by it."""
    if not layout.deep:
        sample.copy(address, room)
        return
    both = bytearray(2 * layout.size)
    sample.copy(ctypes.addressof(ctypes.c_char.from_buffer(both)), len(both))
    upper = bytes(both[1::2])
    ctypes.memmove(address, upper, min(len(upper), room))


class LayoutReader:
    """Reads layouts, remembering the one of the caps in force: caps change rarely, pictures come often.

    ``origin``: the pad where pictures are as they were sent; a hardware's converter forgets what their colours mean,
    and a size that it made says nothing of that.
    """

    def __init__(self, origin: Optional[Any] = None) -> None:
        self._pad = origin
        self._origin: Optional[native.Caps] = None
        self._caps: Optional[native.Caps] = None
        self._layout: Optional[Layout] = None

    def read(self, sample: native.Sample) -> Layout:
        """The layout of ``sample``'s picture. Raises Unsupported for a format that is none of ours."""
        changed = self._caps is None or self._caps.address != sample.caps
        if self._pad is not None:
            origin = native.pad_caps(native.address(self._pad))
            changed = changed or _address(origin) != _address(self._origin)
            self._origin = origin
        if self._layout is None or changed:
            self._caps = native.Caps(sample.caps)
            self._layout = _from_caps(_wrapped(self._caps), None if self._origin is None else _wrapped(self._origin))
        meta = sample.meta
        if meta is None:
            return self._layout
        count, width = int(meta.n_planes), 1 + self._layout.deep
        return self._layout._replace(
            size=sample.size // width,
            offsets=_three(meta.offset, count, width),
            strides=_three(meta.stride, count, width),
        )


def _address(caps: Optional[native.Caps]) -> int:
    return 0 if caps is None else caps.address


def _wrapped(caps: native.Caps) -> Any:
    return Gst.Caps.from_string(caps.text)


def _from_caps(caps: Any, origin: Optional[Any]) -> Layout:
    structure = caps.get_structure(0)
    name = structure.get_string("format")
    deep = name == _DEEP
    if deep:
        name = "NV12"
    if name not in _PLANES:
        raise Unsupported("pictures of format {} are not supported".format(name))
    info = _video_info(caps)
    count, width = _PLANES[name], 1 + deep
    return Layout(
        messages.FORMATS.index(name.lower()), _flags(_colours(caps, info, origin)),
        int(structure.get_int("width")[1]), int(structure.get_int("height")[1]), int(info.size) // width,
        _three(info.offset, count, width), _three(info.stride, count, width), deep,
    )  # fmt: skip


def _colours(caps: Any, info: Any, origin: Optional[Any]) -> Any:
    """The colorimetry: as it is told here, else as it is told or implied by the size where the picture comes from."""
    if origin is None or caps.get_structure(0).has_field("colorimetry"):
        return info.colorimetry
    first = _video_info(origin)
    return info.colorimetry if first is None or first.colorimetry.matrix in _NO_MATRIX else first.colorimetry


def _flags(colorimetry: Any) -> int:
    flags = messages.BT709 if colorimetry.matrix in _LIKE_BT709 else 0
    return flags | messages.FULL_RANGE if colorimetry.range == _FULL_RANGE else flags


def _video_info(caps: Any) -> Any:
    if hasattr(GstVideo.VideoInfo, "new_from_caps"):
        return GstVideo.VideoInfo.new_from_caps(caps)
    info = GstVideo.VideoInfo()
    return info if info.from_caps(caps) else None


def _three(values: Any, count: int, width: int) -> _Three:
    """The first ``count`` of the numbers, in samples of ``width`` bytes, and 0 for planes that there are not."""
    numbers = [int(v) // width for v in list(values)[:count]] + [0, 0, 0]
    return (numbers[0], numbers[1], numbers[2])


def captured_ns(sample: native.Sample, base_time: int, now: int) -> int:
    """When the source delivered this picture, on CLOCK_MONOTONIC; ``now`` where the stream does not say.

    A pipeline without an audio sink runs on the system's clock, which is that one.
    """
    running = sample.running_time
    return now if running == native.NO_TIME else min(now, base_time + running)
