"""``edge models calibrate``: INT8 ranges for a network, from pictures of the user's own cameras."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from edge.cli.checked import count, say
from edge.cli.download import mebibytes
from edge.cli.models_context import Chosen, Site, as_the_daemon, needs_engine
from edge.cli.models_progress import PhaseLine
from edge.cli.terminal import Paint
from edge.config import CameraConfig, Config
from edge.config.nearest import nearest
from edge.errors import EdgeError, EngineError
from edge.models.calibrate import bounded, check, item_bytes, quantized
from edge.models.engines.cache import Cache
from edge.models.engines.calibration import Calibration, calibration_of
from edge.models.engines.platform import Platform
from edge.models.engines.recipe import Recipe
from edge.models.engines.resolve import wanted

_BATCH = 8
#: Fewer say little of what a camera shows by day and by night; NVIDIA's figure is about 500.
_FEW = 100


class Done(NamedTuple):
    """``state``: calibrated, already (with these pictures), nothing (none is needed, ``words`` say why)."""

    state: str
    words: str = ""
    pictures: int = 0
    cameras: Optional[Dict[str, int]] = None
    ranges: Optional[Path] = None


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "calibrate",
        help="calibrate a model for INT8 with pictures of your own cameras",
        description="Collect varied pictures of cameras of the configuration and let TensorRT find the ranges that "
        "INT8 needs. Interrupted, what was collected stays, and the next run goes on from there.",
    )
    parser.add_argument("name", metavar="NAME", help="a model of the configuration, or of edge models list")
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration; default: the system's, if any")
    parser.add_argument("--cameras", metavar="A,B", help="default: the enabled cameras that use the model")
    parser.add_argument("--pictures", type=_number(1, 10000), default=500, metavar="N", help="default: 500")
    parser.add_argument(
        "--every", type=_seconds, default=1.0, metavar="SECONDS", help="between two looks at a camera; default: 1"
    )
    parser.add_argument(
        "--minutes", type=_number(1, 10080), default=30, metavar="N",
        help="calibrate after so long with what there is; default: 30",
    )  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="forget the pictures that were collected before")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what came of it; 0. Raises EdgeError."""
    site = Site(args.config)
    chosen = site.model(args.name)
    needs_engine(chosen)
    as_the_daemon()
    out = sys.stderr if args.json and sys.stderr.isatty() else None if args.json else sys.stdout
    done = asyncio.run(_calibrate(args, site, chosen, out))
    if args.json:
        ranges = None if done.ranges is None else str(done.ranges)
        print(json.dumps({**done._asdict(), "model": chosen.name, "ranges": ranges}))
    else:
        say(_told(chosen.name, done, Paint(sys.stdout)))
    return 0


def _number(least: int, most: int) -> Any:
    def parse(text: str) -> int:
        if not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text[:20]!r}: a number from {least} to {most}")
        return int(text)

    return parse


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 86400.0:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: seconds, 0 to 86400")
    return value


