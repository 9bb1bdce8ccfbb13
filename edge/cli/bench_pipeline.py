"""``edge bench pipeline``: runs a configuration as fast as it goes, and says which part limits it."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from edge.cli import local
from edge.cli.models_progress import PhaseLine
from edge.cli.terminal import Paint
from edge.errors import EdgeError

#: Ended by Ctrl-C, with what there was until then.
_INTERRUPTED = 130


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge bench``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "pipeline",
        help="run a configuration for a while, and say which part limits it",
        description="Run a configuration as fast as it goes: files are read without their pace, and every picture is "
        "wished. Tells rates, CPU, latencies, drops and memory, and which part limits it. Nothing is published and "
        "nothing is kept. Exit status 1 where no picture was analysed, 130 after Ctrl-C, which ends it with what "
        "there is so far.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", required=True, help="the configuration, edge.yaml")
    parser.add_argument("--seconds", type=_seconds, default=30.0, metavar="N", help="to measure; default: 30")
    parser.add_argument(
        "--as-configured", action="store_true", help="at the files' own pace and the rates that the cameras wish"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: a number of seconds from 1 to 3600")
    return seconds


def run(args: argparse.Namespace) -> int:
    """Print what was measured; 0, 1 where nothing was, 130 after Ctrl-C. Raises ConfigError and EdgeError."""
    from edge.bench.pipeline.cameras import conflicts, prepared, set_aside
    from edge.bench.pipeline.report import report
    from edge.bench.pipeline.run import Measured, Run
    from edge.cli.bench_told import lines
    from edge.cli.checked import say
    from edge.cli.models_context import as_the_daemon
    from edge.daemon.reload import read

    # What the daemon's parts log is in what is told of cameras and models.
    logging.getLogger("edge").addHandler(logging.NullHandler())
    candidate = read(Path(args.config))
    config, fastest = candidate.config, not args.as_configured
    cameras = prepared(config, fastest)
    if not cameras:
        raise EdgeError(f"{config.path}: there is no enabled camera to run")
    warnings = conflicts(cameras, _daemons())
    as_the_daemon()
    with PhaseLine("bench", sys.stderr if not args.json or sys.stderr.isatty() else None) as line:
        for warning in warnings:
            line.say(warning)
        rates = _file_rates(config, cameras, line) if fastest else {}
        with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder:

            async def measure() -> Measured:
                return await Run(config, cameras, candidate.models, args.seconds, line.update, Path(folder)).run()

            measured = asyncio.run(measure())
    if not measured.seconds:
        return _INTERRUPTED  # there is nothing to tell yet
    told = report(config, cameras, measured, fastest, rates, [*warnings, *set_aside(config, fastest)])
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        say(lines(told, Paint(sys.stdout)))
    if measured.interrupted:
        return _INTERRUPTED
    return 0 if told["rates"]["analysed"] else 1


def _file_rates(config: Any, cameras: Dict[str, Any], line: PhaseLine) -> Dict[str, float]:
    """How many pictures a second the files hold, by camera: read as fast as it goes they do not tell."""
    from edge.bench.sources import looked_at

    files = {name: config.cameras[name] for name, camera in cameras.items() if camera.source_url().kind == "file"}
    if not files:
        return {}
    line.update("look", None, "looking at the files")
    found = looked_at(files, config.workers.python)
    return {name: sent.rate for name, sent in found.items() if sent.rate is not None}


def _daemons() -> List[Dict[str, Any]]:
    """The daemons of this machine, as far as they answer to this user."""
    found = []
    for daemon in local.running():
        try:
            found.append(local.ask(daemon, "status"))
        except EdgeError:
            found.append({"device": daemon.device})
    return found
