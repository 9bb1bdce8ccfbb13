"""How an estimate is told to a person: what fits, what each engine carries, and where every number is from."""

from __future__ import annotations

import textwrap
from typing import Any, Dict, List, Mapping, Optional

from edge.cli.checked import count
from edge.cli.terminal import Column, Paint, clean, table, width

_COLOURS = {"published": "green", "measured": "green", "estimate": "yellow"}


def lines(report: Mapping[str, Any], paint: Paint) -> List[str]:
    """For a terminal."""
    cameras, fits = report["cameras"], report["fits"]
    said = [
        f"{paint(report['name'], 'bold')}, {report['memory_gb']} GB: {_fits(fits, len(cameras))}",
        paint("an estimate from published rates, not a measurement", "dim"),
        "",
    ]
    said += _engines(report, paint)
    said += ["", *_loads(cameras, paint)]
    if report["models"]:
        said += ["", *_models(report["models"], paint)]
    said += ["", *_figures(report["engines"], paint)]
    for note in report["notes"]:
        said += [paint(line, "yellow") for line in _wrapped(f"note: {clean(note)}", "", "  ")]
    return said


def _fits(fits: Mapping[str, Any], own: int) -> str:
    if fits["low"] is None:
        return "nothing that is known ends it"
    some = _between(fits["low"], fits["high"])
    like = "this one" if own == 1 else f"these {own} on average"
    short = ""
    if fits["high"] < own:
        short = ": not even these"
    elif fits["low"] < own:
        short = ": these only at best"
    return f"{some} cameras like {like}{short}, limited by {' or '.join(fits['limits'])}"


def _engines(report: Mapping[str, Any], paint: Paint) -> List[str]:
    own = len(report["cameras"])
    columns = [
        Column("ENGINE"), Column(f"NEEDED BY {'THIS CAMERA' if own == 1 else f'THESE {own}'}", True),
        Column("CAMERAS", True), Column("RESTS ON"),
    ]  # fmt: skip
    rows = []
    for engine in report["engines"]:
        origins = list(dict.fromkeys(figure["origin"] for figure in engine["figures"]))
        rests = ", ".join(paint(origin, _COLOURS[origin]) for origin in origins)
        if engine["share"] is None:
            rows.append([engine["name"], "?", "?", paint(clean(engine["unknown"]), "yellow")])
            continue
        share, carries = engine["share"], engine["cameras"]
        limit = ("yellow", "bold") if engine["name"] in report["fits"]["limits"] else ()
        rows.append(
            [
                paint(engine["name"], *limit), f"{_percent(share['low'])} to {_percent(share['high'])}",
                "any" if carries["low"] is None else _between(carries["low"], carries["high"]), rests,
            ]
        )  # fmt: skip
    return table(columns, rows, paint)


def _loads(cameras: List[Dict[str, Any]], paint: Paint) -> List[str]:
    """The cameras, those that are alike in one line."""
    kinds: Dict[Any, List[str]] = {}
    for camera in cameras:
        size = "its own size" if camera["size"] is None else "x".join(str(n) for n in camera["size"])
        kind = (
            f"{camera['codec']} {camera['width']}x{camera['height']}", f"{camera['rate']:g}", f"{camera['analysed']:g}",
            size, ", ".join(camera["models"]),
        )  # fmt: skip
        kinds.setdefault(kind, []).append(camera["name"])
    columns = [
        Column("CAMERAS"), Column("SEND"), Column("PICTURES/s", True), Column("ANALYSED/s", True), Column("AT"),
        Column("BY"),
    ]  # fmt: skip
    rows = [[clean(_names(names)), *(clean(cell) for cell in kind)] for kind, names in kinds.items()]
    return table(columns, rows, paint)


def _names(names: List[str]) -> str:
    return names[0] if len(names) == 1 else f"{count(len(names), 'camera')} ({names[0]} …)"


def _models(models: List[Dict[str, Any]], paint: Paint) -> List[str]:
    columns = [Column("MODEL"), Column("OPERATIONS", True), Column("LAYERS", True), Column("ON"), Column("A PICTURE")]
    rows = []
    for model in models:
        first = [clean(model["name"]), f"{model['gop']:g} G", str(model["layers"])]
        for engine in model["engines"] or [{}]:
            ms: Optional[Mapping[str, float]] = engine.get("picture_ms")
            where = f"{engine['cores']} x DLA" if engine.get("device") == "dla" else "GPU"
            rows.append(
                [*first, f"{where} {engine['precision']}", f"{ms['low']:g} to {ms['high']:g} ms"]
                if ms is not None else [*first, "?", "?"]
            )  # fmt: skip
            first = ["", "", ""]
    return table(columns, rows, paint)


def _figures(engines: List[Dict[str, Any]], paint: Paint) -> List[str]:
    told = [paint("Where the numbers are from", "bold")]
    seen = set()
    for engine in engines:
        for figure in engine["figures"]:
            low, high = figure["low"], figure["high"]
            value = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            line = f"{engine['name']}: {figure['what']} {value} {figure['unit']}".rstrip()
            if line in seen:
                continue
            seen.add(line)
            told += _wrapped(f"{clean(line)}: {figure['origin']}, {clean(figure['where'])}", "  ", "      ")
    return told


def _between(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.095 else f"{share:.1%}"


def _wrapped(text: str, first: str, later: str) -> List[str]:
    room = max(width(), 40)
    return textwrap.wrap(text, room, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
