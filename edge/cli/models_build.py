"""``edge models build``: the engines that the daemon would build at its start, now."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from edge.cli.checked import count, say
from edge.cli.download import mebibytes
from edge.cli.models_context import Chosen, Site, as_the_daemon, needs_engine
from edge.cli.models_progress import PhaseLine
from edge.cli.terminal import Paint, clean, duration
from edge.errors import EngineError
from edge.models.engines.cache import Cache, Engine
from edge.models.engines.choose import DEVICES, PRECISIONS
from edge.models.engines.platform import Platform
from edge.models.engines.recipe import engine_key
from edge.models.engines.resolve import Wanted, wanted

_MESSAGES = 6


class Result(NamedTuple):
    """What became of an engine to have: ``engine``, new or from the cache, or None and why not."""

    want: Wanted
    engine: Optional[Engine]
    new: bool = False
    reason: str = ""


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "build",
        help="build a model's TensorRT engines now",
        description="Build the engines that the daemon would build at its start, into the same cache. What the command "
        "line says goes before the configuration: the daemon takes such an engine only when it is told the same.",
    )
    parser.add_argument("name", metavar="NAME", help="a model of the configuration, or of edge models list")
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration; default: the system's, if any")
    parser.add_argument("--device", choices=DEVICES, help="instead of what the configuration says")
    parser.add_argument("--precision", choices=PRECISIONS, help="instead of what the configuration says")
    parser.add_argument("--batch", type=_batch, metavar="N", help="most pictures in one run, 1 to 64")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what was built; 0. Raises EdgeError."""
    site = Site(args.config)
    chosen = site.model(args.name)
    given = {key: getattr(args, key) for key in ("device", "precision", "batch") if getattr(args, key) is not None}
    chosen = chosen._replace(wish=chosen.wish._replace(**given))
    needs_engine(chosen)
    as_the_daemon()
    out = sys.stderr if args.json and sys.stderr.isatty() else None if args.json else sys.stdout
    notes: List[str] = []
    platform, results = asyncio.run(_build(site.python, chosen, out, notes))
    if args.json:
        engines = [plain(result) for result in results]
        print(json.dumps({"model": chosen.name, "platform": platform._asdict(), "engines": engines, "notes": notes}))
    else:
        paint = Paint(sys.stdout)
        lines = [line for result in results for line in told(chosen.name, result, paint)]
        say([*lines, *(f"{chosen.name}: {clean(note)}" for note in notes)])
    return 0


