"""What analytics tells: a neutral record, from which the events folder makes events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from edge.analytics.track import Facts

OBJECT_START = "object.start"
OBJECT_UPDATE = "object.update"
OBJECT_END = "object.end"
ZONE_ENTER = "zone.enter"
ZONE_LEAVE = "zone.leave"
ZONE_DWELL = "zone.dwell"
LINE_CROSS = "line.cross"
COUNT = "count"


@dataclass(frozen=True)
class Happening:
    """Something that happened at ``time``: the capture of the picture that showed it, in monotonic seconds."""

    type: str
    time: float
    model: Optional[str] = None
    object: Optional[Facts] = None  # of object.*, zone.* and line.cross
    zone: Optional[str] = None  # of zone.* and count
    line: Optional[str] = None
    direction: Optional[str] = None  # of line.cross: the side it went to, "left" or "right", see lines.py
    label: Optional[str] = None  # of count
    count: Optional[int] = None
    reason: Optional[str] = None  # of object.end, and of zone.leave when it did not walk out
