"""How a run looks on a terminal: a line that goes on, and tables at the end."""

from __future__ import annotations

import sys
import time
from typing import Any, Dict, List, Optional

_BAR = 24
_EVERY_S = 15.0


class Progress:
    """One line that is written over, on a terminal; elsewhere a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._last: Optional[float] = None

    def __call__(self, done: int, wanted: int, words: str) -> None:
        now = time.monotonic()
        if self._last is not None and now - self._last < (0.2 if self._terminal else _EVERY_S):
            return
        self._last = now
        full = round(_BAR * done / max(1, wanted))
        minutes, seconds = divmod(int(now - self._began), 60)
        line = f"{minutes:02}:{seconds:02} {'█' * full}{'░' * (_BAR - full)} {words}"
        print(f"\r\033[K{line}" if self._terminal else line, end="" if self._terminal else "\n", file=sys.stderr)
        sys.stderr.flush()

    def end(self) -> None:
        if self._terminal and self._last is not None:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def faults_table(result: Dict[str, Any]) -> str:
    """What was done, and what held."""
    short = "" if result["faults"] >= result["wanted"] else f" of {result['wanted']}: the time was over"
    kinds = ", ".join(f"{count} {kind}" for kind, count in result["kinds"].items())
    cuts = ", ".join(f"{mode} {count}" for mode, count in result["cuts"].items())
    rows = [
        ("faults", f"{result['faults']}{short} ({kinds}) in {result['seconds']:.0f} s, seed {result['seed']}"),
        ("cuts", cuts or "none"),
        ("events", f"{result['events']}, {result['rate']:.0f} a second; sent {result['sent']} times on "
                   f"{result['connections']} connections; at most {result['waited']} waited at a connect"),
        ("lives", f"the daemon's {result['daemon_lives']}, the broker's {result['broker_lives']}"),
    ]  # fmt: skip
    lines = [f"  {name:<8}{said}" for name, said in rows]
    return "\n".join([*lines, "", *_checks(result["checks"])])


def _checks(checks: List[Dict[str, Any]]) -> List[str]:
    width = max(len(check["what"]) for check in checks)
    return [f"  {'ok    ' if c['kept'] else 'FAILED'}  {c['what']:<{width}}  {c['detail']}" for c in checks]


def figures_table(figures: List[Dict[str, Any]], strict: bool) -> str:
    """Name, value, bound, verdict."""
    width = max(len(figure["what"]) for figure in figures)
    lines = []
    for f in figures:
        sign = "≥" if f["at_least"] else "≤"
        bound, value = f"{sign} {f['bound']:g} {f['unit']}", f"{f['value']:.4g} {f['unit']}"
        mark = "ok    " if f["kept"] else ("FAILED" if strict or f["always"] else "missed")
        lines.append(f"  {mark}  {f['what']:<{width}}  {value:>16}  {bound:>14}  {f['detail']}".rstrip())
    return "\n".join(lines)
