"""What a stream knows of ``decode: on-activity``: the valve in front of its decoder, if it has one, and how pictures
that were kept back are taken.
"""

from time import monotonic, sleep
from typing import Any, Optional

from ..sink import Picture, Sink
from .switch import SECOND
from .valve import Valve

_RAW = "all its pictures are looked at: they come as they are, and there is nothing to decode"
#: How long a picture is waited for when the decoder, in hardware, has got its packet.
_HARDWARE_S = 0.015
#: What is to be decoded again begins with the next packet; how often that is looked for.
_TURN_S = 0.005
#: For so long it is gone on with at a time at least.
_LEAST_S = 0.05
#: Pictures are wanted a little earlier than their rate says: they do not come evenly.
_EARLY = 0.8


class Activity:
    """``wanted``: False for a stream whose pictures are all decoded."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        #: Pictures that were kept back, decoded later, and taken.
        self.late = 0
        self.valve: Optional[Valve] = None
        self._gate: Optional[Any] = None
        self._note = ""
        self._wait = 0.0
        self._taken = self._began = self._shown = 0.0
        #: ``captured`` of the last picture that was taken, and of the one before.
        self._last = self._before = 0

    @property
    def gate(self) -> Optional[Any]:
        """What looks for motion in pictures (a ``motion.gate.Gate``): it is told when sizes let guess that something
        happens, and while it is not quiet everything is decoded.
        """
        return self._gate

    @gate.setter
    def gate(self, gate: Optional[Any]) -> None:
        self._gate = gate
        if self.valve is not None:
            self.valve.signs.gate = gate

    def prepare(self, codec: str, copied: bool, paced: bool, hardware: bool) -> bool:
        """Whether there is to be a valve in front of the decoder of this codec's."""
        if self.wanted and codec == "raw":
            self._note = _RAW
        elif self.wanted:
            self.valve = Valve(codec, copied, paced)
            self.valve.signs.gate, self._wait = self._gate, _HARDWARE_S if hardware else 0.0
        return self.valve is not None

    def place(self, pipeline: Any, sink: Any) -> None:
        """``sink``: the element where pictures end. No packet has come yet."""
        if self.valve is not None:
            decoder, valve = (pipeline.get_by_name(name) for name in ("decoder", "valve"))
            self.valve.place(pipeline, valve, decoder, sink.get_static_pad("sink"))

    @property
    def note(self) -> str:
        """Why not less is decoded, where that is for good."""
        return self._note if self.valve is None else self.valve.switch.note

    @property
    def behind(self) -> bool:
        """Whether pictures that were kept back are to be taken before those that come."""
        return self.valve is not None and (self.valve.turning or self.valve.behind)

    def take(self, sink: Sink, fps: float, fresh: bool, timeout: float) -> Optional[Picture]:
        """As ``Sink.take``; what was kept back comes first, in order and ``fps`` of it a second."""
        valve, end = self.valve, monotonic() + timeout
        while valve is not None and valve.turning and monotonic() < end:
            sleep(_TURN_S)
        picture = None
        if valve is not None and (valve.turning or valve.behind):
            picture = None if valve.turning else self._take_late(valve, sink, fps, end)
        if picture is None and not self.behind:
            picture = sink.take(fresh, max(0.0, end - monotonic()))
        if picture is not None:
            self._before, self._last = self._last, picture.captured
        return picture

    def _take_late(self, valve: Valve, sink: Sink, fps: float, end: float) -> Optional[Picture]:
        if valve.back and self._began != valve.began:
            self._began = valve.began
            valve.begin_again()
            sink.begin_again()
        end = max(end, monotonic() + _LEAST_S)
        while valve.behind and monotonic() < end:
            more = valve.step()
            if not valve.next_wanted:
                continue
            picture = sink.take_late(self._wait if more else 0.0, valve.wanted, valve.fed if valve.back else None)
            if picture is not None:
                now = monotonic()
                passed = now - self._taken if self._taken > valve.began else 0.0
                valve.took(picture.captured, int(_EARLY / fps * SECOND), int(passed * SECOND))
                self.late, self._taken = self.late + 1, now
                return picture
        return None

    def again(self, picture: Picture) -> bool:
        """Motion was seen in this picture, and it was quiet up to it: whether what came since the one before comes
        again, this one too, from the next :meth:`take` on.
        """
        if self.valve is None or picture.late:
            return False
        return self.valve.again(self._before + 1)

    def blank(self, picture: Picture, motion: float) -> bool:
        """Whether this picture was kept back, and nothing moves in it or in those before: the sooner what happened is
        reached, the better.
        """
        if not picture.late or self.valve is None or self._shown == self.valve.began:
            return False
        if motion:
            self._shown = self.valve.began
        return not motion

    def close(self) -> None:
        if self.valve is not None:
            self.valve.close()
