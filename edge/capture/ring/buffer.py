"""Encoded buffers that are kept, read and pushed on, by GStreamer's C functions (see ``native``)."""

import ctypes
from ctypes import byref, c_int, c_size_t, c_uint, c_uint64, c_void_p
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Optional

from ...boards import Decoder
from ..native import APP, GST, NO_TIME, SHORT, Buffer, address, buffer_size, extract, function, ref, short_unref

# GstBufferFlags
_DISCONT, _DELTA_UNIT = 1 << 6, 1 << 13
# gst_buffer_copy_region's: flags, time stamps, metadata, and memory, which is shared.
_MEMORY = 8
_COPY_ALL = 1 | 2 | 4 | _MEMORY
_WHOLE = c_size_t(-1).value
#: Memory beyond a buffer's bytes that is no waste worth a copy.
_SPARE = 65536

_sizes = function(SHORT, "gst_buffer_get_sizes", c_size_t, c_void_p, c_void_p, c_void_p)
_copy_deep = function(GST, "gst_buffer_copy_deep", c_void_p, c_void_p)
_copy_region = function(SHORT, "gst_buffer_copy_region", c_void_p, c_void_p, c_uint, c_size_t, c_size_t)
_new = function(SHORT, "gst_buffer_new_allocate", c_void_p, c_void_p, c_size_t, c_void_p)
_fill = function(SHORT, "gst_buffer_fill", c_size_t, c_void_p, c_size_t, ctypes.c_char_p, c_size_t)
_append = function(SHORT, "gst_buffer_append", c_void_p, c_void_p, c_void_p)
_pad_chain = function(GST, "gst_pad_chain", c_int, c_void_p, c_void_p)
_pad_push = function(GST, "gst_pad_push", c_int, c_void_p, c_void_p)
_app_push = function(APP, "gst_app_src_push_buffer", c_int, c_void_p, c_void_p)
_writable = function(SHORT, "gst_mini_object_is_writable", c_int, c_void_p)
_caps_from = function(SHORT, "gst_caps_from_string", c_void_p, ctypes.c_char_p)
_add_stamp = function(
    SHORT, "gst_buffer_add_reference_timestamp_meta", c_void_p, c_void_p, c_void_p, c_uint64, c_uint64
)
_stamp = function(SHORT, "gst_buffer_get_reference_timestamp_meta", c_void_p, c_void_p, c_void_p)


def numbered(decoder: Decoder) -> bool:
    """Whether this decoder hands a packet's number on to the picture in it. NVIDIA's (V4L2) gives pictures what the
    oldest packet had that it still holds: with B pictures that is another's, and time stamps are put in order after it.
    """
    return decoder.memory != "NVMM"


class _Front(ctypes.Structure):
    """A Buffer, whose every field is found at once."""

    _anonymous_ = ("mini_object",)
    _fields_ = Buffer._fields_


class Head(NamedTuple):
    """What a buffer says of itself. Times in nanoseconds, NO_TIME where it does not say."""

    pts: int
    dts: int
    duration: int
    size: int
    key: bool
    #: Something is missing in front of it.
    gap: bool
    #: It keeps much more memory than its bytes are.
    spare: bool


def head(buffer: int) -> Head:
    """Of the buffer at that address."""
    told, most = _Front.from_address(buffer), c_size_t()
    flags, size = told.flags, _sizes(buffer, None, byref(most))
    return Head(
        told.pts, told.dts, told.duration, size, not flags & _DELTA_UNIT, bool(flags & _DISCONT),
        most.value > 2 * size + _SPARE,
    )  # fmt: skip


class _Stamp(ctypes.Structure):
    _fields_ = [("meta_flags", c_uint), ("info", c_void_p), ("reference", c_void_p), ("timestamp", c_uint64)]


@lru_cache(maxsize=None)
def _ours() -> int:
    """What tells our stamps from others'. GStreamer must have begun."""
    return int(_caps_from(b"timestamp/x-edge-packet"))


def stamp(buffer: int, number: int) -> None:
    """Give the buffer at that address a number, which decoders and converters hand on to the picture in it.

    Time stamps do not tell whose picture it is: a jitter buffer's are not in the order in which pictures are shown, and
    a decoder that finds that out deals them out anew.
    """
    if _writable(buffer):
        _add_stamp(buffer, _ours(), number, NO_TIME)


def stamped(buffer: int) -> Optional[int]:
    """The number of the packet that this picture was in; None where an element did not hand it on."""
    found = _stamp(buffer, _ours())
    return int(_Stamp.from_address(found).timestamp) if found else None


def beginning(buffer: int, most: int) -> bytes:
    """The first bytes of the buffer at that address."""
    room = ctypes.create_string_buffer(most)
    count = extract(buffer, 0, ctypes.addressof(room), most)
    return room.raw[:count]


def taker(copied: bool) -> Callable[[int, int], int]:
    """What gives the buffer at an address a number (see :func:`stamp`) and takes hold of it: of the very one, or of a
    copy if that is wanted or the buffer is one of few. What it returns is for :meth:`Held.taken`.

    All of it in one function, and no more: it is called for each packet, between whiles in which all caches go cold.
    """
    ours, pool, at = _ours(), Buffer.pool.offset, c_void_p.from_address

    def take(buffer: int, number: int) -> int:
        if _writable(buffer):
            _add_stamp(buffer, ours, number, NO_TIME)
        if copied or at(buffer + pool).value:
            return int(_copy_deep(buffer))
        return ref(buffer)  # type: ignore[no-any-return]

    return take


class Held:
    """A buffer that is kept as long as this is: the very one, or a copy of it."""

    def __init__(self, buffer: int, copied: bool) -> None:
        self.address = int(_copy_deep(buffer) if copied else ref(buffer))

    @classmethod
    def taken(cls, address: int) -> "Held":
        """Of the one at that address, which nobody else lets go."""
        held = cls.__new__(cls)
        held.address = address
        return held

    def insert(self, data: bytes, place: int) -> None:
        """These bytes, behind the first ``place`` of it; whoever else has the buffer has it as it was."""
        before = self.address
        made = _new(None, len(data), None)
        _fill(made, 0, data, len(data))
        if place:
            made = _append(_copy_region(before, _MEMORY, 0, place), made)
        self.address = int(_append(made, _copy_region(before, _MEMORY, place, _WHOLE)))
        number = stamped(before)
        if number is not None:
            stamp(self.address, number)
        short_unref(before)

    def __del__(self) -> None:
        short_unref(self.address)

    def bytes(self) -> bytes:
        return beginning(self.address, buffer_size(self.address))

    def chain(self, pad: Any) -> None:
        """Give it, as it is, to the element that ``pad`` is a sink's of."""
        _pad_chain(address(pad), ref(self.address))

    def push(self, pad: Any, pts: int, dts: int, duration: int) -> int:
        """Push it, with these times, through ``pad``, a source's; GStreamer's word for how that went (0: well).

        Its memory is shared with what is pushed.
        """
        return int(_pad_push(address(pad), self._timed(pts, dts, duration)))

    def give(self, appsrc: Any, pts: int, dts: int, duration: int) -> int:
        """The same through an appsrc."""
        return int(_app_push(address(appsrc), self._timed(pts, dts, duration)))

    def _timed(self, pts: int, dts: int, duration: int) -> int:
        shared = int(_copy_region(self.address, _COPY_ALL, 0, _WHOLE))
        told = Buffer.from_address(shared)
        told.pts, told.dts, told.duration = pts, dts, duration
        return shared
