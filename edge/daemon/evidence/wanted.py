"""Which events get a snapshot or a clip, and what the capture process is told for it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Dict, List, Optional, Sequence

from edge.config import PICTURED, CameraConfig
from edge.events.event import Event

#: From a picture's capture to the request for it, at most: its analysis, and where an object was lost, the time until
#: that is held to be so: two seconds, or three pictures where few are analysed.
_ANALYSIS_S = 3.0
_LOST_S = 2.0
_LOST_PICTURES = 3.0
_MOST_S = 60.0

#: Why an object ends that is there all the same: nobody needs a picture of that.
_OWN_DOING = ("camera", "config", "removed", "stop")

Masks = List[List[List[float]]]


def wants(patterns: Sequence[str], event: Event) -> bool:
    """Whether these ``events`` of a configuration are meant for this one."""
    if event.type not in PICTURED or event.reason in _OWN_DOING:
        return False
    return any(fnmatchcase(event.type, pattern) for pattern in patterns)


def record_order(config: CameraConfig, commanded: bool) -> Optional[Dict[str, Any]]:
    """What the capture process keeps of the stream; None where nobody asks for pictures of the past.

    ``commanded``: somebody may order a snapshot at any moment.
    """
    snapshots, clips = bool(config.snapshots.events) or commanded, bool(config.clips.events)
    if not (snapshots or clips):
        return None
    reach = _ANALYSIS_S + max(_LOST_S, _LOST_PICTURES / config.fps)
    return {
        "seconds": min(_MOST_S, reach) + (config.clips.before if clips else 0.0),
        "bytes": config.memory,
    }


def masks(config: CameraConfig) -> Masks:
    return [[[float(x), float(y)] for x, y in mask.points] for mask in config.masks.values()]


def snapshot_order(config: CameraConfig, event: Optional[Event], captured: Optional[int]) -> Dict[str, Any]:
    """An order without its number. Without an event, or where the object is not to be drawn: the whole picture."""
    form = config.snapshots.form
    seen = None if event is None else event.object
    if seen is None or form == "clean":
        form, box, label = "clean", None, ""
    else:
        box, label = list(seen.box), f"{seen.label} {seen.score:.2f}" if form == "boxed" else ""
    return {
        "op": "snapshot", "captured": captured, "form": form, "box": box, "label": label,
        "quality": config.snapshots.quality, "masks": masks(config),
    }  # fmt: skip
