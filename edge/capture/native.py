"""GStreamer's C functions by address, for what happens with every packet and every picture.

The binding takes 10 to 60 µs for what takes C a fraction of one: it wraps, copies and looks up. Layouts are those of
GStreamer 1's headers (gstbuffer.h, gstpad.h, gstvideometa.h), which its ABI keeps.
"""

import ctypes
from ctypes import POINTER, c_int, c_size_t, c_uint, c_uint64, c_void_p
from threading import get_ident
from typing import Any, Callable, List, Optional, Set

# A call through CDLL lets other threads of Python run meanwhile, which pays for what waits or copies; PyDLL does not.
GST = ctypes.CDLL("libgstreamer-1.0.so.0")
SHORT = ctypes.PyDLL("libgstreamer-1.0.so.0")
APP = ctypes.CDLL("libgstapp-1.0.so.0")
_video = ctypes.PyDLL("libgstvideo-1.0.so.0")

#: What a probe answers (GstPadProbeReturn).
DROP, PASS = 0, 1
NO_TIME = 2**64 - 1
_BUFFER, _BUFFER_LIST = 1 << 4, 1 << 5
_TIME = 3


def function(library: Any, name: str, result: Any, *arguments: Any) -> Any:
    found = getattr(library, name)
    found.restype, found.argtypes = result, arguments
    return found


_pull = function(APP, "gst_app_sink_try_pull_sample", c_void_p, c_void_p, c_uint64)
unref = function(GST, "gst_mini_object_unref", None, c_void_p)
ref = function(SHORT, "gst_mini_object_ref", c_void_p, c_void_p)
short_unref = function(SHORT, "gst_mini_object_unref", None, c_void_p)
_sample_buffer = function(SHORT, "gst_sample_get_buffer", c_void_p, c_void_p)
_sample_caps = function(SHORT, "gst_sample_get_caps", c_void_p, c_void_p)
_sample_segment = function(SHORT, "gst_sample_get_segment", c_void_p, c_void_p)
_running_time = function(SHORT, "gst_segment_to_running_time", c_uint64, c_void_p, c_int, c_uint64)
_caps_text = function(SHORT, "gst_caps_to_string", c_void_p, c_void_p)
_pad_caps = function(SHORT, "gst_pad_get_current_caps", c_void_p, c_void_p)
_free = function(SHORT, "g_free", None, c_void_p)
_extract = function(GST, "gst_buffer_extract", c_size_t, c_void_p, c_size_t, c_void_p, c_size_t)
#: ``extract(buffer, offset, to, count)``: copies its bytes to the address ``to``, and returns how many there were.
extract = function(SHORT, "gst_buffer_extract", c_size_t, c_void_p, c_size_t, c_void_p, c_size_t)
#: ``buffer_size(buffer)``
buffer_size = function(SHORT, "gst_buffer_get_size", c_size_t, c_void_p)
#: ``mark_reconfigure(pad)``: what the pad's peer said last is forgotten.
mark_reconfigure = function(SHORT, "gst_pad_mark_reconfigure", None, c_void_p)
_list_length = function(SHORT, "gst_buffer_list_length", c_uint, c_void_p)
_list_get = function(SHORT, "gst_buffer_list_get", c_void_p, c_void_p, c_uint)
# Python makes what it needs in a thread of GStreamer's anew for each call, which takes longer than the call does,
# unless that has been asked for once before and never given back.
_stay = ctypes.pythonapi.PyGILState_Ensure


class _MiniObject(ctypes.Structure):
    _fields_ = [
        ("type", c_size_t), ("refcount", c_int), ("lockstate", c_int), ("flags", c_uint), ("copy", c_void_p),
        ("dispose", c_void_p), ("free", c_void_p), ("priv_uint", c_uint), ("priv_pointer", c_void_p),
    ]  # fmt: skip


class Buffer(ctypes.Structure):
    _fields_ = [
        ("mini_object", _MiniObject), ("pool", c_void_p), ("pts", c_uint64), ("dts", c_uint64), ("duration", c_uint64)
    ]  # fmt: skip


class VideoMeta(ctypes.Structure):
    """Where a picture's planes lie in its buffer: of each its offset and stride in bytes."""

    _fields_ = [
        ("meta_flags", c_uint), ("info", c_void_p), ("buffer", c_void_p), ("flags", c_uint), ("format", c_int),
        ("id", c_int), ("width", c_uint), ("height", c_uint), ("n_planes", c_uint), ("offset", c_size_t * 4),
        ("stride", c_int * 4),
    ]  # fmt: skip


class _ProbeInfo(ctypes.Structure):
    _fields_ = [("type", c_uint), ("id", ctypes.c_ulong), ("data", c_void_p)]


