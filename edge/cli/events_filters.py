"""Which of the kept events are meant, and how they are read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Iterator

from edge.cli.events_times import FORMS, moment

if TYPE_CHECKING:
    from edge.events.spool.reader import History, Stored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to say it."""
    parser.add_argument("--camera", metavar="NAME", action="append", help="of this camera alone (may be repeated)")
    parser.add_argument("--type", metavar="TYPE", action="append", help="of this type alone, as in zone.* (repeatable)")
    parser.add_argument("--since", metavar="WHEN", type=moment, help=f"from this time on: {FORMS}".replace("%", "%%"))
    parser.add_argument("--until", metavar="WHEN", type=moment, help="before this time")
    parser.add_argument("--waiting", action="store_true", help="those alone that no broker has yet")


def positive(text: str) -> int:
    """A count, for argparse."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


positive.__name__ = "number from 1 up"  # argparse: invalid … value


def chosen(history: History, args: argparse.Namespace, newest_first: bool = False) -> Iterator[Stored]:
    """The events that ``args`` ask for."""
    cameras = args.camera or []
    found = history.events(
        camera=cameras[0] if len(cameras) == 1 else None, types=args.type, since=args.since, until=args.until,
        newest_first=newest_first, waiting_only=args.waiting,
    )  # fmt: skip
    return (stored for stored in found if not cameras or stored.payload.get("camera") in cameras)
