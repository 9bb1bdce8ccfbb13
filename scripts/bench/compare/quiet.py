"""Quiet scenes: eight cameras before which one person walks by in a minute, amid noise, lamps, rain and clouds."""

from __future__ import annotations

import sys
from typing import Dict, List, NamedTuple, Optional

from scripts.bench.setting import Setting

from . import clips
from .busy import THREADS
from .cameras import Mount
from .clips import RATE
from .contender import Baseline, Edge
from .measure import Measured, measure
from .scene import overlap

FULL, ON_MOTION, ON_ACTIVITY = "edge, decode: full", "edge, analyse: on-motion", "edge, decode: on-activity"
CAMERAS = 8
_WINDOW_S, _QUICK_S = 45.0, 18.0
#: Where a quiet while must come before an activity can begin.
_SETTLE_S = 5.0
_QUICK_WALKS = 4
_SAME = 0.3  # IoU of a box told with one of the walk's


class Quiet(NamedTuple):
    measured: List[Measured]
    #: By contender and camera, seconds from when the picture was sent in which somebody is first to be found until
    #: it was told; None: never.
    waits: Dict[str, Dict[str, Optional[float]]]

    def of(self, name: str) -> Measured:
        return next(one for one in self.measured if one.name == name)

    def worse(self, seconds: float) -> List[str]:
        """Cameras at which decoding on activity missed somebody that full decoding found, or told so much later."""
        mine = self.waits[ON_ACTIVITY]
        return [
            camera
            for camera, full in self.waits[FULL].items()
            if full is not None and ((later := mine[camera]) is None or later - full > seconds)
        ]


def quiet(setting: Setting, quick: bool) -> Quiet:
    """Each walk comes once in a window; where it is to be quick, some of them, shortly after the start."""
    found = list(clips.quiet().items())
    mounts: Dict[str, Mount] = {}
    of: Dict[str, clips.Clip] = {}
    for number in range(CAMERAS):
        kind, clip = found[number % len(found)]
        name = f"{kind}{number // len(found)}"
        comes = not quick or number < _QUICK_WALKS
        lead = (13 + number if comes else 45) if quick else 16 + 3 * number
        mounts[name] = Mount(clip.file, (clip.walk[0] - lead * RATE) % len(clip.people))
        if comes:
            of[name] = clip
    contenders = [
        Edge(FULL, {"analyse": "always"}),
        Edge(ON_MOTION, {"analyse": "on-motion"}),
        Edge(ON_ACTIVITY, {"decode": "on-activity"}),
        Baseline(THREADS, "threads"),
    ]
    if quick:
        contenders = [one for one in contenders if one.name != ON_MOTION]
    window = _QUICK_S if quick else _WINDOW_S
    measured: List[Measured] = []
    for contender in contenders:
        print(f"  {CAMERAS} quiet cameras: {contender.name}", file=sys.stderr, flush=True)
        measured.append(measure(setting, contender, mounts, window, _SETTLE_S))
    waits = {one.name: {name: _waited(one, name, clip) for name, clip in of.items()} for one in measured}
    return Quiet(measured, waits)


def _waited(one: Measured, camera: str, clip: clips.Clip) -> Optional[float]:
    """From the walk's first picture until the first message with a box like one of the walk's."""
    sent, (first, last) = one.sent[camera], clip.walk
    walk = [box for number in range(first, last + 1) for box in clip.people[number]]
    for told in one.told:
        if told.camera != camera or not any(overlap(box, other) > _SAME for box in told.boxes for other in walk):
            continue
        began = sent.before(first, told.arrived)
        if told.arrived - began < (last - first) / RATE + 5:
            return told.arrived - began
    return None
