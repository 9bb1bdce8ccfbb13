"""What a daemon that ended all of a sudden has left undone: files that events name and that are not there, and pictures
that may not have been handed on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set

from edge.events.evidence.places import find_place

#: Events that are looked at, and how old they may be in seconds.
MOST = 1000
REACH_S = 3600.0
REASON = "it was not written before the daemon ended, or had to make room since"
# A picture is handed on as soon as it is there: before a sudden end this long covers what was under way.
_UNDER_WAY_S = 30.0


class Missing(NamedTuple):
    """``kind``: of the event that is to tell it; ``of``: the event that it belongs to."""

    kind: str
    camera: str
    of: str


class Unfinished(NamedTuple):
    missing: List[Missing]
    #: Events whose picture is there and is to be handed on once more.
    pictures: List[Mapping[str, Any]]


def unfinished(events: Iterable[Mapping[str, Any]], has: Callable[[str], bool], boot_id: str) -> Unfinished:
    """``events``: payloads, the newest first; those of the start ``boot_id`` are left out: they are being dealt with.

    What was told to have failed, or to be there, in one of ``events`` is not told again. Raises nothing for events that
    are not as they should be.
    """
    told: Set[str] = set()
    missing: Dict[Missing, None] = {}
    pictures: List[Mapping[str, Any]] = []
    last: Optional[Mapping[str, Any]] = None
    for event in events:
        kind, boot = event.get("type"), event.get("boot_id")
        if boot == boot_id:
            continue
        last = event if last is None else last
        of = event.get("of")
        if kind in ("snapshot.failed", "clip.failed", "clip.ready") and isinstance(of, str):
            told.add(f"{str(kind).split('.')[0]} {of}")
            continue
        snapshot, clip = find_place(event.get("snapshot")), find_place(event.get("clip"))
        camera = str(event.get("camera") or "")
        if snapshot is not None and not has(str(snapshot)):
            missing[Missing("snapshot.failed", camera, snapshot.id)] = None
        elif snapshot is not None and _under_way(event, last):
            pictures.append(event)
        if clip is not None and not has(str(clip)):
            missing[Missing("clip.failed", camera, clip.id)] = None
    new = [each for each in missing if f"{each.kind.split('.')[0]} {each.of}" not in told]
    return Unfinished(new[::-1], pictures[::-1])


def _under_way(event: Mapping[str, Any], last: Mapping[str, Any]) -> bool:
    """Whether its picture may have been, when that daemon ended without a word; ``last`` is the last it said."""
    if last.get("type") == "device.stop" or event.get("boot_id") != last.get("boot_id"):
        return False
    then, end = _seconds(event.get("time")), _seconds(last.get("time"))
    return then is not None and end is not None and end - then < _UNDER_WAY_S


def _seconds(time: object) -> Optional[float]:
    try:
        return datetime.strptime(str(time), "%Y-%m-%dT%H:%M:%S.%fZ").timestamp()
    except ValueError:
        return None
