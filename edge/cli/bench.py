"""``edge bench``: how fast the user's own configuration runs here, and how many such cameras a board could carry."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

#: The commands, with a file each.
MODULES = ("pipeline", "capacity")


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "bench",
        help="measure a configuration on this machine, or estimate what a board carries",
        description="Measure how fast a configuration runs on this machine and which part limits it, or estimate how "
        "many cameras like its own a board carries.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in MODULES:
        importlib.import_module(f"edge.cli.bench_{module}").add_parser(commands)
