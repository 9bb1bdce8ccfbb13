"""An event as a line for people."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Callable, Dict, Mapping

from edge.cli.terminal import Paint, clean

_COLOURS = {"object": "blue", "zone": "magenta", "line": "cyan", "count": "dim", "camera": "yellow", "device": "yellow"}


def event_line(payload: bytes, paint: Paint) -> str:
    """``12:03:44.1  square  zone.enter   person #12 0.87  gate``; what is no event is shown as such."""
    try:
        event = json.loads(payload)
        kind, where = str(event["type"]), clean(str(event.get("camera") or event["device"]))
        family = kind.partition(".")[0]
        words = [
            _clock(event["time"], paint),
            f"{where:<8}",
            paint(f"{clean(kind):<13}", _COLOURS.get(family, "")),
            _TELL[family](event, paint) if family in _TELL else "",
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return paint("not an event: ", "red") + clean(payload[:200].decode(errors="replace"))
    return "  ".join(words).rstrip()


def _clock(text: str, paint: Paint) -> str:
    """RFC 3339 in UTC as this machine's time of day."""
    when = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    return paint(f"{when:%H:%M:%S}.{when.microsecond // 100000}", "dim")


def _object(event: Mapping[str, Any], paint: Paint) -> str:
    thing = event["object"]
    name = f"{_name(thing, 'label')} #{thing['id']}"
    return f"{paint(name, 'bold')} {thing['score']:.2f}"


def _life(event: Mapping[str, Any], paint: Paint) -> str:
    thing = event["object"]
    facts = [f"for {thing['age_s']:.1f} s"] if event["type"] != "object.start" else []
    facts += ["in " + ", ".join(clean(zone) for zone in thing["zones"])] if thing["zones"] else []
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
    return ": ".join(_name(event, key) for key in ("state", "reason") if event.get(key))


def _name(facts: Mapping[str, Any], key: str) -> str:
    return clean(str(facts[key]))


_TELL: Dict[str, Callable[[Mapping[str, Any], Paint], str]] = {
    "object": _life,
    "zone": _zone,
    "line": _line,
    "count": _count,
    "camera": _state,
    "device": _state,
}
