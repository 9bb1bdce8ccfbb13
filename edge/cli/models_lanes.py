"""The lanes that a model would have in the daemon, for the commands that measure them."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Dict, List, NamedTuple, Optional

from edge.cli.models_build import build_one, engines_of
from edge.cli.models_context import Chosen, Site
from edge.cli.models_progress import PhaseLine
from edge.errors import EngineError
from edge.models.engines.cache import Cache, Engine
from edge.models.engines.choose import DEVICES, PRECISIONS


class Lane(NamedTuple):
    """``options``: what the inference process is told of it. ``engine``: None for a lane of ONNX Runtime."""

    device: str
    precision: str
    options: Dict[str, Any]
    engine: Optional[Engine] = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What says which lanes are meant."""
    parser.add_argument("name", metavar="NAME", help="a model of the configuration, or of edge models list")
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration; default: the system's, if any")
    parser.add_argument("--backend", choices=("auto", "onnxruntime", "tensorrt"), help="instead of the configuration's")
    parser.add_argument("--device", choices=DEVICES, help="instead of the configuration's")
    parser.add_argument("--precision", choices=PRECISIONS, help="instead of the configuration's")
    parser.add_argument("--batch", type=number(1, 64), metavar="N", help="pictures in one run, 1 to 64")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")


def number(least: int, most: int) -> Any:
    """A type for argparse."""

    def parse(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text[:20]!r}: a number from {least} to {most}")
        return int(text)

    return parse


def chosen_by(site: Site, args: argparse.Namespace) -> Chosen:
    """The model with what the command line says of it."""
    chosen = site.model(args.name)
    asked = {key: getattr(args, key) for key in ("backend", "device", "precision", "batch")}
    given = {key: value for key, value in asked.items() if value is not None}
    return chosen._replace(wish=chosen.wish._replace(**given))


def output(args: argparse.Namespace) -> Any:
    """Where progress goes."""
    if not args.json:
        return sys.stdout
    return sys.stderr if sys.stderr.isatty() else None


async def lanes_of(site: Site, chosen: Chosen, out: Any) -> List[Lane]:
    """Those that the daemon would give it; an engine that is missing is built. Raises EdgeError."""
    from edge.daemon.builder import ask_platform
    from edge.daemon.engines import lane

    if chosen.wish.backend == "onnxruntime":
        return [_processor(site, chosen)]
    try:
        platform = await ask_platform(site.python)
    except EngineError:
        if chosen.wish.backend == "tensorrt":
            raise
        return [_processor(site, chosen)]
    lanes: List[Lane] = []
    for want in engines_of(chosen, platform):
        try:
            result = await build_one(site.python, chosen, want, platform, Cache(), out)
        except EngineError:
            if not want.target.optional:
                raise
            continue
        if result.engine is not None:
            for device in want.target.lanes:
                options = lane(want, result.engine, platform, device)
                lanes.append(Lane(device, want.target.precision, options, result.engine))
    return lanes


def _processor(site: Site, chosen: Chosen) -> Lane:
    from edge.daemon.engines import Engines

    threads = "auto" if site.config is None else site.config.workers.threads
    lanes = Engines(site.python, threads).at_once(chosen.wish._replace(backend="onnxruntime"))
    return Lane("cpu", "fp32", (lanes or [{}])[0])


async def measure(site: Site, chosen: Chosen, lane: Lane, op: str, out: Any, **more: Any) -> Dict[str, Any]:
    """The answer of a process that runs the lane alone. ``op``: profile or bench. Raises EngineError."""
    from edge.daemon.builder import BuilderProcess

    order = {"op": op, "model": chosen.worker, "options": lane.options, **more}
    process = BuilderProcess(site.python, f"{op} {chosen.name}")
    with PhaseLine(f"{chosen.name} {lane.device}", out) as line:
        # What takes seconds is not to look as if nothing happened.
        line.update(op, None)
        try:
            process.worker.send(order)
            async for message in process.messages():
                if message.get("op") == "progress":
                    line.update(message["phase"], message["done"])
                elif message.get("op") == op:
                    return message
        finally:
            await process.stop()
    raise AssertionError("its messages end with an error")
