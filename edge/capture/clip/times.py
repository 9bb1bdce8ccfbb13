"""Which pictures a clip is made of, and when each is decoded and shown. No GStreamer.

Packets come in the order of decoding. A picture that is shown before another may come behind it (B pictures), and only
the time of showing is to be relied on: RTP carries no other.
"""

from typing import Any, List, NamedTuple, Optional, Sequence

#: A stream whose own clock and arrival differ by more from one picture to the next has begun to count anew.
_STEP_NS = 1000000000
#: What a single picture lasts, where nothing tells.
_ALONE_NS = 100000000
_NO_TIME = 2**64 - 1


class Timed(NamedTuple):
    """A packet with its times in the clip, in nanoseconds; it begins at 0 with what is shown first.

    ``pts`` counts from the same moment as ``dts``, which is never later; what is shown first has ``pts`` = ``delay``.
    """

    packet: Any
    pts: int
    dts: int
    duration: int


def timed(packets: Sequence[Any], shown: Sequence[int]) -> List[Timed]:
    """Times for packets that begin with a key picture; what is shown before that is left out, as it cannot be decoded.

    Decoding times are the sorted times of showing, all so much earlier that none is behind its own: what a demuxer
    would have said. ``shown``: when each is shown.
    """
    kept = [n for n in range(len(packets)) if shown[n] >= shown[0]]
    times = [shown[n] - shown[0] for n in kept]
    ordered = sorted(times)
    delay = max((early - late for early, late in zip(ordered, times)), default=0)
    last = len(kept) - 1
    # The last is taken to be shown as long as the one before.
    alone = ordered[-1] - ordered[-2] if last > 0 else _ALONE_NS
    found = []
    for place, n in enumerate(kept):
        # By the order of decoding: that is what a muxer reckons a picture's length by.
        length = ordered[place + 1] - ordered[place] if place < last else alone
        found.append(Timed(packets[n], times[place] + delay, ordered[place], length))
    return found


def shown_at(packets: Sequence[Any]) -> List[int]:
    """When each is shown, by its own clock; where that steps (a new start, a lost clock), by its arrival."""
    found: List[int] = []
    offset = 0
    before: Optional[Any] = None
    for packet in packets:
        own = own_time(packet)
        if own is None:
            found.append(packet.captured_ns)
            before = None
            continue
        if before is None:
            offset = packet.captured_ns - own
        else:
            arrived = packet.captured_ns - before.captured_ns
            if abs(own - before.pts - arrived) > _STEP_NS:
                offset += before.pts + arrived - own
        found.append(own + offset)
        before = packet
    return _apart(found)


def own_time(packet: Any) -> Optional[int]:
    """The packet's own time stamp; None where the stream says none."""
    return None if packet.pts is None or packet.pts == _NO_TIME else int(packet.pts)


def _apart(times: List[int]) -> List[int]:
    """No two pictures at one time: a player would leave one of them out."""
    taken = set()
    for n, time in enumerate(times):
        while time in taken:
            time += 1000000
        taken.add(time)
        times[n] = time
    return times
