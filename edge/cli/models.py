"""``edge models``: which networks there are, and fetching them; its other commands have a file each."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any, Dict

from edge.cli.download import ProgressLine, mebibytes
from edge.cli.models_info import labels, later_file
from edge.cli.terminal import Column, Paint, table
from edge.errors import ConfigError, EdgeError, ModelError
from edge.models.catalogue import Catalogue, find_catalogue
from edge.models.fetch import fetch
from edge.models.file import LaterFile, OnnxDownload
from edge.models.folders import installed_models, stored
from edge.models.locate import folders_with_models
from edge.models.spec import checked, ensure, read_spec

#: The commands with a file of their own.
MODULES = ("info", "plan", "build", "engines", "calibrate", "profile", "bench")
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
    for command in (listing, pulling):
        command.add_argument("-c", "--config", metavar="FILE", help="the configuration beside which models/ is")
    for module in MODULES:
        importlib.import_module(f"edge.cli.models_{module}").add_parser(commands)


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
    row.update(what=spec.description or labels(spec), licence=spec.licence)
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
        later = later_file(name)
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
