"""``edge status``: what the running daemon's cameras are doing."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from edge.cli import local
from edge.cli.status_delivery import coloured, delivery, number
from edge.cli.terminal import Column, Paint, clean, duration, table, visible, width
from edge.errors import ConfigError, EdgeError

# The way of a frame; each stage's time is a column. Short titles: they share a line with seven others.
_STAGES = (
    ("decode", "DECODE"),
    ("wait", "WAIT"),
    ("prepare", "PREP"),
    ("infer", "INFER"),
    ("outputs", "OUT"),
    ("events", "EVENT"),
    ("total", "TOTAL"),
)

_Cell = Callable[[Dict[str, Any], Paint], str]
_Shown = Tuple[Column, _Cell]


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "status",
        help="show what the running daemon's cameras are doing",
        description="Ask the daemon that runs on this machine. Without -c and --device: the only one that runs.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-c", "--config", metavar="FILE", help="the daemon that runs with this configuration's device")
    which.add_argument("--device", metavar="NAME", help="the daemon of this device")
    parser.add_argument("--json", action="store_true", help="print the daemon's answer as JSON")
    parser.add_argument("--watch", action="store_true", help="show it again every second, until Ctrl-C")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the state once, or every second; 0, or EdgeError when no daemon answers."""
    device = _device_of(Path(args.config)) if args.config else args.device
    if not args.watch:
        print(_shown(local.ask(local.choose(device), "status"), args.json))
        return 0
    try:
        while True:
            began = time.monotonic()
            try:
                text = _shown(local.ask(local.choose(device), "status"), args.json)
            except EdgeError as error:
                text = str(error)
            if sys.stdout.isatty() and not args.json:
                # Home, each line cleared to its end, then all below: no flicker, unlike clearing the screen first.
                text = "\033[H" + text.replace("\n", "\033[K\n") + "\033[K\n\033[J"
            print(text, end="" if text.endswith("\033[J") else "\n", flush=True)
            time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))
    except KeyboardInterrupt:
        return 0


def _device_of(file: Path) -> str:
    """The device of a configuration; of one that is wrong, that of the daemon which runs it. Raises ConfigError."""
    from edge.config import survey  # here: the other ways need no configuration, and it takes a while to import

    config, problems = survey(file)
    if not problems:
        return config.device
    for daemon in local.running():
        try:
            runs = local.ask(daemon, "status").get("config") or {}
        except EdgeError:  # another user's
            continue
        if runs.get("file") == str(file.absolute()):
            return daemon.device
    raise ConfigError(problems)


