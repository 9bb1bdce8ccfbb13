"""How long a batch that is not full stays open, and how many pictures may wait for one.

A busy lane batches by itself: with two slots, one batch waits prepared while the other runs, and what comes meanwhile
is the next. A window is worth something in two cases. While the device runs and the next batch would stand prepared
only to wait for it, leaving that open costs nothing. When the device rests, waiting takes time from it: that pays only
where pictures come faster than batches as small as this one would be served, and the next one is near.
"""

from typing import NamedTuple

from .service import ServiceTimes

#: No picture is kept for a fuller batch for longer, nor for longer than this share of its camera's budget.
LONGEST_S = 0.1
BUDGET_SHARE = 0.25
# Preparing may take longer than it did, and a timer comes late.
_PREPARE = 1.5
_MARGIN_S = 0.002
# A shorter wait is not worth a timer.
_SHORTEST_S = 0.0005
# A batch waits for the next picture for so many mean gaps between two.
_GAPS = 2.0
# As many pictures as are asked for in so many answer times may wait beside a batch.
_ANSWERS = 2.0
# Before anything was measured, so many batches.
_BATCHES = 4


class Open(NamedTuple):
    """A batch that could be begun. So many pictures are ``waiting``, ``most`` fit; seconds otherwise.

    ``gap_s``: mean time between two arrivals, 0 where it is not known. ``left_s``: until the device may be free, 0 when
    it rests. ``prepare_s``: what preparing these takes. ``allowed_s``: so long the most impatient of them may be kept.
    """

    waiting: int
    most: int
    gap_s: float
    left_s: float
    prepare_s: float
    allowed_s: float


def hold_s(batch: Open, times: ServiceTimes) -> float:
    """For how many seconds the batch should be left open; 0 begins it."""
    hold = _worth_s(batch, times)
    return hold if hold >= _SHORTEST_S else 0.0


def _worth_s(batch: Open, times: ServiceTimes) -> float:
    if batch.waiting >= min(batch.most, times.best()) or batch.allowed_s <= 0.0:
        return 0.0
    if batch.left_s > 0.0:
        return min(batch.left_s - _PREPARE * batch.prepare_s - _MARGIN_S, batch.allowed_s)
    now, fuller = times.expect(batch.waiting), times.expect(batch.waiting + 1)
    if batch.gap_s <= 0.0 or now <= 0.0 or batch.gap_s * batch.waiting >= now:
        return 0.0  # as small as it is, it keeps up with what comes
    if (batch.waiting + 1) * now <= batch.waiting * (fuller + batch.gap_s):
        return 0.0
    return min(_GAPS * batch.gap_s, batch.allowed_s)


def places(most: int, picture_s: float, answer_s: float, budget_s: float) -> int:
    """How many pictures may wait at a lane: the next batch, and what comes while an answer is on its way; but what
    waits is served within a quarter of the smallest budget."""
    if picture_s <= 0.0:
        return _BATCHES * most
    wanted = most + int(_ANSWERS * answer_s / picture_s + 1.0)
    return max(1, min(wanted, int(BUDGET_SHARE * budget_s / picture_s)))
