"""``edge doctor``: looks at the machine, the broker and the cameras, and says what is not good and what to do."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from edge.cli import local
from edge.cli.terminal import Paint, clean, width
from edge.errors import EdgeError

EXIT = {"ok": 0, "warnings": 1, "errors": 2}
_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red"), "skipped": ("–", "dim")}
_PLAIN = {"ok": "+", "warning": "!", "error": "x", "skipped": "-"}  # where the terminal's encoding lacks the marks
_NAME_LEAST, _NAME_MOST = 12, 20
_NARROW = 60
_UNBOUND = 1 << 20


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "doctor",
        help="look for what is wrong with this machine, its broker and its cameras",
        description="Look at this machine, at the broker and at every camera, and say what to do where something is "
        "not good. Changes nothing. Exit status 0, 1 with warnings, 2 with errors.",
    )
    parser.add_argument(
        "-c", "--config", metavar="FILE", help="the configuration; left out: /etc/edge/edge.yaml, where there is one"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--no-cameras", action="store_true", help="do not connect to the cameras")
    parser.add_argument(
        "--pipeline", metavar="CAMERA", help="look at nothing; print that camera's pipeline for gst-launch-1.0"
    )
    parser.add_argument(
        "--codec", choices=("h264", "h265", "jpeg"), help="with --pipeline: what the camera sends, where nobody knows"
    )
    parser.set_defaults(run=run, usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Print the findings as they come; 0, 1 with warnings, 2 with errors."""
    if args.pipeline is not None:
        return _pipeline(args)
    if args.codec is not None:
        args.usage_error("--codec goes with --pipeline CAMERA")
    # Here: other commands need none of it, and it takes a while to import.
    from edge.doctor.context import Context
    from edge.doctor.examine import examine
    from edge.doctor.finding import Finding, overall
    from edge.doctor.system import System

    progress = Progress(sys.stdout.isatty() and not args.json)
    context = Context(
        System(_root()),
        Path(args.config) if args.config else None,
        cameras=not args.no_cameras,
        daemons=_daemons,
        told=progress.detail,
    )
    found: List[Finding] = []
    printed = 0
    report = None if args.json else Report(Paint(sys.stdout), width() if sys.stdout.isatty() else _UNBOUND)
    try:
        for finding in examine(context, lambda check: progress.begins(check.group, check.name)):
            if report is not None and found and finding.group != found[-1].group:
                progress.clear()
                _say(report.group(found[printed:]))
                printed = len(found)
            found.append(finding)
    finally:
        progress.clear()
    status = overall(found)
    if report is None:
        checks = [dict(_ordered(finding)) for finding in found]
        print(json.dumps({"status": status, "checks": checks}, ensure_ascii=False))
    else:
        _say([*report.group(found[printed:]), *report.summary(found)])
    return EXIT[status]


def _pipeline(args: argparse.Namespace) -> int:
    """Print the line; notes come before it as comments, so that all of it can be pasted. 2 where it cannot run here."""
    from edge.doctor.context import Context
    from edge.doctor.pipeline import pipeline
    from edge.doctor.system import System

    context = Context(System(_root()), Path(args.config) if args.config else None, daemons=_daemons)
    found = pipeline(context, args.pipeline, args.codec or "")
    if args.json:
        print(json.dumps(found._asdict(), ensure_ascii=False))
    else:
        what = found.codec if found.codec == "raw" else f"{found.codec}, decoded by {found.decoder}"
        notes = [f"{found.camera} on {found.board}: {what}", *found.notes]
        _say([*(Paint(sys.stdout)(f"# {clean(note)}", "dim") for note in notes), found.line])
    return EXIT["errors"] if found.missing else EXIT["ok"]


def _root() -> Path:
    """Where this machine's own files are: the tests have other machines."""
    return Path(os.environ.get("EDGE_ROOT", "/"))


def _ordered(finding: Any) -> Dict[str, str]:
    return {key: getattr(finding, key) for key in ("name", "group", "status", "message", "remedy")}


