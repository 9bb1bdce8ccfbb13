"""``edge models engines``: the engines that are kept, what uses them, and removing those that nothing uses."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set

from edge.cli.checked import count, say
from edge.cli.download import mebibytes
from edge.cli.models_context import Site, as_the_daemon
from edge.cli.terminal import Column, Paint, clean, duration, table
from edge.errors import EdgeError, EngineError
from edge.models.engines.aside import Aside, put_aside, remove_put_aside
from edge.models.engines.cache import Cache, Engine
from edge.models.engines.recipe import engine_key
from edge.models.engines.resolve import wanted

_KEY = 12


class Uses(NamedTuple):
    """Which models want an engine, by its key. ``unknown``: why that cannot be told, of all (empty name) or of a model:
    what was built for that one may be in use."""

    keys: Dict[str, List[str]]
    unknown: Dict[str, str]

    def of(self, engine: Engine) -> Optional[List[str]]:
        """The models that use it; None where that is not known."""
        found = self.keys.get(engine.sidecar.key, [])
        return found if found or not {"", engine.sidecar.name} & set(self.unknown) else None


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "engines",
        help="list the TensorRT engines that are kept, and remove those that nothing uses",
        description="List the engines that were built on this machine, and which models of the configuration use them.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration; default: the system's, if any")
    parser.add_argument(
        "--remove-unused", action="store_true", help="delete the engines that no model of the configuration uses, what "
        "interrupted builds left, and what was put aside"
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask before")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list; 0, or 1 when asked to remove and answered no. Raises EdgeError."""
    cache = Cache(on_aside=lambda key, reason: print(f"edge: engine {key[:_KEY]} put aside: {reason}", file=sys.stderr))
    try:
        return _run(args, cache)
    except OSError as error:
        raise EngineError(f"{cache.folder}: {(error.strerror or str(error)).lower()}") from None


def _run(args: argparse.Namespace, cache: Cache) -> int:
    site = Site(args.config)
    as_the_daemon()
    engines = cache.all()
    uses = _uses(site) if engines or args.remove_unused else Uses({}, {})
    aside, leftovers = put_aside(cache.folder), cache.leftovers()
    if args.json and not args.remove_unused:
        print(json.dumps(_report(engines, uses, aside, leftovers)))
        return 0
    if not args.remove_unused:
        say(_told(engines, uses, aside, leftovers, Paint(sys.stdout)))
        return 0
    if uses.unknown and engines:
        name, why = next(iter(uses.unknown.items()))
        raise EngineError(f"what is in use cannot be told{f' of {name}' if name else ''}, so nothing is removed: {why}")
    unused = [engine for engine in engines if uses.of(engine) == []]
    if not (unused or aside or leftovers):
        print(json.dumps({"removed": [], "bytes": 0}) if args.json else "nothing to remove")
        return 0
    if not args.yes and not _agreed(unused, aside, leftovers):
        return 1
    removed = [engine.sidecar.key for engine in unused]
    freed = cache.remove([*removed, *leftovers]) + remove_put_aside(cache.folder)
    if args.json:
        print(json.dumps({"removed": removed, "bytes": freed}))
    else:
        print(f"removed {_counted(unused, aside, leftovers)}: {mebibytes(freed)}")
    return 0


