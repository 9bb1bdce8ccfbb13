"""``edge run``: the daemon."""

from __future__ import annotations

import argparse
import asyncio
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run",
        help="run the daemon in the foreground",
        description="Run the daemon until SIGTERM or Ctrl-C. Exit status 78 for a configuration that is wrong.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", required=True, help="the configuration, edge.yaml")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Returns 0 when the daemon was told to stop; raises EdgeError when it cannot start."""
    from edge import log
    from edge.config import load
    from edge.daemon.daemon import Daemon

    log.set_up()
    config = load(args.config)
    log.set_level(config.logging.level)

    async def serve() -> None:
        await Daemon(config).run()

    asyncio.run(serve())
    return 0
