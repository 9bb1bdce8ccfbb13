"""Several lanes of one model: which of them takes the next picture."""

from typing import NamedTuple, Sequence

from .service import ServiceTimes

#: Of the fastest's time, what one is taken to need that was never measured.
_HOPED = 0.9


class Load(NamedTuple):
    """A lane: ``waiting`` pictures of ``room`` that may, ``left_s`` until what is in its slots is done, and what it
    takes for a batch."""

    waiting: int
    room: int
    left_s: float
    times: ServiceTimes


def soonest(lanes: Sequence[Load]) -> int:
    """The place of the one that would be done with one picture more the soonest, of those that have room.

    However much faster one is: where it has as much as it may have, the others are of use too.
    One that was never measured is taken to be faster than the fastest: it gets its share, and is known from then on.
    """
    known = [lane.times.picture_s for lane in lanes if lane.times.picture_s > 0.0]
    hoped = _HOPED * min(known) if known else 1.0

    def done(place: int) -> float:
        lane = lanes[place]
        if lane.times.picture_s > 0.0:
            return lane.left_s + lane.times.span(lane.waiting + 1)
        return lane.left_s + hoped * (lane.waiting + 1)

    free = [place for place, lane in enumerate(lanes) if lane.waiting < lane.room]
    return min(free or range(len(lanes)), key=done)