# The callback's second argument is a GstProbeInfo's address; to wrap that in its type takes as long as the rest.
_PROBE = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p)
_DATA = _ProbeInfo.data.offset
_add_probe = function(GST, "gst_pad_add_probe", ctypes.c_ulong, c_void_p, c_uint, _PROBE, c_void_p, c_void_p)
_remove_probe = function(GST, "gst_pad_remove_probe", None, c_void_p, ctypes.c_ulong)
_video_meta = function(_video, "gst_buffer_get_video_meta", POINTER(VideoMeta), c_void_p)


def address(wrapped: Any) -> int:
    """Where what a wrapper of the binding stands for lies: it is the wrapper's hash, of objects and of boxed types."""
    return hash(wrapped)


def pts(buffer: int) -> int:
    """The time stamp of the buffer at that address, in nanoseconds; NO_TIME where it has none."""
    return int(Buffer.from_address(buffer).pts)


class Sample:
    """A picture of an appsink's, held as long as this is. ``buffer`` and ``caps`` are addresses."""

    def __init__(self, held: int) -> None:
        self._held = held
        self.buffer = int(_sample_buffer(held))
        self.caps = int(_sample_caps(held) or 0)
        told = Buffer.from_address(self.buffer)
        #: Time stamp and length in nanoseconds; NO_TIME where the stream does not say.
        self.pts, self.duration = int(told.pts), int(told.duration)

    def __del__(self) -> None:
        unref(self._held)

    @property
    def size(self) -> int:
        """Bytes of the picture."""
        return int(buffer_size(self.buffer))

    @property
    def running_time(self) -> int:
        """When it is to be shown, in nanoseconds since the pipeline began; NO_TIME where the stream does not say."""
        if self.pts == NO_TIME:
            return NO_TIME
        return int(_running_time(_sample_segment(self._held), _TIME, self.pts))

    @property
    def meta(self) -> Optional[VideoMeta]:
        """Valid as long as this is held; None for the layout that its caps imply."""
        found = _video_meta(self.buffer)
        return found.contents if found else None

    def bytes(self) -> bytes:
        room = ctypes.create_string_buffer(self.size)
        count = self.copy(ctypes.addressof(room), len(room))
        return room.raw[:count]

    def copy(self, to: int, room: int) -> int:
        """Copy its bytes to the address ``to`` (``room`` bytes there), and return how many they were."""
        return int(_extract(self.buffer, 0, to, room))


def pull(appsink: int, timeout_ns: int) -> Optional[Sample]:
    """The next picture of the appsink at that address; None when none comes in that time."""
    held = _pull(appsink, timeout_ns)
    return Sample(held) if held else None


class Caps:
    """Caps that are kept, so that their address is theirs as long as this lives."""

    def __init__(self, address: int, owned: bool = False) -> None:
        self.address = address
        if not owned:
            ref(address)

    def __del__(self) -> None:
        short_unref(self.address)

    @property
    def text(self) -> str:
        found = _caps_text(self.address)
        try:
            return ctypes.string_at(found).decode("utf-8", "replace")
        finally:
            _free(found)


def pad_caps(pad: int) -> Optional[Caps]:
    """The caps that the pad at that address has now."""
    found = _pad_caps(pad)
    return Caps(found, owned=True) if found else None


def has_caps(pad: int, caps: int) -> bool:
    """Whether the caps that the pad at that address has now are those at ``caps``."""
    found = _pad_caps(pad)
    if found:
        short_unref(found)
    return bool(found == caps)


class Probe:
    """Calls ``look`` with the address of each buffer that passes ``pad``, in its thread; it answers DROP or PASS.

    Buffers that come as a list stay or go together. It begins with :meth:`add`.
    """

    def __init__(self, pad: Any, look: Callable[[int], int]) -> None:
        known: Set[int] = set()
        at = c_void_p.from_address
        self._pad = pad
        self._added: List[int] = []

        def single(_pad: int, info: int, _data: int) -> int:
            if get_ident() not in known:
                known.add(get_ident())
                _stay()
            return look(at(info + _DATA).value or 0)

        def several(_pad: int, info: int, _data: int) -> int:
            buffers = at(info + _DATA).value
            return min((look(_list_get(buffers, n)) for n in range(_list_length(buffers))), default=PASS)

        self._callbacks = [(kind, _PROBE(called)) for kind, called in ((_BUFFER, single), (_BUFFER_LIST, several))]
        for _kind, callback in self._callbacks:
            # GStreamer may call it until the process ends.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(callback))

    def add(self) -> None:
        if not self._added:
            self._added = [_add_probe(address(self._pad), k, callback, None, None) for k, callback in self._callbacks]

    def remove(self) -> None:
        """A buffer that passes at this moment may still be looked at."""
        for number in self._added:
            _remove_probe(address(self._pad), number)
        self._added = []

    def close(self) -> None:
        """It is gone with all that it held. Only once nothing flows through the pad any more, and only once."""
        self.remove()
        for _kind, callback in self._callbacks:
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(callback))
        self._callbacks = []


def each_buffer(pad: Any, look: Callable[[int], int]) -> None:
    """A :class:`Probe` that stays."""
    Probe(pad, look).add()
