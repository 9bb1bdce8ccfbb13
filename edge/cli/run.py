"""``edge run``: the daemon."""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import signal
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "run",
        help="run the daemon in the foreground",
        description="Run the daemon until SIGTERM or Ctrl-C; SIGHUP reads the configuration again, as an edit does. "
        "Exit status 78 for a configuration that is wrong, where none has worked before.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", required=True, help="the configuration, edge.yaml")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Returns 0 when the daemon was told to stop; raises EdgeError when it cannot start."""
    from edge import log
    from edge.daemon.daemon import serve
    from edge.daemon.notify import Notifier

    log.set_up()
    # Where a watchdog ends a daemon that hangs (by SIGABRT), the stacks of its threads say where.
    faulthandler.enable()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until somebody listens
    asyncio.run(serve(Path(args.config), Notifier()))
    return 0
