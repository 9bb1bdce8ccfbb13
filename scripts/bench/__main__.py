"""``python -m scripts.bench [--seconds N] [--quick] [--only NAME] [--write FILE]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List

from . import capture_cost, delivery, faults, measures, reload, tracking
from .compare.report import ABOUT, PICTURE, compare
from .measures import Row
from .setting import Setting

#: Measurements by the section of the page that they stand in.
SECTIONS: Dict[str, Dict[str, Callable[[Setting, float], List[Row]]]] = {
    "What it costs": {**measures.ALL, **capture_cost.ALL},
    "Cameras come and go": {**reload.ALL, **faults.ALL},
    "Delivery": {**delivery.ALL},
    "Tracking": {**tracking.ALL},
}
COMPARE, COMPARED = "compare", "Beside what one would run instead"
_ABOUT = {
    COMPARED: ABOUT,
    "What it costs": "Each row is a ratio, a difference or a time within one run, so that a faster or slower machine "
    "moves both sides. FastestDet (352x352) on ONNX Runtime with one thread, windows of {seconds:g} s.",
    "Cameras come and go": "RTSP cameras of 640x360 with 10 pictures/s, the model `person`, a mosquitto; all on the "
    "machine that measures. Windows of {seconds:g} s.",
    "Delivery": "The spool and the publisher of the daemon in a process of their own, a real mosquitto on loopback, "
    "36,000 events that wait and 10 new ones a second.",
    "Tracking": "The daemon's tracker and rules beside supervision's ByteTrack on the same boxes: how, and all "
    "figures, in [tracking.md](tracking.md).",
}


def main() -> int:
    names = [COMPARE, *(name for section in SECTIONS.values() for name in section)]
    parser = argparse.ArgumentParser(prog="bench", description="Measure what the daemon costs, as ratios in one run.")
    parser.add_argument("--seconds", type=float, help="length of each window (default 20)")
    parser.add_argument("--quick", action="store_true", help="windows of 5 s, and fewer cameras and others to compare")
    parser.add_argument("--only", choices=names, action="append", help="this measurement alone")
    parser.add_argument("--write", metavar="FILE", type=Path, help="write what was measured to this Markdown file")
    args = parser.parse_args()
    seconds = args.seconds or (5.0 if args.quick else 20.0)
    kept = True
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder, Setting(Path(folder)) as setting:
        if args.only is None or COMPARE in args.only:
            print(f"measuring: {COMPARE} …", file=sys.stderr, flush=True)
            report = compare(setting, seconds, args.quick)
            print(_table(report.rows), report.text, sep="\n\n", flush=True)
            kept = all(row.kept for row in report.rows)
            if args.write is not None:
                write(args.write, COMPARED, [_table(report.rows), report.text], seconds)
                args.write.with_name(PICTURE).write_text(report.picture, encoding="utf-8")
        for title, section in SECTIONS.items():
            wanted = [name for name in section if args.only is None or name in args.only]
            rows: List[Row] = []
            for name in wanted:
                print(f"measuring: {name} …", file=sys.stderr, flush=True)
                rows += section[name](setting, seconds)
            if not rows:
                continue
            print(_table(rows), flush=True)
            kept = kept and all(row.kept for row in rows)
            if args.write is not None:
                write(args.write, title, [_table(rows)], seconds)
    return 0 if kept else 1


def _table(rows: List[Row]) -> str:
    lines = ["| measured | value | bound | |", "|---|---:|---:|---|"]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        mark = "" if row.kept else " **missed**"
        value, bound = f"{row.value:.2f} {row.unit}".strip(), f"{sign} {row.bound:g} {row.unit}".strip()
        lines.append(f"| {row.what} | {value} | {bound}{mark} | {row.detail} |")
    return "\n".join(lines)


def write(page: Path, title: str, parts: List[str], seconds: float) -> None:
    """Put the section in its place on the page; the other sections stay as they are."""
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    sections = {part.split("\n", 1)[0]: f"## {part}".rstrip() for part in old.split("\n## ")[1:]}
    seen = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    about = f"{_ABOUT[title].format(seconds=seconds)}\n\nSeen on any machine (no GPU, no board): {seen}."
    sections[title] = "\n\n".join([f"## {title}", about, *parts])
    whole = [sections[name] for name in (COMPARED, *SECTIONS) if name in sections]
    page.write_text("\n\n".join(["# Benchmarks\n\nMade by `make bench`.", *whole]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
