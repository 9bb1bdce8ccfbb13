"""The ratios that have a bound."""

from __future__ import annotations

from typing import List, Tuple

import numpy as np

from scripts.bench.measures import Row

from .busy import EDGE, THREADS, Busy
from .quiet import FULL, ON_ACTIVITY, Quiet
from .saturation import Saturated

_LATENCY_AT = 8
_LATER_S = 1.0


def rows(busy: Busy, quiet: Quiet, saturated: Saturated) -> List[Row]:
    return [_floor(busy), _others(busy), _latency(busy), _last_camera(busy), _daemon(busy), *_quiet(quiet),
            Row("inference rate at saturation over a bare session.run loop with its best batch", saturated.share, "x",
                0.95, True, f"{saturated.pictures:.0f} pictures/s, one thread; batch {saturated.batch}")]  # fmt: skip


def _floor(busy: Busy) -> Row:
    over = {count: busy.over_floor(busy.of(EDGE, count)) for count in busy.measured}
    floors = ", ".join(
        f"{count}: {over[count]:.2f} ({floor.decode:.3f} + {floor.cores(1) - floor.decode:.4f} a picture)"
        for count, floor in busy.floors.items()
    )
    return Row("busy scenes, edge's CPU over receive, decode and bare inference", max(over.values()), "x", 1.10,
               detail=f"the worst; by cameras, with the cores of decoding and inference: {floors}")  # fmt: skip


def _others(busy: Busy) -> Row:
    ratios: List[Tuple[float, str]] = []
    for count, measured in busy.measured.items():
        # By the picture, where somebody analysed fewer.
        ours = busy.of(EDGE, count)
        for one in measured:
            if one.name != EDGE and one.pictures > 0 and not one.behind:
                ratio = ours.cores / ours.pictures / (one.cores / one.pictures)
                ratios.append((ratio, f"{one.name} with {count} cameras"))
    worst, who = max(ratios, default=(0.0, "nobody else kept up"))
    return Row("busy scenes, edge's CPU a picture over that of the cheapest other", worst, "x", 1.0, detail=who)


def _latency(busy: Busy) -> Row:
    ours, theirs = (busy.of(name, _LATENCY_AT).latencies for name in (EDGE, THREADS))
    mine, other = (float(np.percentile(some, 95)) if some else float("inf") for some in (ours, theirs))
    return Row(f"capture to event, p95, over {THREADS}, {_LATENCY_AT} cameras", mine / other, "x", 0.5,
               detail=f"{mine:.1f} ms of {len(ours)} events, {other:.1f} ms of {len(theirs)} messages")  # fmt: skip


def _last_camera(busy: Busy) -> Row:
    """What one camera more costs, from the differences between runs."""
    counts = sorted(busy.measured)
    most, before, fewest = counts[-1], counts[-2], counts[0]
    cores = {count: busy.of(EDGE, count).cores for count in counts}
    floor = {count: busy.floors[count].cores(busy.of(EDGE, count).pictures) for count in counts}
    if before == fewest:  # a quick run has two numbers alone
        last, bare = cores[most] / most, floor[most] / most
        first, bare_first = cores[fewest] / fewest, floor[fewest] / fewest
    else:
        last, bare = ((some[most] - some[before]) / (most - before) for some in (cores, floor))
        first, bare_first = (some[2] - some[1] for some in (cores, floor))
    return Row(f"cost of a camera, the {most}th over the 2nd", last / first, "x", 1.10,
               detail=f"{last:.4f} of a core over {first:.4f}; the floor's own {bare / bare_first:.2f}")  # fmt: skip


def _daemon(busy: Busy) -> Row:
    each = {count: busy.of(EDGE, count) for count in busy.measured}
    costs = {count: one.root / one.pictures * 1e3 for count, one in each.items() if one.pictures}
    most = max(costs)
    words = ", ".join(f"{count}: {cost:.2f}" for count, cost in costs.items())
    return Row("the daemon's CPU a picture", costs[most], "ms", 0.3,
               detail=f"{busy.people:.0f} people in sight; by cameras {words}")  # fmt: skip


def _quiet(quiet: Quiet) -> List[Row]:
    ours, theirs, full = (quiet.of(name) for name in (ON_ACTIVITY, THREADS, FULL))
    late = quiet.worse(_LATER_S)
    found = sum(wait is not None for wait in quiet.waits[FULL].values())
    mine = [wait for wait in quiet.waits[ON_ACTIVITY].values() if wait is not None]
    slowest = f", the slowest after {max(mine):.2f} s" if mine else ""
    return [
        Row(f"quiet scenes, CPU with decode: on-activity over {THREADS}", ours.cores / theirs.cores, "x", 0.25,
            detail=f"{ours.cores:.3f} of a core, {theirs.cores:.3f}; edge decoding everything {full.cores:.3f}"),
        Row("people whom decoding everything finds, missed or told more than 1 s later", len(late), "", 0,
            detail=f"of {found}{slowest}" + (f": {', '.join(late)}" if late else "")),
    ]  # fmt: skip