def _agreed(unused: Sequence[Engine], aside: Sequence[Aside], leftovers: Sequence[str]) -> bool:
    if not sys.stdin.isatty():
        raise EdgeError("--remove-unused asks before it deletes; where nobody can be asked, say --yes")
    for engine in unused:
        print(f"  {_what(engine)}, {mebibytes(engine.sidecar.plan_bytes)}")
    answer = input(f"remove {_counted(unused, aside, leftovers)}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _counted(unused: Sequence[Engine], aside: Sequence[Aside], leftovers: Sequence[str]) -> str:
    words = [count(len(unused), "engine")] if unused else []
    words += [f"{len(aside)} put aside"] if aside else []
    words += [f"what {count(len(leftovers), 'interrupted build')} left"] if leftovers else []
    return ", ".join(words)


def _uses(site: Site) -> Uses:
    if site.config is None:
        return Uses({}, {"": "there is no configuration; name it with -c FILE"})
    from edge.daemon.builder import ask_platform  # here: other commands need nothing of the daemon

    names = [name for name, model in site.config.models.items() if model.backend != "onnxruntime"]
    if not names:
        return Uses({}, {})
    try:
        platform = asyncio.run(ask_platform(site.python))
    except EdgeError as error:
        return Uses({}, {"": str(error)})
    keys: Dict[str, List[str]] = {}
    unknown: Dict[str, str] = {}
    for name in names:
        try:
            chosen = site.model(name)
            for want in wanted(chosen.worker, chosen.wish, platform):
                keys.setdefault(engine_key(want.recipe.ingredients(platform)), []).append(name)
        except EdgeError as error:
            unknown[name] = str(error).splitlines()[0]
    return Uses(keys, unknown)


def _report(engines: Sequence[Engine], uses: Uses, aside: Sequence[Aside], leftovers: Sequence[str]) -> Dict[str, Any]:
    rows = []
    for engine in engines:
        sidecar = engine.sidecar
        made = sidecar.ingredients
        rows.append({
            "key": sidecar.key, "name": sidecar.name, "plan": str(engine.plan), "bytes": sidecar.plan_bytes,
            "built": sidecar.built, "last_used": round(engine.used, 3),
            **{key: made.get(key) for key in ("device", "precision", "tensorrt", "gpu", "profile")},
            "used_by": uses.of(engine), "placement": sidecar.placement, "power_mode": sidecar.power_mode,
        })  # fmt: skip
    return {
        "engines": rows,
        "put_aside": [{"key": one.key, "reason": one.reason, "bytes": one.bytes} for one in aside],
        "leftovers": list(leftovers),
        "unknown": uses.unknown,
    }


def _told(
    engines: Sequence[Engine], uses: Uses, aside: Sequence[Aside], leftovers: Sequence[str], paint: Paint
) -> List[str]:  # fmt: skip
    if not (engines or aside or leftovers):
        return ["no engine was built here yet"]
    now = time.time()
    columns = [Column("ENGINE"), Column("MODEL"), Column("DEVICE"), Column("PRECISION"), Column("TENSORRT"),
               Column("SIZE", right=True), Column("BUILT"), Column("USED"), Column("BY")]  # fmt: skip
    rows = []
    for engine in engines:
        sidecar, made = engine.sidecar, engine.sidecar.ingredients
        rows.append([
            sidecar.key[:_KEY], paint(clean(sidecar.name), "bold"),
            *(clean(str(made.get(key, ""))) for key in ("device", "precision", "tensorrt")),
            mebibytes(sidecar.plan_bytes), sidecar.built[:16].replace("T", " "),
            f"{duration(max(0.0, now - engine.used))} ago", _by(uses.of(engine), paint),
        ])  # fmt: skip
    lines = table(columns, rows, paint) if rows else []
    for one in aside:
        lines.append(f"put aside: {one.key[:_KEY]}, {mebibytes(one.bytes)}: {clean(one.reason)}")
    if leftovers:
        lines.append(f"left by interrupted builds: {', '.join(key[:_KEY] for key in leftovers)}")
    why: Set[str] = set(uses.unknown.values())
    lines += [f"what uses them is not known: {clean(text)}" for text in sorted(why)] if engines else []
    if aside or leftovers or any(uses.of(engine) == [] for engine in engines):
        lines.append(paint("edge models engines --remove-unused deletes what nothing uses", "dim"))
    return lines


def _by(names: Optional[List[str]], paint: Paint) -> str:
    if names is None:
        return paint("unknown", "dim")
    return paint(", ".join(names), "green") if names else paint("nothing", "yellow")


def _what(engine: Engine) -> str:
    made = engine.sidecar.ingredients
    return f"{engine.sidecar.key[:_KEY]}  {clean(engine.sidecar.name)} {made['device']} {made['precision']}"
