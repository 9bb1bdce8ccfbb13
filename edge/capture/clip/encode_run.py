"""A short pipeline beside the camera's own, for one clip: bounded in time, polite, and gone after it."""

import os
import threading
from typing import Any, List, Optional, Sequence

from ...errors import Unsupported
from .. import native
from ..bound import Bound
from ..element import Element
from ..evidence_fault import EvidenceError
from ..gst import Gst, build, read_error
from ..ring.buffer import Held

_LOOK_NS = 20 * 1000000
_GIVE_UP_S = 2.0
_POLITE = 10
_OK = 0


class Run:
    """Use as a context manager. What takes longer than to one of ``bounds`` is an EvidenceError.

    ``elements``: in a row; appsrc and appsink are found as the first and the last of them.
    """

    def __init__(self, elements: List[Element], bounds: Sequence[Bound]) -> None:
        self._bounds = bounds
        self._pipeline = Gst.Pipeline.new(None)
        self._bus = self._pipeline.get_bus()
        self._over = False
        try:
            self.made = build(self._pipeline, elements)
        except Unsupported as error:
            raise EvidenceError(str(error)) from None
        self._sink = native.address(self.made[-1])
        self._bus.set_sync_handler(_polite, None)

    def __enter__(self) -> "Run":
        self._pipeline.set_state(Gst.State.PLAYING)
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.set_sync_handler(None, None)
        # It can block for ever where a driver does.
        thread = threading.Thread(target=self._pipeline.set_state, args=(Gst.State.NULL,), daemon=True)
        thread.start()
        thread.join(_GIVE_UP_S)

    def share(self, held: Held, pts: int, dts: int, duration: int) -> None:
        """Push a coded picture under other times. Its bytes are not copied."""
        if held.give(self.made[0], pts, dts, duration) != _OK:
            self.look()
            raise EvidenceError("it is not taken by {}".format(_factory(self.made[1])))

    def push(self, data: bytes, pts: int, duration: int) -> None:
        """Push a picture, as soon as there is room for it."""
        source = self.made[0]
        while source.get_property("current-level-bytes") >= source.get_property("max-bytes"):
            self.look(_LOOK_NS)
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts, buffer.dts, buffer.duration = pts, pts, duration
        if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
            self.look()
            raise EvidenceError("a picture is not taken by {}".format(_factory(self.made[1])))

    def end(self) -> None:
        """Nothing more is pushed."""
        self.made[0].emit("end-of-stream")

    def pull(self) -> Optional[native.Sample]:
        """The next of the appsink; None at the end."""
        while True:
            sample = native.pull(self._sink, _LOOK_NS)
            if sample is not None:
                return sample
            self.look()
            if self._over:
                # What came before the end may still be there.
                return native.pull(self._sink, 0)

    def finish(self) -> None:
        """Wait until everything has gone through."""
        while not self._over:
            self.look(_LOOK_NS)

    def look(self, wait_ns: int = 0) -> None:
        """Raise what went wrong, if anything did."""
        kinds = Gst.MessageType.ERROR | Gst.MessageType.EOS
        message = self._bus.timed_pop_filtered(wait_ns, kinds)
        if message is not None and message.type == Gst.MessageType.ERROR:
            # Where it failed, and as what: never a word of the stream's own.
            raise EvidenceError("{}: {}".format(_factory(message.src), read_error(message)))
        self._over = self._over or message is not None
        if any(bound.past for bound in self._bounds):
            raise EvidenceError("it was not done in time")


def _factory(element: Any) -> str:
    factory = element.get_factory() if hasattr(element, "get_factory") else None
    return str(factory.get_name() if factory is not None else element.get_name())


def _polite(_bus: Any, message: Any, _data: Any) -> Any:
    """Runs in each thread of the pipeline's as it begins: the camera's own threads come first."""
    if message.type == Gst.MessageType.STREAM_STATUS and message.parse_stream_status()[0] == Gst.StreamStatusType.ENTER:
        be_polite()
    return Gst.BusSyncReply.PASS


def be_polite() -> None:
    """The calling thread gets the processor when nobody else wants it that urgently."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _POLITE)  # Linux: of the thread alone
    except OSError:
        pass