async def _calibrate(args: argparse.Namespace, site: Site, chosen: Chosen, out: Any) -> Done:
    from edge.daemon.builder import ask_platform

    onnx = chosen.spec.onnx
    if quantized(onnx):
        return Done("nothing", "it brings its ranges along (Q/DQ), and is taken as it is")
    platform = await ask_platform(site.python)
    check(chosen.name, platform)
    recipe = wanted(chosen.worker, chosen.wish._replace(device="gpu", precision="fp16"), platform)[0].recipe
    recipe = recipe._replace(precision="int8", calibration=None)
    place = calibration_of(onnx)
    try:
        with _alone(place.folder), PhaseLine(chosen.name, out) as line:
            tally = await _collect(args, site, chosen, place, line)
            ranges = place.ranges(platform)
            if not tally.new and place.found(platform):
                return Done("already", "", tally.kept, tally.cameras, ranges)
            await _find_ranges(site.python, recipe, platform, place, line)
    except OSError as error:
        raise EngineError(f"{place.folder} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return Done("calibrated", "", tally.kept, tally.cameras, ranges)


async def _collect(
    args: argparse.Namespace, site: Site, chosen: Chosen, place: Calibration, line: PhaseLine
) -> Any:  # fmt: skip
    from edge.cli.models_collect import Collecting

    input = chosen.worker["input"]
    most = bounded(args.pictures, input)
    if most < args.pictures:
        line.say(f"{chosen.name}: {most} pictures instead of {args.pictures}: one takes {mebibytes(item_bytes(input))}")
    order = {
        "file": str(place.pictures), "input": input, "size": input["size"], "count": most, "every": args.every,
        "fresh": args.fresh,
    }  # fmt: skip
    cameras = _cameras(args.cameras, chosen.name, site.config)
    return await Collecting(site.python, order, cameras, 60.0 * args.minutes, line).run()


def _cameras(asked: Optional[str], model: str, config: Optional[Config]) -> Dict[str, CameraConfig]:
    """Those to collect from, by name. Raises EdgeError."""
    if config is None:
        raise EdgeError("there is no configuration to take cameras from; name it with -c FILE")
    names = [name.strip() for name in asked.split(",") if name.strip()] if asked else []
    for name in names:
        if name not in config.cameras:
            near = nearest(name, list(config.cameras))
            raise EdgeError(f"{config.path}: no camera {name!r}{f' (did you mean {near!r}?)' if near else ''}")
        if not config.cameras[name].enabled:
            file, at, _ = config.origin(("cameras", name, "enabled"))
            raise EdgeError(f"{file}:{at}: the camera {name} is disabled")
    if not names:
        names = [name for name, camera in config.cameras.items() if camera.enabled and model in camera.models]
    if not names:
        raise EdgeError(f"{config.path}: no enabled camera uses the model {model}; name some with --cameras")
    return {name: config.cameras[name] for name in names}


async def _find_ranges(python: str, recipe: Recipe, platform: Platform, place: Calibration, line: PhaseLine) -> None:
    """Have TensorRT calibrate, and keep what it finds; the engine that comes with it is thrown away."""
    from edge.daemon.builder import BuilderProcess

    plan, ranges = place.folder / "calibrating.plan", place.folder / "calibrating.cache"
    order = {
        **recipe.order(), "op": "build", "module": platform.module, "plan": str(plan),
        "timing_cache": str(_timing_cache()), "memory_limit_mib": None, "compare": None,
        "log": str(place.folder / "calibrating.log"),
        "calibration": {"cache": str(ranges), "pictures": str(place.pictures), "batch": _BATCH},
    }  # fmt: skip
    process = BuilderProcess(python, f"calibrate {recipe.name}")
    try:
        process.worker.send(order)
        async for message in process.messages():
            if message.get("op") == "progress":
                line.update(message["phase"], message["done"])
            elif message.get("op") == "built":
                break
        if not ranges.is_file() or not ranges.stat().st_size:
            raise EngineError(f"{recipe.name}: TensorRT gave no ranges")
        os.replace(ranges, place.ranges(platform))
    finally:
        await process.stop()
        for path in (plan, ranges):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def _timing_cache() -> Path:
    cache = Cache()
    cache.folder.mkdir(parents=True, exist_ok=True)
    return cache.timing_cache


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises EngineError where another process calibrates this network."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise EngineError("another process calibrates this network") from None
    finally:
        os.close(fd)


def _told(name: str, done: Done, paint: Paint) -> List[str]:
    if done.state == "nothing":
        return [f"{name}: nothing to calibrate: {done.words}"]
    each = ", ".join(f"{camera} {kept}" for camera, kept in sorted((done.cameras or {}).items()))
    lines = [f"{paint(name, 'bold')}: {done.state} calibrated" if done.state == "already" else
             f"{paint(name, 'bold')}: {paint('calibrated', 'green')}"]  # fmt: skip
    lines[0] += f" with {count(done.pictures, 'picture')} ({each})"
    lines.append(f"  {done.ranges}")
    if done.pictures < _FEW:
        lines.append(f"  {paint('warning', 'yellow')}: that is few: about 500 that differ are what NVIDIA asks for; "
                     "run it again at another time of the day")  # fmt: skip
    lines.append(f"  with precision: int8 (or best) it is used: edge models build {name} --precision int8")
    return lines
