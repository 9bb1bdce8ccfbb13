"""``edge bench capacity``: how many cameras like those of a configuration a board carries, by published rates."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from edge.bench.capacity.fit import CameraLoad, Engine, Fit, Known, engines, fit
from edge.bench.capacity.loads import Given, loads, measured, notes
from edge.bench.capacity.rates import BoardRates, Rates
from edge.bench.capacity.work import Pace, Work, paces, work_of
from edge.config import Config, load
from edge.config.values import Size, parse_size
from edge.models.engines.resolve import EngineWish
from edge.models.spec import load_spec


def add_parser(commands: Any) -> None:
    """Add the command to those of ``edge bench``."""
    boards = ", ".join(Rates().boards)
    parser: argparse.ArgumentParser = commands.add_parser(
        "capacity",
        help="estimate how many cameras like a configuration's a board carries",
        description="Estimate how many cameras like those of a configuration fit on a board, and which of its engines "
        "ends that: from rates that were published or measured, each told with where it is from. An estimate is a "
        "range, and it is no measurement: see edge bench pipeline for one, on the board itself.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", required=True, help="the configuration, edge.yaml")
    parser.add_argument("--board", metavar="BOARD", required=True, help=f"one of {boards}")
    parser.add_argument("--memory", metavar="GB", type=_gigabytes, help="of the module; default: the smallest made")
    parser.add_argument("--codec", choices=("h264", "h265", "jpeg", "raw"), help="that the cameras send")
    parser.add_argument("--size", metavar="WxH", type=_size, help="of the pictures that the cameras send")
    parser.add_argument("--fps", metavar="N", type=_rate, help="pictures a second that the cameras send")
    parser.add_argument(
        "--measured", metavar="FILE", help="what edge bench pipeline --json printed: replaces estimates where it holds"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.set_defaults(run=run)


def _gigabytes(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: gigabytes, such as 8")
    return int(text) * 1024


def _size(text: str) -> Size:
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: {error}") from None


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= 240:
        raise argparse.ArgumentTypeError(f"{text[:20]!r}: a number from 0.1 to 240")
    return rate


def run(args: argparse.Namespace) -> int:
    """Print the estimate; 0. Raises ConfigError and EdgeError."""
    from edge.cli.bench_capacity_told import lines
    from edge.cli.checked import say
    from edge.cli.terminal import Paint

    rates = Rates()
    board = rates.board(args.board, args.memory)
    config = load(Path(args.config))
    cameras = loads(config, Given(args.codec, args.size, args.fps))
    known, said = Known(), notes(config)
    if args.measured:
        known, more = measured(Path(args.measured), board)
        said += more
    works = _works(config, cameras, board)
    said += [f"{work.name}: {work.note}" for work in works.values() if work.note]
    times = {name: paces(work, board, rates) for name, work in works.items()}
    found = engines(board, rates, cameras, works, times, known)
    told = report(board, cameras, list(works.values()), times, found, fit(found, len(cameras)), said)
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        say(lines(told, Paint(sys.stdout)))
    return 0


def _works(config: Config, cameras: Sequence[CameraLoad], board: BoardRates) -> Dict[str, Work]:
    """The models that look at the cameras' pictures."""
    entries = {name: config.models[name] for camera in cameras for name in camera.models}
    return {
        name: work_of(name, load_spec(entry.spec, entry.folder), EngineWish.of(entry), board)
        for name, entry in entries.items()
    }


def report(
    board: BoardRates, cameras: Sequence[CameraLoad], works: Sequence[Work], times: Dict[str, List[Pace]],
    found: Sequence[Engine], carried: Fit, said: Sequence[str],
) -> Dict[str, Any]:  # fmt: skip
    """One tree of plain values."""
    count = len(cameras)
    return {
        "board": board.key, "name": board.name, "memory_gb": board.memory_mib // 1024,
        "fits": {"low": carried.low, "high": carried.high, "limits": carried.limits},
        "engines": [_engine(engine, count) for engine in found],
        "cameras": [
            {**camera._asdict(), "size": None if camera.size is None else list(camera.size),
             "models": list(camera.models)}
            for camera in cameras
        ],
        "models": [_model(work, times[work.name]) for work in works],
        "notes": list(said),
    }  # fmt: skip


def _engine(engine: Engine, cameras: int) -> Dict[str, Any]:
    carries, share = fit([engine], cameras), engine.share
    return {
        "name": engine.name,
        "share": None if share is None else {"low": round(share[0], 4), "high": round(share[1], 4)},
        "cameras": None if share is None else {"low": carries.low, "high": carries.high},
        "unknown": engine.unknown or None,
        "figures": [
            {"what": used.what, "unit": used.unit, "low": _short(used.figure.low), "high": _short(used.figure.high),
             "origin": used.figure.origin, "where": used.figure.where}
            for used in engine.used
        ],
    }  # fmt: skip


def _model(work: Work, times: Sequence[Pace]) -> Dict[str, Any]:
    return {
        "name": work.name, "gop": _short(work.gop), "layers": work.layers, "batch": work.batch,
        "engines": [
            {"device": pace.device, "precision": pace.precision, "cores": pace.cores,
             "picture_ms": {"low": _short(pace.best_ms), "high": _short(pace.worst_ms)}}
            for pace in times
        ],
    }  # fmt: skip


def _short(value: Optional[float]) -> Optional[float]:
    """Three digits that count: more would be made up."""
    return None if value is None else float(f"{value:.3g}")
