"""``edge models bench``: how fast a model runs, by trtexec's definitions, whatever runs it."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any, Dict, List

from edge.cli.checked import count, say
from edge.cli.models_context import Chosen, Site, as_the_daemon
from edge.cli.models_lanes import add_arguments, chosen_by, lanes_of, measure, number, output
from edge.cli.terminal import Column, Paint, clean, table

_ROWS = {
    "latency": "latency",
    "enqueue": "enqueue",
    "h2d": "copy to the device",
    "compute": "compute",
    "d2h": "copy from the device",
}
_FIGURES = ("min", "mean", "median", "p90", "p95", "p99", "max")


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench",
        help="how fast a model runs, by trtexec's definitions",
        description="Run a model alone on each of its lanes, one after the other, and tell trtexec's figures: latency "
        "is copying the input, computing and copying the outputs of one run; throughput is runs by wall time. No "
        "camera, no preparing of pictures and no decoding of outputs is in it.",
    )
    add_arguments(parser)
    parser.add_argument("--seconds", type=number(1, 3600), default=3, metavar="N", help="for each lane; default: 3")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the figures of each lane; 0. Raises EdgeError."""
    site = Site(args.config)
    chosen = chosen_by(site, args)
    as_the_daemon()
    lanes = asyncio.run(_bench(site, chosen, args))
    if args.json:
        print(json.dumps({"model": chosen.name, "lanes": lanes}))
        return 0
    paint = Paint(sys.stdout)
    for lane in lanes:
        say(_told(chosen.name, lane, paint))
    return 0


async def _bench(site: Site, chosen: Chosen, args: argparse.Namespace) -> List[Dict[str, Any]]:
    found = []
    out = output(args)
    for lane in await lanes_of(site, chosen, out):
        answer = await measure(site, chosen, lane, "bench", out, seconds=args.seconds)
        answer.pop("op")
        found.append({"device": lane.device, "precision": lane.precision, **answer})
    return found


def _told(name: str, lane: Dict[str, Any], paint: Paint) -> List[str]:
    shape = "x".join(str(length) for length in lane["input"])
    head = f"{paint(name, 'bold')} on {lane['device']} {lane['precision']} ({clean(str(lane['backend']))}, {shape}): "
    head += paint(f"{lane['throughput']:.1f} runs/s", "green")
    head += f", {count(lane['batch'], 'picture')} each: {lane['pictures_per_s']:.1f} pictures/s"
    columns = [Column("MILLISECONDS"), *(Column(figure.upper(), right=True) for figure in _FIGURES)]
    rows = [
        [words, *(f"{lane[key][figure]:.3f}" for figure in _FIGURES)]
        for key, words in _ROWS.items()
        if lane[key]["max"]  # there is nothing to copy on the processor
    ]
    lines = [head, *table(columns, rows, paint), f"{count(lane['queries'], 'run')} in {lane['seconds']:.1f} s"]
    lines += [f"{paint('warning', 'yellow')}: {clean(text)}" for text in lane["warnings"]]
    return [*lines, clean(lane["note"])] if lane.get("note") else lines
