"""``edge models profile``: how long each layer of a model takes, as a table and as a picture."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

from edge.cli.checked import count, say
from edge.cli.models_context import Chosen, Site, as_the_daemon
from edge.cli.models_lanes import Lane, add_arguments, chosen_by, lanes_of, measure, number, output
from edge.cli.models_svg import bars
from edge.cli.terminal import Column, Paint, clean, table, width
from edge.errors import EdgeError

_BAR, _NAME_LEAST = 20, 24
_TOP = 30


class Profile(NamedTuple):
    """``layers``: name, ms and share of each, and device, type and precision where the engine tells; in the order in
    which they run. ``runs``: what the times are the mean of."""

    device: str
    precision: str
    layers: List[Dict[str, Any]]
    runs: int

    @property
    def total(self) -> float:
        return sum(float(layer["ms"]) for layer in self.layers)


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "profile",
        help="how long each layer of a model takes",
        description="Run a model alone and say how long each of its layers takes, the longest first. A daemon that "
        "runs meanwhile disturbs the figures. Measuring layer by layer makes the whole slower: edge models bench says "
        "how fast it is.",
    )
    add_arguments(parser)
    parser.add_argument("--runs", type=number(1, 10000), default=50, metavar="N", help="default: 50")
    parser.add_argument("--all", action="store_true", help=f"every layer, not only the {_TOP} longest")
    parser.add_argument("--svg", metavar="FILE", help="write it as a picture, too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the profiles of all lanes but those that are alike; 0. Raises EdgeError."""
    site = Site(args.config)
    chosen = chosen_by(site, args)
    as_the_daemon()
    profiles = asyncio.run(_profiles(site, chosen, args))
    if args.svg:
        _write(Path(args.svg), bars(chosen.name, [profile._asdict() for profile in profiles]))
    if args.json:
        rows = [{**profile._asdict(), "total_ms": round(profile.total, 6)} for profile in profiles]
        print(json.dumps({"model": chosen.name, "lanes": rows}))
        return 0
    paint = Paint(sys.stdout)
    for profile in profiles:
        say(_told(chosen.name, profile, None if args.all else _TOP, paint))
    if args.svg:
        print(f"picture: {args.svg}")
    return 0


async def _profiles(site: Site, chosen: Chosen, args: argparse.Namespace) -> List[Profile]:
    found: List[Profile] = []
    out = output(args)
    # Both cores of a DLA run the same engine.
    lanes = [lane for lane in await lanes_of(site, chosen, out) if lane.device != "dla:1" or args.device == "dla:1"]
    for lane in lanes:
        answer = await measure(site, chosen, lane, "profile", out, runs=args.runs)
        found.append(Profile(lane.device, lane.precision, _layers(answer["layers"], lane), int(answer["runs"])))
    return found


def _layers(told: List[Dict[str, Any]], lane: Lane) -> List[Dict[str, Any]]:
    """With what the engine's sidecar says of each."""
    known: Dict[str, Dict[str, Any]] = {}
    if lane.engine is not None:
        known = {str(layer.get("name")): layer for layer in lane.engine.sidecar.layers}
    total = sum(float(layer["ms"]) for layer in told) or 1.0
    return [
        {
            "name": str(layer["name"]), "ms": float(layer["ms"]), "share": float(layer["ms"]) / total,
            **{key: known.get(str(layer["name"]), {}).get(key, "") for key in ("device", "type", "precision")},
        }
        for layer in told
    ]  # fmt: skip


def _told(name: str, profile: Profile, most: Optional[int], paint: Paint) -> List[str]:
    layers = sorted(profile.layers, key=lambda layer: -float(layer["ms"]))
    shown = layers[:most]
    longest = float(layers[0]["share"]) if layers else 1.0
    room = max(_NAME_LEAST, width() - _BAR - 34) if sys.stdout.isatty() else None
    block = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
    columns = [Column("MS", right=True), Column("SHARE", right=True), Column(""), Column("ON"), Column("LAYER")]
    rows = [
        [
            f"{layer['ms']:.3f}", f"{layer['share']:.1%}",
            paint(block * max(1, round(_BAR * float(layer["share"]) / (longest or 1.0))), "cyan"),
            " ".join(part for part in (str(layer["device"]) or profile.device, str(layer["precision"])) if part),
            _cut(clean(str(layer["name"])), room),
        ]
        for layer in shown
    ]  # fmt: skip
    head = f"{paint(name, 'bold')} on {profile.device} {profile.precision}: {profile.total:.3f} ms in "
    head += f"{count(len(layers), 'layer')}, the mean of {count(profile.runs, 'run')}"
    lines = [head, *(table(columns, rows, paint) if rows else [])]
    if len(layers) > len(shown):
        rest = sum(float(layer["ms"]) for layer in layers[len(shown) :])
        lines.append(f"and {len(layers) - len(shown)} more, {rest:.3f} ms together: --all lists them")
    return lines


def _cut(text: str, room: Optional[int]) -> str:
    return text if room is None or len(text) <= room else text[: room - 1] + "…"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise EdgeError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
