"""A few elements in a row that what is pushed goes through in the thread that pushes it: no thread of its own, so that
one thread's politeness and patience are all that count.
"""

import threading
from typing import Any, List, Optional

from ...errors import Unsupported
from .. import native
from ..element import Element
from ..evidence_fault import EvidenceError
from ..gst import Gst, build, read_error
from ..ring.buffer import Held

_GIVE_UP_S = 2.0
_SINK = (("sync", False), ("async", False), ("max-buffers", 0), ("qos", False), ("wait-on-eos", False))


class Line:
    """``caps``: of what is pushed. Behind ``elements`` comes a sink that keeps all. Raises EvidenceError."""

    def __init__(self, elements: List[Element], caps: str) -> None:
        self._pipeline = Gst.Pipeline.new(None)
        try:
            self.made = build(self._pipeline, [*elements, Element("appsink", _SINK, "sink")])
        except Unsupported as error:
            raise EvidenceError(str(error)) from None
        self._sink = native.address(self.made[-1])
        self._pad = Gst.Pad.new("feed", Gst.PadDirection.SRC)
        self._pad.set_active(True)
        self._pad.link(self.made[0].get_static_pad("sink"))
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            words = self.trouble() or "{} does not start".format(self.made[0].get_name())
            self.close()
            raise EvidenceError(words)
        self._pad.push_event(Gst.Event.new_stream_start("past"))
        self.set_caps(caps)
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self._pad.push_event(Gst.Event.new_segment(segment))

    def element(self, name: str) -> Any:
        return self._pipeline.get_by_name(name)

    def set_caps(self, caps: str) -> None:
        """Of what is pushed from now on."""
        self._pad.push_event(Gst.Event.new_caps(Gst.Caps.from_string(caps)))

    def push(self, held: Held, pts: int, dts: int, duration: int) -> None:
        """What an element says to it is not asked: one that cannot decode a packet may still decode the next."""
        held.push(self._pad, pts, dts, duration)

    def push_bytes(self, data: bytes) -> None:
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = 0
        self._pad.push(buffer)

    def end(self) -> None:
        """What is still on its way comes out."""
        self._pad.push_event(Gst.Event.new_eos())

    def pull(self, timeout: float) -> Optional[native.Sample]:
        """The next that came out; None after the last."""
        return native.pull(self._sink, int(timeout * 1e9))

    @property
    def over(self) -> bool:
        """Whether the last has come out, and was pulled."""
        return bool(self.made[-1].get_property("eos"))

    def trouble(self) -> str:
        """What went wrong, in the elements' own words; empty when nothing did."""
        message = self._pipeline.get_bus().timed_pop_filtered(0, Gst.MessageType.ERROR)
        return "" if message is None else str(read_error(message))

    def close(self) -> bool:
        """It can block for ever where a driver does; that is left behind. Whether nothing flows in it any more."""
        self._pad.set_active(False)
        thread = threading.Thread(target=self._pipeline.set_state, args=(Gst.State.NULL,), daemon=True)
        thread.start()
        thread.join(_GIVE_UP_S)
        return not thread.is_alive()
