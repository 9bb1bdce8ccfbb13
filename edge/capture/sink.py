"""The end of a pipeline: how many pictures have come there, how large they are, and the newest of them on demand."""

from typing import Any, NamedTuple, Optional, Tuple

from ..wire.clock import monotonic_ns
from . import native
from .picture import Layout, LayoutReader, captured_ns

_MS = 1000000
_SECOND = 1000 * _MS
# A picture that waited less than this in the sink still counts as the next one.
_FRESH_NS = 12 * _MS


class Picture(NamedTuple):
    """``sample`` holds the bytes; it must be dropped soon, since a decoder has few of them. ``late``: it was kept back
    before it was decoded.
    """

    sample: native.Sample
    layout: Layout
    captured: int
    decoded: int
    late: bool = False


class Sink:
    """``element`` is the appsink of ``pipeline``, ``rate`` what thins pictures out in front of a scaler, if any, and
    ``origin`` the pad where pictures are as they were sent."""

    def __init__(self, pipeline: Any, element: Any, rate: Optional[Any], origin: Optional[Any] = None) -> None:
        self.layout: Optional[Layout] = None
        #: How long the last picture lasts, in nanoseconds.
        self.length = 0
        self._pipeline, self._element, self._rate = pipeline, element, rate
        self._pad = element.get_static_pad("sink")
        self._address = native.address(element)
        self._layouts = LayoutReader(origin)
        self._base_time = 0
        self._delay = 0
        self._counted: Optional[int] = None
        self._before = self._last_count = 0
        self._last = 0
        if element.find_property("stats") is None:
            # Before GStreamer 1.18 a sink keeps no statistics: there a probe counts the pictures that reach it.
            self._counted = 0
            native.each_buffer(self._pad, self._count)

    def _count(self, _buffer: int) -> int:
        assert self._counted is not None
        self._counted += 1
        return native.PASS

    @property
    def frames(self) -> int:
        """How many decoded pictures have come: here, or to what thins them out in front of the scaler."""
        if self._rate is not None:
            return int(self._rate.get_property("in"))
        if self._counted is not None:
            return self._counted
        # A sink forgets its numbers when a clip begins again.
        count = int(self._element.get_property("stats").get_value("rendered"))
        if count < self._last_count:
            self._before += self._last_count
        self._last_count = count
        return self._before + count

    @property
    def size(self) -> Optional[Tuple[int, int]]:
        """Width and height of the pictures that come now; None before the first."""
        caps = self._pad.get_current_caps()
        if caps is None:
            return None
        structure = caps.get_structure(0)
        return int(structure.get_int("width")[1]), int(structure.get_int("height")[1])

    def delay_by(self, nanoseconds: int) -> None:
        """What comes from now on is so much later."""
        self._pad.set_offset(self._pad.get_offset() + nanoseconds)

    def take(self, fresh: bool, timeout: float) -> Optional[Picture]:
        """The newest picture not taken yet, or None when none comes within ``timeout`` seconds.

        ``fresh``: one that waited is too old; the next is waited for.
        """
        sample = native.pull(self._address, 0)
        if sample is not None and not (fresh and self._waited(sample)):
            return self._picture(sample, waited=False)
        del sample  # its buffer goes back to the decoder before the wait
        sample = native.pull(self._address, int(timeout * 1e9))
        return None if sample is None else self._picture(sample, waited=True)

    def take_late(self, timeout: float, first: int, last: Optional[int]) -> Optional[Picture]:
        """The next picture within ``timeout`` seconds, of those that are decoded when they are wanted; None for one
        from before the time ``first`` or after ``last``.
        """
        sample = native.pull(self._address, int(timeout * 1e9))
        if sample is None:
            return None
        captured = captured_ns(sample, self._base(), monotonic_ns())
        if captured < first or (last is not None and captured > last):
            return None
        return self._picture(sample, waited=False)._replace(decoded=monotonic_ns(), late=True)

    def begin_again(self) -> None:
        """What comes next is from before what came last."""
        self._last = 0

    def _waited(self, sample: native.Sample) -> bool:
        """Whether this picture has been in the sink for longer than the next one is worth waiting for."""
        now = monotonic_ns()
        return now - captured_ns(sample, self._base(), now) - self._delay > _FRESH_NS

    def _base(self) -> int:
        if not self._base_time:
            self._base_time = int(self._pipeline.get_base_time())
        return self._base_time

    def _picture(self, sample: native.Sample, waited: bool) -> Picture:
        now = monotonic_ns()
        captured = captured_ns(sample, self._base(), now)
        if captured <= self._last < captured + _SECOND:
            captured = self._last + 1  # a decoder may give two the same time stamp, and this is a picture's name
        self._last = captured
        self.layout = self._layouts.read(sample)
        self.length = 0 if sample.duration == native.NO_TIME else sample.duration
        if waited:
            # The way through the decoder, smoothed: for a picture that was not waited for, it says when it came out.
            self._delay += (now - captured - self._delay) // 8 if self._delay else now - captured
        decoded = now if waited else min(now, captured + self._delay)
        return Picture(sample, self.layout, captured, decoded)
