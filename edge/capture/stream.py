"""One source's running pipeline: started once, watched, its newest picture taken on demand, then torn down.

A pipeline is never rebuilt here: a source that broke gets a new process, which leaks nothing and crashes nobody.
"""

import threading
from typing import Any, NamedTuple, Optional

from ..boards import Board
from ..errors import Ended, SourceError, Stalled, Unreachable, Unsupported
from ..wire.clock import monotonic_ns
from . import pipeline as describe
from .gst import Gst, build, exists, scaler, source_error
from .picture import Layout, LayoutReader, captured_ns
from .pipeline import Source

Gst.init(None)
_MS = 1000000
# A picture that waited less than this in the sink still counts as the next one.
_FRESH_NS = 12 * _MS
_NO_VIDEO = "it has no video stream"


class Picture(NamedTuple):
    """``buffer`` holds the bytes; it must be dropped soon, since a decoder has few of them."""

    buffer: Any
    layout: Layout
    captured: int
    decoded: int


class Stream:
    """Raises SourceError from any method when the source fails; it is then only good for :meth:`close`."""

    def __init__(self, source: Source, board: Board) -> None:
        self.source = source
        self.codec = ""
        self.decoder = ""
        self.layout: Optional[Layout] = None
        self._board = board
        self._layouts = LayoutReader()
        self._sink: Optional[Any] = None
        self._rate: Optional[Any] = None
        self._failure: Optional[SourceError] = None
        #: Something else than video is there.
        self._passed_over = False
        self._linking = threading.Lock()
        self._base_time = 0
        self._delay = 0
        self._looping = False
        #: How long the last picture lasts, in nanoseconds.
        self._length = 0
        self._counted = 0
        self._pipeline = Gst.Pipeline.new(None)
        self._bus = self._pipeline.get_bus()
        self._start()

    def _start(self) -> None:
        made = build(self._pipeline, describe.head(self.source))
        origin = made[-1]
        if origin.get_static_pad("src") is not None:
            self._link(origin.get_static_pad("src"))
        else:
            origin.connect("pad-added", self._pad_added)
            origin.connect("no-more-pads", self._no_more_pads)
            if origin.find_property("protocols") is not None:
                origin.connect("select-stream", self._select)
        looping = self.source.loop and not self.source.live
        if (
            self._pipeline.set_state(Gst.State.PAUSED if looping else Gst.State.PLAYING)
            == Gst.StateChangeReturn.FAILURE
        ):
            self.check()
            raise Unreachable("the pipeline does not start")
        self._looping = looping

    def _select(self, _source: Any, _number: int, caps: Any) -> bool:
        """Whether an RTP stream is asked for: sound is not. (At this point the caps have no proper name yet.)"""
        if _media(caps) in ("video", None):
            return True
        self._passed_over = True
        return False

    def _pad_added(self, _origin: Any, pad: Any) -> None:
        caps = pad.get_current_caps() or pad.query_caps(None)
        if not _is_video(caps):
            self._passed_over = True
            return
        with self._linking:
            if self._sink is not None or self._failure is not None:
                return
            self._link(pad)

    def _no_more_pads(self, _origin: Any) -> None:
        with self._linking:
            if self._sink is None and self._failure is None:
                self._failure = Unsupported(_NO_VIDEO)

    def _link(self, pad: Any) -> None:
        """Build what comes behind ``pad``. Runs in a thread of GStreamer's, so errors are kept for the main one."""
        try:
            structure = (pad.get_current_caps() or pad.query_caps(None)).get_structure(0)
            media = structure.get_name()
            self.codec = describe.codec_of(media, structure.get_string("encoding-name"))
            decoder = None if self.codec == "raw" else describe.choose_decoder(self._board, self.codec, exists)
            self.decoder = decoder.element if decoder else "none"
            rtp = media == "application/x-rtp"
            made = build(self._pipeline, describe.tail(self.source, self.codec, rtp, decoder, scaler()))
            if pad.link(made[0].get_static_pad("sink")) != Gst.PadLinkReturn.OK:
                raise Unsupported("its {} stream cannot be linked to {}".format(self.codec, made[0].get_name()))
            self._count_in(made[-1])
            for element in reversed(made):
                element.sync_state_with_parent()
            self._rate = self._pipeline.get_by_name("rate")
            self._sink = made[-1]
        except SourceError as error:
            self._failure = error

    def _count_in(self, sink: Any) -> None:
        """Before GStreamer 1.18 a sink keeps no statistics: there a probe counts the pictures that reach it."""
        if sink.find_property("stats") is None:

            def counted(_pad: Any, _info: Any) -> Any:
                self._counted += 1
                return Gst.PadProbeReturn.OK

            sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, counted)

    def check(self) -> None:
        """Look at the bus and raise what went wrong, if anything did."""
        if self._failure is not None:
            raise self._failure
        kinds = Gst.MessageType.ERROR | Gst.MessageType.EOS | Gst.MessageType.SEGMENT_DONE | Gst.MessageType.ASYNC_DONE
        while True:
            message = self._bus.timed_pop_filtered(0, kinds)
            if message is None:
                return
            if message.type == Gst.MessageType.ERROR:
                if self._failure is not None:
                    raise self._failure
                if self._sink is None and self._passed_over:
                    # GStreamer's own words are of a stream that nobody takes.
                    raise Unsupported(_NO_VIDEO)
                raise source_error(message, self.source.location)
            if message.type == Gst.MessageType.EOS:
                if self.source.live:
                    raise Stalled("the camera ended its stream")
                raise Ended("the file is over")
            if message.type == Gst.MessageType.ASYNC_DONE and self._looping:
                # The first seek needs a pipeline that has found its streams.
                self._looping = False
                self._seek(Gst.SeekFlags.FLUSH | Gst.SeekFlags.SEGMENT)
                self._pipeline.set_state(Gst.State.PLAYING)
            elif message.type == Gst.MessageType.SEGMENT_DONE:
                # Without a flush the clip goes on from its start as if it had been longer: times never step. Demuxers
                # end a segment where its last picture begins; what that one lasts is added here.
                pad = self._sink.get_static_pad("sink") if self._sink is not None else None
                if pad is not None:
                    pad.set_offset(pad.get_offset() + self._length)
                self._seek(Gst.SeekFlags.SEGMENT)

    def _seek(self, flags: Any) -> None:
        done = self._pipeline.seek(1.0, Gst.Format.TIME, flags, Gst.SeekType.SET, 0, Gst.SeekType.NONE, -1)
        if not done:
            raise Unsupported("this file cannot be looped (it cannot be searched)")

    @property
    def linked(self) -> bool:
        """Whether its video was found, so that :meth:`take` can wait for a picture."""
        return self._sink is not None

    @property
    def frames(self) -> int:
        """How many decoded pictures have come: to the sink, or to what thins them out in front of the scaler."""
        if self._sink is None:
            return 0
        if self._rate is not None:
            return int(self._rate.get_property("in"))
        if self._counted or self._sink.find_property("stats") is None:
            return self._counted
        return int(self._sink.get_property("stats").get_value("rendered"))

    def take(self, fresh: bool, timeout: float) -> Optional[Picture]:
        """The newest picture not taken yet, or None when none comes within ``timeout`` seconds.

        ``fresh``: one that waited is too old; the next is waited for.
        """
        sink = self._sink
        if sink is None:
            return None
        sample = sink.try_pull_sample(0)
        if sample is not None and not (fresh and self._waited(sample)):
            return self._picture(sample, waited=False)
        del sample  # its buffer goes back to the decoder before the wait
        sample = sink.try_pull_sample(int(timeout * 1e9))
        return None if sample is None else self._picture(sample, waited=True)

    def _waited(self, sample: Any) -> bool:
        """Whether this picture has been in the sink for longer than the next one is worth waiting for."""
        now = monotonic_ns()
        return now - captured_ns(sample, self._base(), now) - self._delay > _FRESH_NS

    def _base(self) -> int:
        if not self._base_time:
            self._base_time = int(self._pipeline.get_base_time())
        return self._base_time

    def _picture(self, sample: Any, waited: bool) -> Picture:
        now = monotonic_ns()
        captured = captured_ns(sample, self._base(), now)
        self.layout = self._layouts.read(sample)
        duration = sample.get_buffer().duration
        self._length = 0 if duration == Gst.CLOCK_TIME_NONE else duration
        if waited:
            # The way through the decoder, smoothed: for a picture that was not waited for, it says when it came out.
            self._delay += (now - captured - self._delay) // 8 if self._delay else now - captured
        decoded = now if waited else min(now, captured + self._delay)
        return Picture(sample.get_buffer(), self.layout, captured, decoded)

    def close(self, timeout: float) -> bool:
        """Tear down, within ``timeout`` seconds: the goodbye to a camera that is gone can block for ever."""
        thread = threading.Thread(target=self._pipeline.set_state, args=(Gst.State.NULL,), daemon=True)
        thread.start()
        thread.join(timeout)
        return not thread.is_alive()


def _media(caps: Any) -> Optional[str]:
    """What an RTP stream carries: ``video``, ``audio``, …"""
    media: Optional[str] = caps.get_structure(0).get_string("media")
    return media


def _is_video(caps: Any) -> bool:
    structure = caps.get_structure(0)
    name = structure.get_name()
    if name == "application/x-rtp":
        return _media(caps) == "video"
    return bool(name.startswith("video/") or name.startswith("image/"))
