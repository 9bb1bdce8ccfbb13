"""How a measurement is told to a person: the verdict first, then what it rests on."""

from __future__ import annotations

import textwrap
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from edge.bench.pipeline.figures import STAGES
from edge.cli.status_delivery import coloured, number
from edge.cli.terminal import Column, Paint, amount, clean, table, visible, width

_COLOURS = {"nothing": "green", "source": "green", "unknown": "red"}
_RATES = (("DECODED/s", "decoded"), ("WISHED", "wished"), ("ANALYSED", "analysed"))
_TITLES = {
    "decode": "decode", "wait": "wait for a lane", "prepare": "prepare", "infer": "infer", "outputs": "read boxes",
    "events": "events", "total": "capture to event",
}  # fmt: skip


def lines(report: Mapping[str, Any], paint: Paint) -> List[str]:
    """For a terminal."""
    head = f"{paint(clean(report['config']), 'bold')}  {report['seconds']:g} s" + (
        ", as fast as it goes" if report["mode"] == "fastest" else ", as it is configured"
    )
    machine = report["machine"]
    said = [
        head + (paint("  ended early", "yellow") if report["interrupted"] else ""),
        paint(f"{clean(machine['name'])}, {machine['cores']} cores", "dim"),
        "",
        *_verdict(report, paint),
        "",
        *_cameras(report["cameras"], paint),
        *_reasons(report["cameras"], paint),
        "",
        *_models(report["models"], paint),
    ]
    if report["latency_ms"]:
        said += ["", *_latency(report["latency_ms"], paint)]
    said += ["", *_processes(report, paint), "", *_costs(report)]
    for note in report["notes"]:
        said += [paint(line, "yellow") for line in _wrapped(clean(note), "", "  ")]
    return said


def _verdict(report: Mapping[str, Any], paint: Paint) -> List[str]:
    verdict, fits = report["verdict"], report["fits"]
    words = verdict["words"]
    head = f"limited {words}" if words.startswith("by ") else words
    told = [paint(line, _COLOURS.get(verdict["limit"], "yellow"), "bold") for line in _wrapped(clean(head), "", "  ")]
    if verdict["advice"]:
        told += _wrapped(clean(f"what would help: {verdict['advice']}"), "  ", "  ")
    if fits["note"]:
        told.append(paint(f"  how many cameras fit is not told: {fits['note']}", "dim"))
    if fits["cameras"] is not None:
        some, limit = fits["own"], fits["limit"]
        told += _wrapped(
            f"at the rates that the configuration wishes, about {fits['cameras']} cameras like "
            f"{'this one' if some == 1 else f'these {some}'} fit here, as many as the "
            f"{'processor carries' if limit == 'processor' else f'lanes of {limit} carry'}", "  ", "  ",
        )  # fmt: skip
    return told


def _cameras(cameras: Sequence[Mapping[str, Any]], paint: Paint) -> List[str]:
    """As much as the window has room for: the picture goes first, then the latencies, which are below for all."""
    every: List[Tuple[Column, Callable[[Mapping[str, Any]], str]]] = [
        (Column("CAMERA"), lambda c: clean(c["name"])),
        (Column("STATE"), lambda c: coloured(str(c["state"]), paint)),
        (Column("PICTURE"), _picture),
        *((Column(title, True), _rate(key)) for title, key in _RATES),
        *((Column(key.upper(), True), _drop(key)) for key in ("missed", "expired", "lost")),
        (Column("CPU", True), lambda c: f"{c['cpu']:.0%}"),
        (Column("MEMORY", True), lambda c: amount(c["rss"])),
        *((Column(title, True), _latest(place)) for place, title in enumerate(("LATENCY p50", "p95", "p99"))),
    ]
    layouts = (every, [one for one in every if one[0].title != "PICTURE"], [*every[:2], *every[3:-3]])
    drawn = [_drawn(cameras, shown, paint) for shown in layouts]
    return next((told for told in drawn if max(visible(line) for line in told) <= width()), drawn[-1])


def _drawn(cameras: Sequence[Mapping[str, Any]], shown: Sequence[Any], paint: Paint) -> List[str]:
    rows = [[cell(camera) for _, cell in shown] for camera in cameras]
    if len(cameras) > 1:
        sums = {title: sum(camera[key] for camera in cameras) for title, key in _RATES}
        total = [f"{sums[column.title]:.1f}" if column.title in sums else "" for column, _ in shown]
        rows.append([paint("all", "bold"), *total[1:]])
    return table([column for column, _ in shown], rows, paint)


