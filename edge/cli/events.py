"""``edge events``: events as they come, and those that are kept on this machine."""

from __future__ import annotations

import argparse
from typing import Any

from edge.cli import events_export, events_list, events_purge, events_show, events_tail


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "events",
        help="show events as they come, and those that are kept",
        description="Show events as they come from the broker (tail), and those that are kept on this machine: the "
        "ones that wait for the broker, and the others for as long as spool.history tells.",
    )
    inner = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (events_tail, events_list, events_show, events_export, events_purge):
        command.add_parser(inner)
