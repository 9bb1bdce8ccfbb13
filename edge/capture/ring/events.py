"""What a stream says of the packets that come next: their caps, and where their time stamps lie."""

import ctypes
from ctypes import c_int, c_int64, c_uint, c_uint64, c_void_p
from typing import Any, Callable, Optional

from ..native import GST, PASS, SHORT, Caps, address, function, pad_caps, short_unref

# GstPadProbeType; GstEventType, which stands behind the 64 bytes that every event begins with.
_EVENTS = 1 << 6
_STREAM_START, _CAPS, _SEGMENT, _EOS = 10254, 12814, 17934, 28174
_TYPE = 64
# Where a GstPadProbeInfo has what passes.
_DATA = 16

_PROBE = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p)
_add_probe = function(GST, "gst_pad_add_probe", ctypes.c_ulong, c_void_p, c_uint, _PROBE, c_void_p, c_void_p)
_sticky = function(SHORT, "gst_pad_get_sticky_event", c_void_p, c_void_p, c_uint, c_uint)
_send_event = function(GST, "gst_pad_send_event", c_int, c_void_p, c_void_p)
_parse_caps = function(SHORT, "gst_event_parse_caps", None, c_void_p, c_void_p)
_parse_segment = function(SHORT, "gst_event_parse_segment", None, c_void_p, c_void_p)
_base_time = function(SHORT, "gst_element_get_base_time", c_uint64, c_void_p)
_pad_offset = function(SHORT, "gst_pad_get_offset", c_int64, c_void_p)


class _Segment(ctypes.Structure):
    _fields_ = [
        ("flags", c_uint), ("rate", ctypes.c_double), ("applied_rate", ctypes.c_double), ("format", c_int),
        ("base", c_uint64), ("offset", c_uint64), ("start", c_uint64),
    ]  # fmt: skip


def each_change(
    pad: Any, caps: Callable[[Caps], None], segment: Callable[[int], None], end: Callable[[], None] = lambda: None
) -> None:
    """Calls these with what holds at ``pad`` now, and then with each that comes, before the packets it is of.

    ``segment`` gets an event's address; ``end`` is called when no more packets come. They are called in the packets'
    thread, which so far does not run.
    """

    def look(_pad: int, info: int, _data: int) -> int:
        event = c_void_p.from_address(info + _DATA).value or 0
        kind = c_uint.from_address(event + _TYPE).value
        if kind == _CAPS:
            place = c_void_p()
            _parse_caps(event, ctypes.addressof(place))
            caps(Caps(place.value or 0))
        elif kind == _SEGMENT:
            segment(event)
        elif kind == _EOS:
            end()
        return PASS

    now = pad_caps(address(pad))
    if now is not None:
        caps(now)
    event = _sticky(address(pad), _SEGMENT, 0)
    if event is not None:
        segment(event)
        short_unref(event)
    callback = _PROBE(look)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))  # GStreamer may call it until the process ends
    _add_probe(address(pad), _EVENTS, callback, None, None)


def begin_again(pad: Any) -> None:
    """Tell a decoder, whose sink ``pad`` is, that what comes next is no continuation: it gives what it still has, and
    times may step back.
    """
    for kind in (_STREAM_START, _SEGMENT):
        event = _sticky(address(pad), kind, 0)
        if event is not None:
            _send_event(address(pad), event)


class Timeline:
    """From the time stamps at a pad to CLOCK_MONOTONIC, as pictures at the end of the pipeline have it.

    ``sink``: the pad at that end, whose offset counts too.
    """

    def __init__(self, pipeline: Any, sink: Any) -> None:
        self._kept = (pipeline, sink)
        self._pipeline, self._sink = address(pipeline), address(sink)
        self._base: Optional[int] = None

    @property
    def base(self) -> int:
        """Where running time 0 lies; 0 until the pipeline plays."""
        if not self._base:
            self._base = int(_base_time(self._pipeline))
        return self._base

    def shift(self, event: int) -> int:
        """From time stamps to running time, in the segment that this event begins."""
        place = c_void_p()
        _parse_segment(event, ctypes.addressof(place))
        segment = _Segment.from_address(place.value or 0)
        return int(segment.base) - int(segment.start) - int(segment.offset) + int(_pad_offset(self._sink))
