"""``edge events show``: all that is kept of one event."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Tuple

from edge.cli import events_where
from edge.cli.event_line import NO_EVENT, colour, event_parts
from edge.cli.events_list import state
from edge.cli.terminal import Paint, amount, clean, duration
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.events.spool.reader import Stored

_ID = re.compile(r"[0-9a-f-]{4,36}")
#: Told in the first line and in lines of their own.
_TOLD = ("type", "time", "id", "schema", "replayed", "device", "camera", "snapshot", "clip", "object", "latency_ms")


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge events``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "show",
        help="show one of them, and where its pictures are",
        description="Show all that is kept of one event, and where its snapshot and its clip are.",
    )
    parser.add_argument("id", metavar="ID", help="its id, or as much of its begin as no other has")
    events_where.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print it as it was sent")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print it. Raises EdgeError where there is none, or more than one."""
    from edge.cli.checked import say
    from edge.events.spool.reader import History

    wanted = args.id.strip().lower()
    if not _ID.fullmatch(wanted):
        raise EdgeError(f"{clean(args.id)!r} is no event's id: 4 to 36 of 0-9, a-f and -, as in edge events list")
    kept = events_where.find(args)
    history = History(kept.file)
    stored = history.find(wanted)
    if stored is None:
        raise EdgeError(f"no event of {kept.device} that is kept here begins with {wanted}")
    if args.json:
        print(json.dumps(stored.payload, ensure_ascii=False, indent=2))
    else:
        say(lines(stored, kept.evidence, Paint(sys.stdout)))
    return 0


def lines(stored: Stored, evidence: Path, paint: Paint) -> List[str]:
    """One fact a line, under a line that says what happened."""
    event = stored.payload
    facts = [*_facts(stored, evidence, paint)]
    wide = max(len(name) for name, _ in facts)
    return [_head(event, paint), *(f"  {paint(f'{name:<{wide}}', 'dim')}  {said}".rstrip() for name, said in facts)]


def _head(event: Mapping[str, Any], paint: Paint) -> str:
    try:
        parts = event_parts(event, paint)
    except NO_EVENT:
        return paint("not an event of this version of edge", "red")
    return f"{paint(parts.kind, 'bold', colour(parts.kind))}  {parts.what}".rstrip()


def _facts(stored: Stored, evidence: Path, paint: Paint) -> Iterator[Tuple[str, str]]:
    event = stored.payload
    yield "id", _text(event.get("id", "?"))
    yield "time", _time(str(event.get("time", "?")))
    yield "device", _text(event.get("device", "?"))
    if event.get("camera"):
        yield "camera", _text(event["camera"])
    yield "delivery", state(stored, paint) or paint("delivered", "green")
    for name in ("snapshot", "clip"):
        if event.get(name):
            yield name, _file(evidence, str(event[name]), paint)
    for name, value in event.items():
        if name not in _TOLD and value is not None:
            yield clean(name), _text(value)
    for name, value in _part(event, "object").items():
        yield f"object {clean(name)}", _text(value)
    stages = _part(event, "latency_ms")
    if stages:
        yield "latency", ", ".join(f"{clean(name)} {_text(value)} ms" for name, value in stages.items())


def _part(event: Mapping[str, Any], name: str) -> Dict[str, Any]:
    part = event.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return clean(", ".join(map(str, value))) or "–"
    return clean(str(value))


def _time(text: str) -> str:
    """Here, how long ago, and as the event has it."""
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    except ValueError:
        return clean(text)
    ago = time.time() - when.timestamp()
    passed = f", {duration(ago)} ago" if ago >= 0 else ""
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03} ({clean(text)}{passed})"


def _file(folder: Path, relative: str, paint: Paint) -> str:
    """Where it is, and whether it is there: the oldest go, and a clip is there when it is over."""
    place = os.path.join(folder, relative)
    try:
        size = os.stat(place).st_size
    except PermissionError:
        return clean(place)
    except (OSError, ValueError):
        return f"{clean(place)} {paint('(not there)', 'yellow')}"
    return f"{clean(place)} {paint(f'({amount(size)})', 'dim')}"
