"""``edge events purge``: deletes kept events."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any, Optional, Tuple

from edge.cli import events_where
from edge.cli.events_times import FORMS, moment
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.events.spool.reader import History


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge events``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "purge",
        help="delete kept events",
        description="Delete events that were delivered from what is kept here, and with --waiting also those that no "
        "broker has yet: nobody will ever get them. Snapshots and clips stay.",
    )
    events_where.add_arguments(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--before", metavar="WHEN", type=moment, help=f"those from before this time: {FORMS}")
    which.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--waiting", action="store_true", help="also those that no broker has yet")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask, and delete. 1 where the answer is no; EdgeError where nobody can be asked."""
    from edge.cli.checked import count
    from edge.events.spool.reader import History

    kept = events_where.find(args)
    history = History(kept.file)
    if not args.yes:
        delivered, waiting = _counted(history, args.before, args.waiting)
        what = count(delivered, "delivered event")
        if args.waiting:
            what += f" and {count(waiting, 'event')} that no broker has yet"
        question = f"delete {what} of {kept.device}?"
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise EdgeError(f"{question} Nobody is here to be asked: say --yes")
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            print("nothing was deleted", file=sys.stderr)
            return 1
    deleted = history.purge(before=args.before, waiting=args.waiting)
    print(f"{count(deleted, 'event')} of {kept.device} deleted")
    return 0


def _counted(history: History, before: Optional[float], also_waiting: bool) -> Tuple[int, int]:
    """How many would go: of those that were delivered or given up, and of those that wait."""
    delivered = waiting = 0
    for stored in history.events(until=before):
        if stored.delivered or stored.discarded:
            delivered += 1
        elif also_waiting:
            waiting += 1
    return delivered, waiting
