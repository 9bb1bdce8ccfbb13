"""``edge events list``: the events that are kept on this machine, as a table."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, List, Sequence, Tuple

from edge.cli import events_filters, events_where
from edge.cli.event_line import NO_EVENT, clock, colour, event_parts
from edge.cli.events_filters import positive
from edge.cli.terminal import Column, Paint, clean, table, visible, width

if TYPE_CHECKING:
    from edge.events.spool.reader import Stored

_LIMIT = 50
#: Of a UUIDv7 as events have it: the millisecond and the counter within it. No two of a device have the same.
SHORT_ID = 18
_LEAST = 24  # columns for what happened, however narrow the terminal is


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge events``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "list",
        help="show the events that are kept on this machine",
        description="Show the events that wait for the broker, and those of the time that spool.history tells; the "
        "newest last. The daemon need not run. Without -c and --device: of the only one there is.",
    )
    events_where.add_arguments(parser)
    events_filters.add_arguments(parser)
    parser.add_argument("--limit", metavar="N", type=positive, default=_LIMIT, help="the newest N (default: 50)")
    parser.add_argument("--json", action="store_true", help="print each event as it was sent, one a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print them. Raises EdgeError where none can be read."""
    from edge.cli.checked import say
    from edge.events.spool.reader import History

    kept = events_where.find(args)
    history = History(kept.file)
    newest = itertools.islice(events_filters.chosen(history, args, newest_first=True), args.limit)
    events = list(newest)[::-1]
    if args.json:
        for stored in events:
            print(json.dumps(stored.payload, ensure_ascii=False, separators=(",", ":")))
    elif events:
        columns = width() if sys.stdout.isatty() else 0
        say(lines(events, Paint(sys.stdout), columns))
    else:
        print(f"no such events of {kept.device} are kept here", file=sys.stderr)
    return 0


def lines(events: Sequence[Stored], paint: Paint, columns: int) -> List[str]:
    """The table, made to fit into so many columns; 0: as wide as it is."""
    today = datetime.now().astimezone().date()
    rows = [_row(stored, paint) for stored in events]
    dated = any(when is not None and when.date() != today for when, _ in rows)
    cells = [[_time(when, dated, paint), *row] for when, row in rows]
    titles = ["TIME", "CAMERA", "TYPE", "STATE", "WHAT", "EVIDENCE", "ID"]
    shown = [place for place, title in enumerate(titles)
             if title not in ("STATE", "EVIDENCE") or any(row[place] for row in cells)]  # fmt: skip
    what = titles.index("WHAT")
    others = sum(max(len(titles[place]), *(visible(row[place]) for row in cells)) for place in shown if place != what)
    room = columns - others - 2 * (len(shown) - 1)
    if columns and max(visible(row[what]) for row in cells) > room:
        # Rather no word of pictures, and no id, than nothing of what happened.
        for place in (titles.index("EVIDENCE"), titles.index("ID")):
            if room < _LEAST and place in shown:
                shown.remove(place)
                room += 2 + max(len(titles[place]), *(visible(row[place]) for row in cells))
        for row in cells:
            row[what] = _cut(row[what], max(room, _LEAST))
    return table([Column(titles[place]) for place in shown], [[row[place] for place in shown] for row in cells], paint)


def _row(stored: Stored, paint: Paint) -> Tuple[Any, List[str]]:
    """When; then the cells behind it."""
    event = stored.payload
    try:
        when, where, kind, what = event_parts(event, paint)
    except NO_EVENT:
        return None, ["?", "?", state(stored, paint), clean(str(event))[:80], "", ""]
    evidence = " ".join(name for name in ("snapshot", "clip") if event.get(name))
    number = clean(str(event.get("id", "")))[:SHORT_ID]
    return when, [where, paint(kind, colour(kind)), state(stored, paint), what, paint(evidence, "dim"), number]


def state(stored: Stored, paint: Paint) -> str:
    """Empty for an event that was delivered, as most were."""
    if stored.discarded:
        return paint(f"given up: {clean(stored.discarded)[:40]}", "red")
    return "" if stored.delivered else paint("waiting", "yellow")


def _time(when: Any, dated: bool, paint: Paint) -> str:
    if when is None:
        return "?"
    return paint(f"{when:%Y-%m-%d} {clock(when)}" if dated else clock(when), "dim")


def _cut(text: str, size: int) -> str:
    """``text`` in so many columns. Colours take none, and what begins before the cut ends behind it."""
    if visible(text) <= size:
        return text
    out, room, at = "", size - 1, 0
    while at < len(text):
        end = text.find("m", at) + 1 if text.startswith("\033[", at) else 0
        if end:
            out += text[at:end]
        elif room > 0:
            out, room = out + text[at], room - 1
            if not room:
                out += "…"
        at = end or at + 1
    return out
