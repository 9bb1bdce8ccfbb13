"""One source's running pipeline: started once, watched, its newest picture taken on demand, then torn down.

A pipeline is never rebuilt here: a source that broke gets a new process, which leaks nothing and crashes nobody.
"""

import threading
from typing import Any, Optional, Sequence, Set, Tuple

from ..boards import Board
from ..errors import BrokenDecoder, SourceError, Unreachable, Unsupported
from . import pads
from .activity.activity import Activity
from .behind import behind, packets
from .device import take_form
from .finder import Finder
from .gst import Gst, build, exists, read_error, scaler
from .guard import guard, push_on
from .loop import Loop
from .pace import hold_pace
from .picture import Layout
from .pipeline import Parts, choose_decoder, codec_of, tail
from .ring.buffer import numbered
from .ring.packet import Record
from .ring.ring import Ring
from .ring.tap import Tap
from .sink import Picture, Sink
from .source import Source, head
from .trouble import Trouble

Gst.init(None)
_GIVE_UP_S = 1.0
_Record = Optional[Record]


class Stream:
    """Raises SourceError from any method when the source fails; it is then only good for :meth:`close`.

    ``avoid``: decoders that have failed before. ``record``: what is kept; pictures that come raw are kept only if that
    is said here. ``on_activity``: while nothing happens only key pictures are decoded; see ``activity``.
    """

    def __init__(
        self, source: Source, board: Board, avoid: Sequence[str] = (), record: _Record = None, on_activity: bool = False
    ) -> None:
        self.source = source
        self.codec = ""
        self.decoder = ""
        self._note = ""
        self._memory = ""  # where pictures are before they are brought to system memory, as it was asked for
        self._board, self._avoid = board, avoid
        self._sink: Optional[Sink] = None
        self._behind: Set[str] = set()  # the names of the elements behind the source's pad
        self._beside: Set[str] = set()  # and of those that keep pictures, without which it goes on
        self._trouble = Trouble(source)
        #: The last seconds of it as it was sent, where that is asked for (:meth:`keep`).
        self.ring = Ring()
        self._tap = Tap(self.ring, copied=source.kind == "usb")
        self._tap.keep(record)
        self.activity = Activity(on_activity)
        self._over = False  # a clip that is to begin again is over
        self._pipeline = Gst.Pipeline.new(None)
        self._loop = Loop(self._pipeline, source.loop and not source.live)
        self._bus = self._pipeline.get_bus()
        try:
            self._start()
        except SourceError:
            self.close(_GIVE_UP_S)  # who tries again needs the device
            raise

    def _start(self) -> None:
        made = build(self._pipeline, head(self.source, self._board))
        origin = made[-1]
        if self.source.kind == "usb":
            origin = take_form(self._pipeline, origin, self.source, self.check)
        Finder(self._trouble, self._link).look(origin)
        if self._pipeline.set_state(self._loop.first_state) == Gst.StateChangeReturn.FAILURE:
            self.check()
            raise Unreachable("the pipeline does not start")

    def _link(self, pad: Any) -> None:
        """Build what comes behind ``pad``. Runs in a thread of GStreamer's, so errors are kept for the main one."""
        try:
            caps = pads.caps(pad)
            structure = caps.get_structure(0)
            media = structure.get_name()
            self.codec = codec_of(media, structure.get_string("encoding-name"))
            self._memory = pads.memory(caps)
            decoder, self.decoder = None, "none"
            if self.codec != "raw":
                decoder, self._note = choose_decoder(self._board, self.codec, exists, self._avoid)
                self.decoder, self._memory, self.ring.numbered = decoder.element, decoder.memory, numbered(decoder)
            parts, rtp = Parts(self._board, scaler(), exists), media == "application/x-rtp"
            valve = self.activity.prepare(
                self.codec, self.source.kind == "usb", self.source.paced, bool(decoder and decoder.memory)
            )
            elements = tail(self.source, self.codec, rtp, decoder, parts, self._memory, valve)
            keep = self.ring.record is not None and decoder is None
            found = behind(self._pipeline, elements, keep, self.source, parts)
            made, self._note = found.line, self._note or found.note
            hold_pace(self._pipeline, self.source.fps)
            if pad.link(made[0].get_static_pad("sink")) != Gst.PadLinkReturn.OK:
                raise Unsupported("its {} stream cannot be linked to {}".format(self.codec, made[0].get_name()))
            if rtp:
                guard(pad, self.codec)
                push_on(self._pipeline.get_by_name("ignore"))
            self._behind, self._beside = ({e.get_name() for e in some} for some in (found.line, found.others))
            # In software what scales converts as well, and tells of it in its caps; anything else keeps the numbers.
            kept = self._in_hardware or " " in parts.scaler
            sink = Sink(self._pipeline, made[-1], self._pipeline.get_by_name("rate"), self._origin if kept else None)
            for place in packets(self._pipeline, caps):
                self._tap.place(self._pipeline, place.pad, made[-1].get_static_pad("sink"), place.headers)
            self.activity.place(self._pipeline, made[-1])
            for element in reversed(found.all):
                element.sync_state_with_parent()
            self._sink = sink
        except SourceError as error:
            self._trouble.failure = error

    def check(self) -> None:
        """Look at the bus and raise what went wrong, if anything did."""
        self._trouble.raise_found()
        kinds = Gst.MessageType.ERROR | Gst.MessageType.EOS | Gst.MessageType.SEGMENT_DONE | Gst.MessageType.ASYNC_DONE
        while True:
            message = self._bus.timed_pop_filtered(0, kinds)
            if message is None:
                break
            if message.type == Gst.MessageType.ERROR:
                self._heed(message)
            elif message.type == Gst.MessageType.EOS:
                raise self._trouble.ended(self.frames)
            elif message.type == Gst.MessageType.ASYNC_DONE:
                self._loop.found()
            elif message.type == Gst.MessageType.SEGMENT_DONE:
                self._over = True
        if self._over and not self.activity.behind:
            self._over = False
            self._loop.over(self._sink)

    def _heed(self, message: Any) -> None:
        """Raise what an error means, if that is known and the stream cannot go on after it."""
        name = message.src.get_name()
        if name in self._beside:
            self._note = self._note or "its pictures cannot be kept: {}".format(read_error(message))
            return
        if name == "decoder" and self._memory and not self.frames and self._trouble.failure is None:
            raise BrokenDecoder(self.decoder, "does not work here: {}".format(read_error(message)))
        self._trouble.heed(message, self._sink is not None, name in self._behind, self.frames)

    def nothing_came(self, seconds: float) -> None:
        """So long there was no picture: raise what that means, now or from a :meth:`check` soon."""
        decoder = self._pipeline.get_by_name("decoder")
        # A parser tells a decoder what comes when it has found that in the data.
        fed = decoder is not None and pads.current(decoder.get_static_pad("sink")) is not None
        if self._memory and fed and not self.frames:
            raise BrokenDecoder(self.decoder, "takes what comes and gives no picture for {:g} s".format(seconds))
        self._trouble.nothing_came(seconds, self.frames)

    def keep(self, record: _Record) -> None:
        """From now on so much of the stream is kept in the ring; None: nothing."""
        self._tap.keep(record)

    def set_fps(self, fps: float) -> None:
        """From now on no more than so many pictures a second are scaled."""
        self.source = self.source._replace(fps=fps)
        hold_pace(self._pipeline, self.source.fps)

    @property
    def _origin(self) -> Optional[Any]:
        """The pad where pictures are as the camera sent them."""
        element = self._pipeline.get_by_name("decoder") or self._pipeline.get_by_name("source")
        return None if element is None else element.get_static_pad("src")

    @property
    def memory(self) -> str:
        """NVMM or CUDA where pictures leave the decoder in the hardware's memory, which proves that it decodes."""
        return pads.memory(pads.current(self._origin))

    @property
    def woven(self) -> bool:
        """Whether pictures are two fields in one, and stay that way: no hardware here takes them apart."""
        caps = pads.current(self._origin)
        return self._in_hardware and caps is not None and pads.interlaced(caps)

    @property
    def _in_hardware(self) -> bool:
        """Whether hardware decodes, or at least scales what comes."""
        return bool(self._memory) or self._pipeline.get_by_name("converter") is not None

    @property
    def gpu_opens(self) -> bool:
        """Whether the camera's video is there, and a GPU's decoder has given no picture of it yet."""
        return self._memory == "CUDA" and not self.frames

    @property
    def linked(self) -> bool:
        """Whether its video was found, so that :meth:`take` can wait for a picture."""
        return self._sink is not None

    @property
    def frames(self) -> int:
        """How many pictures have come, of which the decoder makes something: 0 until the first is decoded."""
        decoded, valve = 0 if self._sink is None else self._sink.frames, self.activity.valve
        return decoded if valve is None or not decoded else valve.alive

    @property
    def packets(self) -> int:
        """How many pictures have come encoded."""
        valve = self.activity.valve
        return (0 if self.codec == "raw" else self.frames) if valve is None else valve.packets

    @property
    def decoded(self) -> int:
        """And how many of them were decoded."""
        return self.frames if self.activity.valve is None else self.activity.valve.decoded

    @property
    def note(self) -> str:
        """What is not as good as it could be."""
        return "; ".join(words for words in (self._note, self.activity.note) if words)

    @property
    def layout(self) -> Optional[Layout]:
        """Of the picture that was taken last."""
        return None if self._sink is None else self._sink.layout

    @property
    def size(self) -> Optional[Tuple[int, int]]:
        """Width and height of the pictures that come now; None before the first."""
        return None if self._sink is None else self._sink.size

    def take(self, fresh: bool, timeout: float) -> Optional[Picture]:
        """The newest picture not taken yet, as :meth:`Sink.take` gives it; None before there is video."""
        sink = self._sink
        return None if sink is None else self.activity.take(sink, self.source.fps, fresh, timeout)

    def close(self, timeout: float) -> bool:
        """Tear down, within ``timeout`` seconds: it can block for ever. Whether it was done in time."""
        self.activity.close()
        thread = threading.Thread(target=self._pipeline.set_state, args=(Gst.State.NULL,), daemon=True)
        thread.start()
        thread.join(timeout)
        return not thread.is_alive()