def _rate(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda camera: number(camera[key], 1)


def _drop(key: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda camera: number(camera["drops"][key], 1)


def _latest(place: int) -> Callable[[Mapping[str, Any]], str]:
    return lambda camera: _three(camera["latency_ms"].get("total"), " ms")[place]


def _picture(camera: Mapping[str, Any]) -> str:
    size = "x".join(str(length) for length in camera["size"] or [])
    return clean(" ".join(word for word in (camera["codec"], size, camera["decoder"]) if word))


def _reasons(cameras: Sequence[Mapping[str, Any]], paint: Paint) -> List[str]:
    told = []
    for camera in cameras:
        notes = [clean(str(camera[key])) for key in ("reason", "note") if camera[key]]
        if camera["restarts"]:
            notes.append(f"{camera['restarts']} restarts")
        if notes:
            told.append(f"{paint(clean(camera['name']), 'yellow')}: {', '.join(notes)}")
    return told


def _models(models: Sequence[Mapping[str, Any]], paint: Paint) -> List[str]:
    columns = [
        Column("MODEL"), Column("RUNS ON"), Column("INPUT"), Column("BUSY", True), Column("PICTURES/s", True),
        Column("EACH", True),
    ]  # fmt: skip
    rows = []
    for model in models:
        if model["state"] != "ready":
            rows.append([clean(model["name"]), coloured(model["state"], paint), "", "", "", ""])
            continue
        rows.append(
            [
                clean(model["name"]), clean(f"{' '.join(model['devices'])} ({model['backend']})"),
                "x".join(str(length) for length in model["input"]), f"{model['busy']:.0%}",
                number(model["pictures_per_s"], 1), f"{model['picture_ms']:.2f} ms",
            ]
        )  # fmt: skip
    told = table(columns, rows, paint)
    for model in models:
        for note in [*model.get("notes", []), *([model["reason"]] if model.get("reason") else [])]:
            told.append(f"{paint(clean(model['name']), 'yellow')}: {clean(str(note))}")
    return told


def _latency(stages: Mapping[str, Mapping[str, float]], paint: Paint) -> List[str]:
    columns = [Column("MILLISECONDS"), *(Column(name, True) for name in ("p50", "p95", "p99"))]
    rows = [[_TITLES[stage], *_three(stages[stage])] for stage in STAGES if stage in stages]
    return table(columns, rows, paint)


def _three(figures: Any, unit: str = "") -> List[str]:
    return [f"{figures[key]:.1f}{unit}" if figures else "–" for key in ("p50", "p95", "p99")]


def _processes(report: Mapping[str, Any], paint: Paint) -> List[str]:
    capture = [process for process in report["processes"] if process["kind"] == "capture"]
    rows: List[List[str]] = []
    if capture:
        cpu, rss = sum(process["cpu"] for process in capture), sum(process["rss"] for process in capture)
        rows.append([f"capture ({len(capture)})", f"{cpu:.0%}", amount(rss)])
    for process in report["processes"]:
        if process["kind"] != "capture":
            rows.append([process["kind"], f"{process['cpu']:.0%}", amount(process["rss"])])
    cpu = report["cpu"]
    rows.append([paint("others on this machine", "dim"), f"{cpu['others']:.0%}", ""])
    rows.append([paint("all", "bold"), f"{cpu['machine']:.0%} of {report['machine']['cores'] * 100} %", ""])
    return table([Column("PROCESSES"), Column("CPU", True), Column("MEMORY", True)], rows, paint)


def _costs(report: Mapping[str, Any]) -> List[str]:
    costs: Dict[str, float] = report["costs"]
    return _wrapped(
        f"CPU of one decoded picture {costs['decoded_picture_ms']:.2f} ms, of one analysed "
        f"{costs['analysed_picture_ms']:.2f} ms (inference {costs['inference_ms']:.2f}, daemon "
        f"{costs['daemon_ms']:.2f}); {report['rates']['events']:g} events/s, thrown away", "", "  ",
    )  # fmt: skip


def _wrapped(text: str, first: str, later: str) -> List[str]:
    room = max(width(), 40)
    return textwrap.wrap(text, room, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
