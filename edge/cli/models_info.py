"""``edge models info``: what a model expects and says, and the engines that there are of it."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.cli.checked import count, say
from edge.cli.download import mebibytes
from edge.cli.models_build import profile, where
from edge.cli.terminal import Paint, clean
from edge.errors import EdgeError
from edge.models.catalogue import find_catalogue
from edge.models.engines.cache import Cache, Engine
from edge.models.file import LaterFile
from edge.models.folders import stored
from edge.models.onnx_data import network_sha256
from edge.models.spec import ModelSpec, checked, network, read_spec

_KEY = 12
_NAMES = 3


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge models``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "info",
        help="what a model expects and says, and its engines",
        description="What a model expects and says, and of each TensorRT engine of it what really runs where.",
    )
    parser.add_argument("name", metavar="NAME", help="a model's name, or a folder with a model.yaml")
    parser.add_argument("--layers", action="store_true", help="list every layer of its engines")
    parser.add_argument("-c", "--config", metavar="FILE", help="the configuration beside which models/ is")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print it; 0. Raises EdgeError."""
    base = (Path(args.config).parent if args.config else Path()).absolute()
    paint = Paint(sys.stdout)
    later = later_file(args.name)
    engines: List[str] = []
    if later is not None:
        lines = _about_later(args.name, later)
    else:
        spec = read_spec(args.name, base)
        lines = _about(spec)
        if spec.onnx.is_file():
            engines = [line for engine in _engines(spec.onnx) for line in _about_engine(engine, args.layers, paint)]
    width = max(len(key) for key, _ in lines)
    say([*(f"{paint(key.ljust(width), 'dim')}  {value}".rstrip() for key, value in lines), *engines])
    return 0


def later_file(name: str) -> Optional[LaterFile]:
    """The catalogue's entry of that name where it is one that nothing here can run."""
    catalogue = find_catalogue()
    if catalogue is None or name not in catalogue.names:
        return None
    entry = catalogue.entry(name)
    return entry if isinstance(entry, LaterFile) else None


def _about_later(name: str, entry: LaterFile) -> List[List[str]]:
    path = stored(entry.onnx.sha256)
    return [
        ["name", name],
        ["what", entry.description],
        ["licence", entry.licence],
        ["from", entry.onnx.url],
        ["file", str(path) if path.is_file() else f"not here: edge models pull {name}"],
        ["not yet", entry.not_yet],
    ]


def _about(spec: ModelSpec) -> List[List[str]]:
    how = spec.input.plain()
    if spec.input.fit != "letterbox":
        how = {key: value for key, value in how.items() if key not in ("pad", "letterbox_align")}
    decoder = spec.output.model_dump(exclude_defaults=True)
    lines = [
        ["name", spec.name],
        ["what", spec.description or ""],
        ["licence", spec.licence or "not said"],
        ["found at", str(spec.file)],
        *([["from", spec.download.url]] if spec.download else []),
        ["input", ", ".join(f"{key} {_plain(value)}" for key, value in how.items() if value is not None)],
        ["decoder", ", ".join([str(decoder.pop("decoder")), *(f"{k} {_plain(v)}" for k, v in decoder.items())])],
        ["labels", f"{len(spec.labels)}: {labels(spec)}"],
        ["min_score", f"{spec.min_score:g}"],
    ]
    if not spec.onnx.is_file() and spec.download is not None:
        return [*lines, ["file", f"not here: edge models pull {spec.reference}"]]
    spec = checked(spec)
    header = network(spec)
    batch = (header.inputs[0].shape or (None,))[0]
    verified = f", SHA-256 {spec.sha256} verified" if spec.sha256 else ""
    return [
        *lines,
        ["file", f"{spec.onnx}, {mebibytes(spec.onnx.stat().st_size)}{verified}"],
        *(["takes", str(tensor)] for tensor in header.inputs),
        *(["gives", str(tensor)] for tensor in header.outputs),
        ["batch", f"fixed, {batch}" if isinstance(batch, int) else "any"],
        ["made by", f"{header.producer or 'not said'}, opset {header.opset or 'not said'}"],
    ]


def labels(spec: ModelSpec) -> str:
    """The first of them."""
    shown = ", ".join(spec.labels[:8])
    return shown + (", ..." if len(spec.labels) > 8 else "")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _engines(onnx: Path) -> List[Engine]:
    """Of that very network, the last used first; none where the cache cannot be read."""
    try:
        digest = network_sha256(onnx)
        return [engine for engine in Cache().all() if engine.sidecar.ingredients.get("network") == digest]
    except (EdgeError, OSError):
        return []


def _about_engine(engine: Engine, every: bool, paint: Paint) -> List[str]:
    sidecar, made = engine.sidecar, engine.sidecar.ingredients
    lines = [
        f"{paint('engine', 'dim')} {sidecar.key[:_KEY]}: {paint(str(made['device']), 'bold')} {made['precision']}, "
        f"TensorRT {clean(str(made['tensorrt']))} on {clean(str(made['gpu'] or made['board'] or 'this machine'))}, "
        f"{profile(made)}, {mebibytes(sidecar.plan_bytes)}, built {sidecar.built}"
        f"{f', power mode {sidecar.power_mode}' if sidecar.power_mode else ''}"
    ]
    lines += [f"  {line}" for line in where(sidecar.placement, sidecar.compared)]
    if every:
        return [*lines, *(f"  {_layer(layer)}" for layer in sidecar.layers)]
    for device, group in groupby(sidecar.layers, lambda layer: str(layer.get("device", ""))):
        lines.append(f"  {_block(device, list(group), paint)}")
    return lines


def _block(device: str, layers: List[Dict[str, Any]], paint: Paint) -> str:
    """Layers that run one after the other on one device, as the engine has them."""
    types = sorted({str(layer["precision"]) for layer in layers if layer.get("precision")})
    names = ", ".join(clean(str(layer.get("name", "")))[:60] for layer in layers[:_NAMES])
    more = f" and {len(layers) - _NAMES} more" if len(layers) > _NAMES else ""
    where = paint(device, "green" if device == "DLA" else "blue") + (f" {'/'.join(types)}" if types else "")
    return f"{where}  {count(len(layers), 'layer')}: {names}{more}"


def _layer(layer: Dict[str, Any]) -> str:
    told = {key: clean(str(layer.get(key, ""))) for key in ("device", "precision", "type", "name")}
    return f"{told['device']:<3}  {told['precision']:<4}  {told['type']:<14}  {told['name']}"