def _shown(status: Dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps(status, ensure_ascii=False)
    return "\n".join(render(status, Paint(sys.stdout), width()))


def render(status: Dict[str, Any], paint: Paint, columns: int) -> List[str]:
    """Lines for a terminal of that many columns."""
    cameras: List[Dict[str, Any]] = status.get("cameras", [])
    lines = [*_head(status, paint), ""]
    if not cameras:
        return [*lines, "no cameras: add one to the configuration"]
    unit: _Shown = (Column("LATENCY"), lambda _, paint: paint("ms", "dim"))
    stages: Tuple[_Shown, ...] = (unit, *((Column(title, right=True), _stage(key)) for key, title in _STAGES))
    picture: Tuple[_Shown, ...] = ((Column("SOURCE"), _picture),)
    # From the fullest to the one that always does: the latencies get a table of their own in a narrow window.
    layouts = ((picture + stages, ()), (stages, ()), (picture, stages), ((), stages))
    tables = [(_camera_table(cameras, beside, paint), below) for beside, below in layouts]
    chosen, below = next((t for t in tables if max(visible(line) for line in t[0]) <= columns), tables[-1])
    lines += chosen
    if below:
        lines += ["", *_rows(cameras, [(Column("CAMERA"), _name), *below], paint)]
    lines += _reasons(cameras, paint)
    return lines


def _camera_table(cameras: Sequence[Dict[str, Any]], beside: Sequence[_Shown], paint: Paint) -> List[str]:
    thinned = any(camera.get("decoded") is not None for camera in cameras)
    decoded: List[_Shown] = [(Column("DECODED", right=True), _decoded)] if thinned else []
    shown: List[_Shown] = [
        (Column("CAMERA"), _name),
        (Column("STATE"), _state),
        (Column("FPS IN", right=True), lambda c, _: number(c.get("fps_in"), 1)),
        *decoded,
        (Column("ANALYSED", right=True), _analysed),
        (Column("DROPS", right=True), lambda c, _: number(c.get("drops"))),
        (Column("OBJECTS", right=True), lambda c, _: number(c.get("objects"))),
        (Column("EVENTS", right=True), lambda c, _: number(c.get("events"))),
        *beside,
    ]
    return _rows(cameras, shown, paint)


def _rows(cameras: Sequence[Dict[str, Any]], shown: Sequence[_Shown], paint: Paint) -> List[str]:
    rows = [[cell(camera, paint) for _, cell in shown] for camera in cameras]
    return table([column for column, _ in shown], rows, paint)


def _head(status: Dict[str, Any], paint: Paint) -> List[str]:
    inference = status.get("inference", {})
    lines = [
        f"{paint(clean(str(status.get('device', '?'))), 'bold')}  edge {status.get('version', '?')}"
        f"  up {duration(status.get('uptime_s', 0))}  pid {status.get('pid', '?')}"
        f"  {clean(str(status.get('config', {}).get('file', '')))}".rstrip(),
        *delivery(status, paint),
        f"{paint('inference', 'dim')}  {coloured(inference.get('state', '?'), paint)}"
        + (f"  {inference['restarts']} restarts" if inference.get("restarts") else "")
        + (f"  {clean(str(inference['reason']))}" if inference.get("reason") else ""),
        *_config(status.get("config", {}), paint),
        *_telemetry(status.get("telemetry", {}), paint),
    ]
    for model in status.get("models", []):
        shape = "x".join(str(n) for n in model.get("input") or [])
        facts = [
            coloured(model.get("state", "?"), paint),
            _building(model.get("building")),
            clean(str(model.get("backend") or "")),
            " ".join(_lane(lane, paint) for lane in _unusual(model.get("lanes", []))),
            shape,
            f"{number(model.get('rate'), 1)} pictures/s" if model.get("rate") is not None else "",
            f"{number(model.get('infer_ms'), 1)} ms each" if model.get("infer_ms") is not None else "",
            clean(str(model.get("reason") or "")),
        ]
        lines.append(f"{paint('model', 'dim')}      {clean(str(model['name']))}  {'  '.join(f for f in facts if f)}")
        notes = [*model.get("notes", []), *(lane["note"] for lane in model.get("lanes", []) if lane.get("note"))]
        lines += [f"           {paint(clean(str(note)), 'yellow')}" for note in dict.fromkeys(notes)]
    return lines


def _building(progress: Optional[Dict[str, Any]]) -> str:
    """How far a model's engine is."""
    if not progress:
        return ""
    done = progress.get("done")
    return f"{clean(str(progress.get('phase')))} {done:.0%}" if done is not None else clean(str(progress.get("phase")))


def _unusual(lanes: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Lanes that say more than that the model runs on the processor."""
    return [lane for lane in lanes if lane.get("device", "cpu") != "cpu"]


def _lane(lane: Dict[str, Any], paint: Paint) -> str:
    device = clean(str(lane["device"]))
    return device if lane.get("state") == "ready" else paint(f"{device} {clean(str(lane.get('state')))}", "yellow")


def _config(config: Dict[str, Any], paint: Paint) -> List[str]:
    """What is wrong with the files, where something is."""
    if config.get("state", "applied") == "applied":
        return []
    more = f" (and {config['problems'] - 1} more: edge check)" if config.get("problems", 1) > 1 else ""
    told = clean(f"{config.get('at', '')}: {config.get('error', '')}") + more
    lines = [f"{paint('config', 'dim')}     {coloured(config['state'], paint)}  {told}"]
    if config.get("running"):
        lines.append(f"           running {clean(str(config['running']))}")
    return lines


def _telemetry(said: Dict[str, Any], paint: Paint) -> List[str]:
    """The hottest sensor, and what heat has led to."""
    degrees = said.get("temperatures") or {}
    hottest = max(degrees, key=lambda name: float(degrees[name]), default=None)
    facts = [
        f"{clean(str(hottest))} {number(degrees[hottest])} °C" if hottest is not None else "",
        paint(clean(f"throttled: {', '.join(said['throttling'])}"), "yellow") if said.get("throttling") else "",
        paint(clean(str((said.get("governor") or {}).get("reason") or "")), "yellow"),
    ]
    told = "  ".join(fact for fact in facts if fact)
    return [f"{paint('device', 'dim')}     {told}"] if told else []


def _reasons(cameras: Sequence[Dict[str, Any]], paint: Paint) -> List[str]:
    lines = []
    for camera in cameras:
        told = dict.fromkeys(camera[key] for key in ("reason", "override", "note") if camera.get(key))
        notes = [clean(str(words)) for words in told]
        if camera.get("limited_by"):
            notes.append(f"{_analysed(camera, paint)} fps, limited by {clean(str(camera['limited_by']))}")
        if camera.get("restarts"):
            notes.append(f"{camera['restarts']} restarts")
        if notes:
            lines.append(f"{paint(_name(camera, paint), 'yellow')}: {', '.join(notes)}")
    return ["", *lines] if lines else []


def _name(camera: Dict[str, Any], _: Paint) -> str:
    return clean(str(camera.get("name", "?")))


def _state(camera: Dict[str, Any], paint: Paint) -> str:
    quiet = paint(", quiet", "dim") if camera.get("quiet") else ""
    return coloured(str(camera.get("state", "?")), paint) + quiet


def _analysed(camera: Dict[str, Any], _: Paint) -> str:
    return f"{number(camera.get('fps_analysed'), 1)} of {number(camera.get('fps_wished'))}"


def _decoded(camera: Dict[str, Any], _: Paint) -> str:
    share = camera.get("decoded")
    return "all" if share is None else f"{100 * share:.0f} %"


def _picture(camera: Dict[str, Any], _: Paint) -> str:
    size = f"{camera['width']}x{camera['height']}" if camera.get("width") else ""
    words = (camera.get("codec"), size, camera.get("decoder"))
    return clean(" ".join(str(w) for w in words if w))


def _stage(key: str) -> _Cell:
    return lambda camera, _: number((camera.get("latency_ms") or {}).get(key), 1)