def _daemons() -> List[Any]:
    """The daemons of this machine, asked where they answer to this user."""
    from edge.doctor.context import Daemon

    found = []
    for daemon in local.running():
        try:
            found.append(Daemon(daemon.uid, daemon.device, local.ask(daemon, "status")))
        except EdgeError as error:
            found.append(Daemon(daemon.uid, daemon.device, None, str(error)))
    return found


class Progress:
    """One line that says what is looked at, on a terminal; it is gone before anything else is printed."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._what = ""
        self._drawn = False

    def begins(self, group: str, name: str) -> None:
        self._what = f"looking at {group}" if name == group else f"looking at {group}: {name}"
        self._draw(self._what)

    def detail(self, words: str) -> None:
        self._draw(f"{self._what}: {words}" if words else self._what)

    def _draw(self, text: str) -> None:
        if self._on:
            room = width() - 4
            shown = clean(text) if len(text) <= room else clean(text)[: max(0, room - 1)] + "…"
            _write("\r" + Paint(sys.stdout)(shown, "dim") + "\033[K")
            self._drawn = True

    def clear(self) -> None:
        if self._drawn:
            _write("\r\033[K")
            self._drawn = False


class Report:
    """Lines for a terminal of that many columns: a line a check, what to do below it."""

    def __init__(self, paint: Paint, columns: int, encoding: Optional[str] = None) -> None:
        self._paint, self._columns = paint, columns
        self._encoding = encoding or sys.stdout.encoding or "utf-8"

    def group(self, findings: Sequence[Any]) -> List[str]:
        if not findings:
            return []
        longest = max(len(clean(finding.name)) for finding in findings)
        room = min(max(longest, _NAME_LEAST), _NAME_MOST)
        lines = [self._paint(findings[0].group, "bold")]
        for finding in findings:
            lines += self._finding(finding, room)
        return [*lines, ""]

    def _finding(self, finding: Any, room: int) -> List[str]:
        mark, colour = _MARKS[finding.status]
        if not _can_show(mark, self._encoding):
            mark = _PLAIN[finding.status]
        name, narrow = clean(finding.name), self._columns < _NARROW
        indent = 6 if narrow else 4 + room + 2
        message = self._wrapped(clean(finding.message), indent)
        style = {"warning": "yellow", "error": "red", "skipped": "dim"}.get(finding.status, "")
        head = f"  {self._paint(mark, colour)} {self._paint(name, 'dim') if not style else self._paint(name, style)}"
        told = [self._paint(line, style) if style else line for line in message]
        if narrow or len(name) > room:
            lines = [head, *(" " * indent + line for line in told)]
        else:
            lines = [head + " " * (room - len(name) + 2) + told[0], *(" " * indent + line for line in told[1:])]
        if finding.remedy:
            arrow = "→" if _can_show("→", self._encoding) else ">"
            first, *more = self._wrapped(clean(finding.remedy), indent + 2)
            lines.append(" " * indent + self._paint(arrow, colour) + " " + first)
            lines += [" " * (indent + 2) + line for line in more]
        return lines

    def _wrapped(self, text: str, indent: int) -> List[str]:
        room = max(20, self._columns - indent)
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]

    def summary(self, findings: Sequence[Any]) -> List[str]:
        counts = {status: sum(finding.status == status for finding in findings) for status in _MARKS}
        words = []
        if counts["error"]:
            words.append(self._paint(_count(counts["error"], "error"), "red", "bold"))
        if counts["warning"]:
            words.append(self._paint(_count(counts["warning"], "warning"), "yellow", "bold"))
        if not words:
            words.append(self._paint("nothing wrong", "green", "bold"))
        return [", ".join(words) + self._paint(f" in {_count(len(findings) - counts['skipped'], 'check')}", "dim")]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _say(lines: Sequence[str]) -> None:
    """Print, also to a terminal that cannot show every character."""
    encoding = sys.stdout.encoding or "utf-8"
    print("\n".join(lines).encode(encoding, "backslashreplace").decode(encoding), flush=True)


def _write(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()
