"""The place in front of the decoder where packets are handed on, kept back, or let go.

Packets come in a thread of GStreamer's, which never waits for anybody here. Once something happens, what was kept back
and what comes meanwhile goes to the decoder from :meth:`Valve.step`, called by whoever takes pictures, and only as fast
as they are taken: so no picture of it is passed over. When that has caught up, packets pass straight on again.
"""

import threading
from collections import deque
from time import monotonic, sleep
from typing import Any, Deque, Optional

from ...wire.clock import monotonic_ns
from .. import native
from ..ring.buffer import Held, beginning, head
from ..ring.events import Timeline, begin_again, each_change
from .kinds import FRONT, FRONT_KEY, Kinds
from .pace import Pace
from .past import Kept, Past
from .signs import Signs
from .switch import HAND, LOSE, Switch

#: Nobody has taken any of what was kept back for so long, or it is so much: what comes goes first.
_PATIENCE_S, _MOST_BYTES, _MOST_PACKETS = 4.0, 48000000, 3000
#: How long the end of a stream, or other caps, wait for what was kept back to be taken; in such steps.
_BEFORE_CHANGE_S, _STEP_S = 2.0, 0.01
#: So many packets in a row have given no picture: the decoder does not work.
_UNANSWERED = 60


class Valve:
    """``copied``: the source has few buffers and waits for each. ``paced``: packets come before their time."""

    def __init__(self, codec: str, copied: bool, paced: bool) -> None:
        #: What else tells whether something happens.
        self.signs = Signs()
        #: Packets that have come, and that the decoder was given.
        self.packets = self.decoded = 0
        #: How many had come when the decoder last made pictures of those that it gets.
        self.alive = 0
        #: What was kept back is being decoded; pictures from this time on (``captured``) are wanted.
        self.behind = False
        self.wanted = 0
        #: When it began to be, in seconds of the monotonic clock.
        self.began = 0.0
        #: It is behind with pictures from before some that were taken; the latest that the decoder has got of them.
        self.back = False
        self.fed = 0
        #: Whether only key pictures are decoded (``quiet``), or why not.
        self.switch = Switch(whole=codec == "jpeg")
        self._kinds = Kinds(codec)
        self._copied, self._paced, self._stream = copied, paced, True
        self._pace = Pace()
        self._lock = threading.Lock()
        self._kept: Deque[Kept] = deque()
        self._bytes = 0
        self._past = Past()
        #: From this time on everything is to be decoded again; the packets' thread begins with it.
        self._again: Optional[int] = None
        self._feeding = threading.Lock()  # held for each packet that :meth:`step` gives to the decoder
        self._unanswered = 0
        self._stepped = 0.0
        self._shift = 0
        self._closed = False
        self._pad: Any = None
        self._timeline: Optional[Timeline] = None

    def place(self, pipeline: Any, valve: Any, decoder: Any, sink: Any) -> None:
        """``valve``: the element whose source's pad is the place; ``decoder``: the one behind it; ``sink``: the pad
        where pictures end.
        """
        self._timeline = Timeline(pipeline, sink)
        self._pad = decoder.get_static_pad("sink")
        pad = valve.get_static_pad("src")
        each_change(pad, self._set_caps, self._set_segment, self._drain)
        native.each_buffer(pad, self._look)
        native.each_buffer(decoder.get_static_pad("src"), self._came_out)

    # ---- in threads of GStreamer's --------------------------------------------------------------------------------

    def _look(self, buffer: int) -> int:
        assert self._timeline is not None
        of = head(buffer)
        base = self._timeline.base
        captured = monotonic_ns() if of.pts == native.NO_TIME else base + of.pts + self._shift
        if self._paced and base:
            self._pace.wait(captured if of.dts == native.NO_TIME else base + of.dts + self._shift)
        seen = self._kinds.look(beginning(buffer, FRONT_KEY if of.key else FRONT), self._stream, of.key)
        with self._lock:
            self.packets += 1
            if self._unanswered <= _UNANSWERED:
                self.alive = self.packets
            if self._again is not None:
                self._go_back(self._again)
            was_quiet = self.switch.quiet
            busy, learn = self.signs.look(self.switch)
            found = self.switch.packet(seen, of.size, captured, busy or self.behind, learn)
            if self.switch.happens:
                self.signs.tell()
            if found == LOSE:
                return native.DROP
            if not self.behind:
                if was_quiet and self.switch.at_key:
                    self._clear()
                self._past.goes(self.switch, was_quiet)
            if was_quiet and not (self.behind or self.switch.quiet) and self._kept:
                self._fall_behind(self.switch.since)
            kept: Optional[Kept] = None
            if self._past.wanted or found != HAND or self.behind:
                kept = Kept(Held(buffer, self._must_copy(buffer)), captured, self.switch.at_key, of.size)
                self._past.add(kept)
            if found == HAND and not self.behind:
                self._handed()
                return native.PASS
            assert kept is not None
            self._kept.append(kept)
            self._bytes += of.size
            late = self.behind and monotonic() - self._stepped > _PATIENCE_S
            too_late = late or self._bytes > _MOST_BYTES or len(self._kept) > _MOST_PACKETS
        if self.behind and too_late:
            self._give_up()
        return native.DROP

    def _fall_behind(self, wanted: int) -> None:
        self.behind, self.wanted, self.fed = True, wanted, 0
        self.began = self._stepped = monotonic()

    def _go_back(self, wanted: int) -> None:
        self._kept = deque(self._past.packets)
        self._bytes = sum(kept.size for kept in self._kept)
        self._past.forget()
        self._again = None
        if self._kept:
            self._fall_behind(wanted)
            self.back = True

    def _must_copy(self, buffer: int) -> bool:
        return self._copied or bool(native.Buffer.from_address(buffer).pool)

    def _came_out(self, buffer: int) -> int:
        self._unanswered = 0
        shown = native.pts(buffer)
        if self._timeline is not None and shown != native.NO_TIME:
            shown += self._timeline.base + self._shift
        self.switch.came_out(shown)
        return native.PASS

    def _set_caps(self, caps: native.Caps) -> None:
        self._drain()
        self._stream = "byte-stream" in caps.text

    def _set_segment(self, event: int) -> None:
        self._drain()
        assert self._timeline is not None
        self._shift = self._timeline.shift(event)

    def _drain(self) -> None:
        """What comes next is no packet, and must not overtake any."""
        if not self.behind:
            with self._lock:
                self.switch.lost()
                self._forget()
            return
        end = monotonic() + _BEFORE_CHANGE_S
        while self.behind and not self._closed and monotonic() < end:
            sleep(_STEP_S)
        self._give_up()

    def _give_up(self) -> None:
        """It is too late to look at what was kept back: the decoder gets what it needs of it, and what comes goes on.
        """
        if self.back:
            self.begin_again()
        with self._feeding, self._lock:
            last = max((n for n, kept in enumerate(self._kept) if kept.key), default=0)
            for _ in range(last):
                self._bytes -= self._kept.popleft().size
        while self.step():
            pass

    # ---- in the thread that takes pictures ------------------------------------------------------------------------

    def step(self) -> bool:
        """Give the decoder the next packet of those that were kept back. False: there is none any more."""
        with self._feeding:
            with self._lock:
                self._stepped = monotonic()
                if not self._kept or self._closed:
                    self.behind = self.back = False
                    return False
                kept = self._kept.popleft()
                self._bytes -= kept.size
                self.fed = max(self.fed, kept.captured)
                self._handed()
            kept.buffer.chain(self._pad)
            return True

    def begin_again(self) -> None:
        """What the decoder gets next is from before what it got last: without a word it would make times rise."""
        begin_again(self._pad)

    @property
    def next_wanted(self) -> bool:
        """Whether the packet that :meth:`step` gave last may have brought a picture that is wanted."""
        with self._lock:
            return not self._kept or self._kept[0].captured >= self.wanted

    def again(self, after: int) -> bool:
        """Something moves in the last key picture, and did not in the one before: whether what is between the two is to
        be looked at, from the time ``after`` on. Until :attr:`behind` nothing is to be taken (:attr:`turning`).
        """
        with self._lock:
            if not self._past.whole:
                return False
            self._again = after
            return True

    @property
    def turning(self) -> bool:
        return self._again is not None

    def took(self, captured: int, apart: int, since: int) -> None:
        """A picture was taken; the next that is wanted is ``apart`` later. Where pictures are not taken faster than
        they came, more of them are passed over, so that what comes is reached: ``since`` the one before was taken.
        """
        self.wanted = captured + max(apart, 2 * since)

    def _handed(self) -> None:
        self.decoded += 1
        self._unanswered += 1

    def _clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    def _forget(self) -> None:
        self._clear()
        self._past.forget()
        self._again = None

    def close(self) -> None:
        """Nothing is waited for any more."""
        self._closed = True
        self._pace.close()
        with self._lock:
            self._forget()
