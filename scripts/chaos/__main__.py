"""``python -m scripts.chaos [--seed N] [--faults N] [--cameras N] [--minutes M] [--json] [--keep FOLDER]``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from scripts.chaos import verdict
from scripts.chaos.run import Chaos
from scripts.chaos.site import Site
from scripts.chaos.verdict import Check

#: The first faults show what the daemon needs once it has seen everything; growth counts from there.
WARM_UP = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description="Break a running daemon's cameras, in every way.")
    parser.add_argument("--seed", type=int, default=1, help="what happens follows from it (default 1)")
    parser.add_argument("--faults", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--cameras", type=int, default=8, help="how many (default 8)")
    parser.add_argument("--minutes", type=float, default=40.0, help="begin no fault after so long (default 40)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--log", type=Path, help="keep the daemon's log in this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edge-chaos-") as folder, Site(Path(folder), args.cameras, args.seed) as s:
        try:
            result = chaos(s, args.faults, args.minutes * 60, Progress())
        finally:
            if args.log is not None and s.daemon.log_file.exists():
                args.log.write_bytes(s.daemon.log_file.read_bytes())
    result["seed"] = args.seed
    print(json.dumps(result, indent=1) if args.json else table(result))
    return 0 if result["kept"] else 1


def chaos(site: Site, faults: int, seconds: float, tell: Any = None) -> Dict[str, Any]:
    """Do it all; the checks and what was done, as plain data."""
    tell = tell or (lambda _: None)
    began = time.monotonic()
    run = Chaos(site, began + seconds, tell)
    checks: List[Check] = []
    try:
        site.daemon.until_analysed(timeout=verdict.BACK_S)
        asyncio.run(run.run(max(1, round(faults * WARM_UP))))
        before = verdict.calm(site)
        asyncio.run(run.run(faults - sum(run.done.values())))
        lasted = time.monotonic() - began
        checks += verdict.compare(site, before, verdict.calm(site))
    except TimeoutError as error:
        lasted = time.monotonic() - began
        checks.append(Check("everything comes back", False, f"{error}: {json.dumps(site.status())}"))
    checks += [verdict.numbers(site), verdict.words(site), verdict.end(site)]
    return {
        "faults": sum(run.done.values()),
        "wanted": faults,
        "seconds": round(lasted, 1),
        "kinds": dict(sorted(run.done.items())),
        "checks": [check._asdict() for check in checks],
        "kept": all(check.kept for check in checks),
    }


def table(result: Dict[str, Any]) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in result["kinds"].items())
    short = "" if result["faults"] >= result["wanted"] else f" (of {result['wanted']}: the time was over)"
    lines = [f"{result['faults']} faults{short} in {result['seconds']:.0f} s, seed {result['seed']}: {kinds}", ""]
    for check in result["checks"]:
        lines.append(f"{'ok    ' if check['kept'] else 'FAILED'} {check['what']}: {check['detail']}")
    return "\n".join(lines)


class Progress:
    """One line that is written over, on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._last: Optional[float] = None

    def __call__(self, words: str) -> None:
        now = time.monotonic()
        if not self._terminal and self._last is not None and now - self._last < 30:
            return
        self._last = now
        minutes, seconds = divmod(int(now - self._began), 60)
        line = f"{minutes:02}:{seconds:02} {words}"
        print(f"\r\033[K{line}" if self._terminal else line, end="" if self._terminal else "\n", file=sys.stderr)
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
