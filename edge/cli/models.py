"""``edge models``: which networks there are, fetching them, and what one expects and says."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from edge.cli.download import ProgressLine, mebibytes
from edge.cli.terminal import Column, Paint, table
from edge.errors import ConfigError, EdgeError, ModelError
from edge.models.catalogue import Catalogue, find_catalogue
from edge.models.fetch import fetch
from edge.models.file import LaterFile, OnnxDownload
from edge.models.folders import installed_models, stored
from edge.models.locate import folders_with_models
from edge.models.spec import ModelSpec, checked, ensure, network, read_spec

_STATES = {"here": "green", "yours": "cyan", "to pull": "yellow", "broken": "red"}


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "models",
        help="list, fetch and describe networks",
        description="Networks that can be used here: those with a folder of their own, and the catalogue's.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="what there is, and what can be fetched")
    listing.add_argument("--json", action="store_true", help="print one JSON object instead")
    listing.set_defaults(run=run, action=_list)
    pulling = commands.add_parser("pull", help="fetch and verify the file of a model")
    pulling.add_argument("names", metavar="NAME", nargs="+", help="of the catalogue, or a folder with a model.yaml")
    pulling.set_defaults(run=run, action=_pull)
    telling = commands.add_parser("info", help="what a model expects and says")
    telling.add_argument("name", metavar="NAME", help="a model's name, or a folder with a model.yaml")
    telling.set_defaults(run=run, action=_info)
    for command in (listing, pulling, telling):
        command.add_argument("-c", "--config", metavar="FILE", help="the configuration beside which models/ is")


def run(args: argparse.Namespace) -> int:
    """Do what ``args.action`` says; the exit status."""
    base = Path(args.config).parent if args.config else Path()
    return int(args.action(args, base.absolute()))


def _list(args: argparse.Namespace, base: Path) -> int:
    rows = list(_found(base).values())
    if args.json:
        print(json.dumps({"models": rows}))
        return 0
    paint = Paint(sys.stdout)
    columns = [Column("NAME"), Column("STATE"), Column("SIZE", right=True), Column("LICENCE"), Column("WHAT")]
    cells = [
        [
            paint(row["name"], "bold"),
            paint(row["state"], _STATES[row["state"]]),
            mebibytes(row["bytes"]) if row["bytes"] is not None else "",
            row["licence"] or "",
            row["what"] + (" (cannot be run yet)" if row["not_yet"] else ""),
        ]
        for row in rows
    ]
    print("\n".join(table(columns, cells, paint)))
    return 0


def _found(base: Path) -> Dict[str, Dict[str, Any]]:
    """A row for every model, by name; a folder's before the catalogue's of the same name."""
    rows: Dict[str, Dict[str, Any]] = {}
    for name, folder in folders_with_models(base).items():
        rows[name] = _folder_row(name, folder)
    catalogue = find_catalogue()
    for name in catalogue.names if catalogue else []:
        if name not in rows and catalogue is not None:
            rows[name] = _catalogue_row(name, catalogue)
    return rows


def _folder_row(name: str, folder: Path) -> Dict[str, Any]:
    row = {"name": name, "what": "", "bytes": None, "licence": None, "not_yet": None, "path": str(folder)}
    try:
        spec = read_spec(str(folder), folder)
    except EdgeError as error:
        return {**row, "state": "broken", "what": str(error).splitlines()[0]}
    row.update(what=spec.description or _labels(spec), licence=spec.licence)
    try:
        checked(spec)
    except ModelError as error:
        if spec.download is not None and not spec.onnx.is_file():
            return {**row, "state": "to pull", "bytes": spec.download.bytes}
        return {**row, "state": "broken", "what": str(error)}
    state = "here" if folder.parent == installed_models() else "yours"
    return {**row, "state": state, "bytes": spec.onnx.stat().st_size}


def _catalogue_row(name: str, catalogue: Catalogue) -> Dict[str, Any]:
    entry = catalogue.entry(name)
    onnx = entry.onnx
    if not isinstance(onnx, OnnxDownload):
        raise ConfigError([catalogue.document(name).problem(("onnx",), "an entry of the catalogue needs url, sha256")])
    path = stored(onnx.sha256)
    here = path.is_file()
    return {
        "name": name,
        "what": entry.description or "",
        "state": "here" if here else "to pull",
        "bytes": onnx.bytes,
        "licence": entry.licence,
        "not_yet": entry.not_yet if isinstance(entry, LaterFile) else None,
        "path": str(path) if here else None,
    }


def _pull(args: argparse.Namespace, base: Path) -> int:
    for name in args.names:
        line = ProgressLine(name, sys.stdout)
        later = _later(name)
        if later is not None:
            path = stored(later.onnx.sha256)
            with line:
                fetch(later.onnx.url, later.onnx.sha256, path, later.onnx.bytes, line.update)
            print(f"{name}: {path}, verified. Not to be run yet: {later.not_yet}")
            continue
        spec = read_spec(name, base)
        with line:
            spec = ensure(spec, line.update)
        print(f"{name}: {spec.onnx}, {'verified' if spec.sha256 else 'nothing to fetch'}")
    return 0


def _later(name: str) -> Optional[LaterFile]:
    """The catalogue's entry of that name where it is one that nothing here can run."""
    catalogue = find_catalogue()
    if catalogue is None or name not in catalogue.names:
        return None
    entry = catalogue.entry(name)
    return entry if isinstance(entry, LaterFile) else None


def _info(args: argparse.Namespace, base: Path) -> int:
    later = _later(args.name)
    lines = _about_later(args.name, later) if later is not None else _about(read_spec(args.name, base))
    paint = Paint(sys.stdout)
    width = max(len(key) for key, _ in lines)
    for key, value in lines:
        print(f"{paint(key.ljust(width), 'dim')}  {value}".rstrip())
    return 0


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
        ["labels", f"{len(spec.labels)}: {_labels(spec)}"],
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


def _labels(spec: ModelSpec) -> str:
    shown = ", ".join(spec.labels[:8])
    return shown + (", ..." if len(spec.labels) > 8 else "")


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_plain(item) for item in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
