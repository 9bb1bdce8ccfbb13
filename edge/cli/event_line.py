"""An event as a line for people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Callable, Dict, Mapping, NamedTuple

from edge.cli.terminal import Paint, clean

_COLOURS = {
    "object": "blue", "zone": "magenta", "line": "cyan", "count": "dim", "camera": "yellow", "device": "yellow",
    "clip": "dim", "snapshot": "dim",
}  # fmt: skip


def event_line(payload: bytes, paint: Paint) -> str:
    """``12:03:44.1  square  zone.enter   person #12 0.87  gate``; what is no event is shown as such."""
    try:
        event = json.loads(payload)
        when, where, kind, what = event_parts(event, paint)
        words = [paint(clock(when), "dim"), f"{where:<8}", paint(f"{kind:<13}", colour(kind)), what]
    except NO_EVENT:
        return paint("not an event: ", "red") + clean(payload[:200].decode(errors="replace"))
    return "  ".join(words).rstrip()


#: What :func:`event_parts` raises for something that is no event.
NO_EVENT = (ValueError, KeyError, TypeError, AttributeError)


class Parts(NamedTuple):
    """When (here), at which camera or device, the type, and what happened in words. Nothing is coloured but these."""

    when: datetime
    where: str
    kind: str
    what: str


def event_parts(event: Mapping[str, Any], paint: Paint) -> Parts:
    """Of an event's payload. Raises one of NO_EVENT."""
    kind, where = str(event["type"]), clean(str(event.get("camera") or event["device"]))
    tell = _TELL.get(kind.partition(".")[0])
    when = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).astimezone()
    return Parts(when, where, clean(kind), tell(event, paint) if tell is not None else "")


def clock(when: datetime) -> str:
    """The time of day, with tenths of a second."""
    return f"{when:%H:%M:%S}.{when.microsecond // 100000}"


def colour(kind: str) -> str:
    """In which a type of event is shown."""
    return _COLOURS.get(kind.partition(".")[0], "")


def _object(event: Mapping[str, Any], paint: Paint) -> str:
    thing = event["object"]
    name = f"{_name(thing, 'label')} #{thing['id']}"
    return f"{paint(name, 'bold')} {thing['score']:.2f}"


def _life(event: Mapping[str, Any], paint: Paint) -> str:
    thing = event["object"]
    facts = [f"for {thing['age_s']:.1f} s"] if event["type"] != "object.start" else []
    facts += ["in " + ", ".join(clean(zone) for zone in thing["zones"])] if thing["zones"] else []
    facts += [f"{clean(name)}: {_name(found, 'label')}" for name, found in (thing.get("attributes") or {}).items()]
    facts += [f"({_name(event, 'reason')})"] if event.get("reason") else []
    return "  ".join([_object(event, paint), paint("  ".join(facts), "dim")])


def _zone(event: Mapping[str, Any], paint: Paint) -> str:
    reason = f" ({_name(event, 'reason')})" if event.get("reason") else ""
    return f"{_object(event, paint)}  {_name(event, 'zone')}{reason}"


def _line(event: Mapping[str, Any], paint: Paint) -> str:
    return f"{_object(event, paint)}  {_name(event, 'line')} to the {_name(event, 'direction')}"


def _count(event: Mapping[str, Any], paint: Paint) -> str:
    return paint(f"{_name(event, 'zone')}: {event['count']} {_name(event, 'label')}", "dim")


def _state(event: Mapping[str, Any], paint: Paint) -> str:
    words = [_name(event, key) for key in ("state", "count", "reason") if event.get(key)]
    if len(words) == 2 and words[1].startswith(words[0]):  # disabled: disabled by command
        del words[0]
    return ": ".join(words)


def _evidence(event: Mapping[str, Any], paint: Paint) -> str:
    length = f"{event['duration_s']:.1f} s" if "duration_s" in event else ""
    words = [length, *(_name(event, key) for key in ("clip", "reason") if event.get(key))]
    return "  ".join(word for word in words if word)


def _name(facts: Mapping[str, Any], key: str) -> str:
    return clean(str(facts[key]))


_TELL: Dict[str, Callable[[Mapping[str, Any], Paint], str]] = {
    "object": _life,
    "zone": _zone,
    "line": _line,
    "count": _count,
    "camera": _state,
    "device": _state,
    "clip": _evidence,
    "snapshot": _evidence,
}
