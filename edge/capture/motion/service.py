"""Credits answered with pictures that matter, and no more pictures looked at than it takes."""

from typing import TYPE_CHECKING, Optional

from ...wire.clock import monotonic_ns
from ..frozen import Change, FrozenWatch
from .gate import Gate
from .looks import Looks

if TYPE_CHECKING:
    from ..delivery import Delivery
    from ..stream import Stream

# Bound of one wait for a picture, and of one for messages: how soon something else is noticed.
_WAIT_S = 0.1
_IDLE_WAIT_S = 0.25


class Service:
    """``frozen``: None where the same picture over and over is meant."""

    def __init__(self, stream: "Stream", delivery: "Delivery", gate: Gate, frozen: Optional[FrozenWatch]) -> None:
        self._stream, self._delivery, self._gate = stream, delivery, gate
        self._looks = Looks(gate, frozen)
        self._next = 0  # while it is quiet, when the next picture is looked at

    def wait(self) -> float:
        """For how many seconds nothing but messages has to be waited for."""
        if self._delivery.credit is None:
            return _IDLE_WAIT_S
        if not self._stream.linked:
            return _WAIT_S  # there is nothing to take a picture from, where the wait would be
        return min(_IDLE_WAIT_S, max(0, self._next - monotonic_ns()) / 1e9) if self._gate.quiet else 0.0

    def serve(self) -> Optional[Change]:
        """Answer the credit, if there is one and a picture that matters comes soon. What has changed of its being
        frozen, if anything. (The picture goes back to the decoder with the return.)
        """
        credit, quiet = self._delivery.credit, self._gate.quiet
        if credit is None or (quiet and monotonic_ns() < self._next):
            return None
        # One that waited is as good a look at a quiet scene, and the only one where few are decoded.
        picture = self._stream.take(credit.fresh and not quiet, 0.0 if quiet else _WAIT_S)
        now = monotonic_ns()
        if picture is None:
            self._later(now)
            return None
        look = self._looks.look(picture, now)
        if quiet and look.motion > 0 and self._stream.activity.again(picture):
            return look.frozen  # what led to it, which was not decoded, comes first
        if look.matters and not self._stream.activity.blank(picture, look.motion):
            self._delivery.deliver(picture, look.motion)
        else:
            self._later(now)
        # Of a quiet scene too: a snapshot of now may be asked for at any time.
        self._stream.ring.note(picture.captured, picture.sample)
        return look.frozen

    def _later(self, now: int) -> None:
        apart = int(1e9 / self._stream.source.fps)
        self._next = max(self._next + apart, now + apart // 2)