def _batch(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: a number from 1 to 64")
    return int(text)


async def _build(
    python: str, chosen: Chosen, out: Any, notes: List[str]
) -> Tuple[Platform, List[Result]]:  # fmt: skip
    from edge.daemon.builder import ask_platform

    try:
        platform = await ask_platform(python)
    except EngineError as error:
        auto = chosen.wish.backend == "auto"
        other = f"; {chosen.name} runs by ONNX Runtime here, which needs no engine" if auto else ""
        raise EngineError(f"{error}{other}") from None
    cache = Cache(on_aside=lambda key, reason: print(f"edge: engine {key[:12]} put aside: {reason}", file=sys.stderr))
    results = []
    for want in engines_of(chosen, platform, notes):
        try:
            results.append(await build_one(python, chosen, want, platform, cache, out))
        except EngineError as error:
            if not want.target.optional:
                raise
            results.append(Result(want, None, reason=str(error)))
    return platform, results


def engines_of(chosen: Chosen, platform: Platform, notes: Optional[List[str]] = None) -> List[Wanted]:
    """Those to have, as the daemon would; to ``notes`` is added what could not be judged.

    Raises EngineError, which says where it was asked for, or ModelError.
    """
    try:
        return wanted(chosen.worker, chosen.wish, platform, notes)
    except EngineError as error:
        raise EngineError(f"{chosen.place + ': ' if chosen.place else ''}{chosen.name}: {error}") from None


async def build_one(
    python: str, chosen: Chosen, want: Wanted, platform: Platform, cache: Cache, out: Any
) -> Result:  # fmt: skip
    """Build it, or find it. Raises EngineError, which names the builder's log, and ModelError."""
    from edge.daemon.builder import Progress, build

    key = engine_key(want.recipe.ingredients(platform))
    with PhaseLine(f"{chosen.name} {_what(want)}", out) as line:

        def heard(progress: Progress) -> None:
            line.update(progress.phase, progress.done)

        try:
            engine = await build(python, want.recipe, platform, cache, heard)
        except EngineError as error:
            log = cache.log(key)
            raise type(error)(f"{error}; the builder's log: {log}" if log.is_file() else str(error)) from None
        except OSError as error:
            raise EngineError(f"{cache.folder} cannot be written: {(error.strerror or str(error)).lower()}") from None
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                cache.log(key).unlink()
            raise
        return Result(want, engine, new=line.phase not in ("", "waiting"))


def _what(want: Wanted) -> str:
    return f"{want.target.device} {want.target.precision}"


def plain(result: Result) -> Dict[str, Any]:
    """For ``--json``."""
    target, engine = result.want.target, result.engine
    row = {"device": target.device, "precision": target.precision, "lanes": list(target.lanes), "reason": target.reason}
    if engine is None:
        return {**row, "state": "left out", "reason": result.reason}
    sidecar = engine.sidecar
    return {
        **row, "state": "built" if result.new else "there", "key": sidecar.key, "plan": str(engine.plan),
        "bytes": sidecar.plan_bytes, "seconds": sidecar.seconds, "built": sidecar.built, "layers": sidecar.layers,
        "placement": sidecar.placement, "warnings": sidecar.warnings, "compared": sidecar.compared,
    }  # fmt: skip


def told(name: str, result: Result, paint: Paint) -> List[str]:
    """Lines for a person."""
    head = f"{paint(name, 'bold')} {_what(result.want)}"
    if result.engine is None:
        return [f"{head}: {paint('left out', 'yellow')}: {clean(result.reason)}"]
    sidecar, target = result.engine.sidecar, result.want.target
    how = f"built in {took(sidecar.seconds)}" if result.new else f"already there, built {sidecar.built}"
    lines = [
        f"{head}: {paint(how, 'green')}, {mebibytes(sidecar.plan_bytes)}, {profile(sidecar.ingredients)}",
        f"  {result.engine.plan}",
    ]
    if len(target.lanes) > 1 or target.reason:
        lines.append(f"  runs on {' and '.join(target.lanes)}{': ' + target.reason if target.reason else ''}")
    return [*lines, *(f"  {line}" for line in where(sidecar.placement, sidecar.compared)),
            *(f"  {paint('warning', 'yellow')}: {clean(text)}" for text in sidecar.warnings)]  # fmt: skip


def took(seconds: float) -> str:
    """``4.2 s``, ``12 min``."""
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def profile(ingredients: Dict[str, Any]) -> str:
    """``1 to 4 pictures in a run``."""
    least, most = (ingredients["profile"][place][0] for place in (0, 2))
    return f"{count(most, 'picture')} in a run" if least == most else f"{least} to {most} pictures in a run"


def where(placement: Dict[str, Any], compared: Optional[Dict[str, Any]]) -> List[str]:
    """What runs on the DLA and what does not; nothing of an engine that is whole on the GPU."""
    if not placement.get("dla"):
        return []
    dla, gpu, switches = placement["dla"], placement.get("gpu", 0), placement.get("switches", 0)
    shares = f"{count(dla, 'layer')} on the DLA, {gpu} on the GPU"
    lines = [f"{shares}, {switches} {'switch' if switches == 1 else 'switches'} between them"]
    messages = placement.get("messages", [])
    lines += [clean(text) for text in messages[:_MESSAGES]]
    if len(messages) > _MESSAGES:
        lines.append(f"and {len(messages) - _MESSAGES} more of these in the builder's log")
    if compared:
        lines.append(
            f"compared with the GPU on {count(compared['pictures'], 'picture')}: at most {compared['max_error']:.3g} "
            f"of the outputs' range apart, {compared['mean_error']:.3g} in the mean"
        )
    return lines
