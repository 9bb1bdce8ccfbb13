"""``python -m scripts.bench [--seconds N] [--only NAME] [--write FILE]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import List

from .measures import ALL, Row
from .setting import Setting


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure what the daemon costs, as ratios in one run.")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each window (default 20)")
    parser.add_argument("--only", choices=sorted(ALL), action="append", help="this measurement alone")
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the table to this Markdown file")
    args = parser.parse_args()
    rows: List[Row] = []
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder, Setting(Path(folder)) as setting:
        for name in args.only or ALL:
            print(f"measuring: {name} …", file=sys.stderr, flush=True)
            rows += ALL[name](setting, args.seconds)
    table = _table(rows)
    print(table)
    if args.write is not None:
        args.write.write_text(_page(table, args.seconds), encoding="utf-8")
    return 0 if all(row.kept for row in rows) else 1


def _table(rows: List[Row]) -> str:
    lines = ["| measured | value | bound | |", "|---|---:|---:|---|"]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        mark = "" if row.kept else " **missed**"
        value, bound = f"{row.value:.2f} {row.unit}", f"{sign} {row.bound:g} {row.unit}{mark}"
        lines.append(f"| {row.what} | {value} | {bound} | {row.detail} |")
    return "\n".join(lines)


def _page(table: str, seconds: float) -> str:
    return (
        "# Benchmarks\n\nMade by `make bench`; each row is a ratio, a difference or a time within one run, so that a "
        "faster or slower machine moves both sides.\n\n"
        f"Seen on any machine (no GPU, no board): {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, windows of {seconds:g} s. FastestDet (352x352) on ONNX Runtime with one "
        "thread.\n\n"
        f"{table}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
