"""``edge events export``: kept events as a file for other programs."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, List, Mapping, Optional

from edge.cli import events_filters, events_where
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.events.spool.reader import Stored

_FORMATS = ("jsonl", "csv")
_TELL = 0.2  # seconds between two figures on a terminal

#: Columns of a CSV file: fields of the event, and of its object.
COLUMNS = (
    "time", "type", "device", "camera", "id", "seq", "boot_id", "model", "zone", "line", "direction", "label", "count",
    "state", "reason", "object.id", "object.label", "object.score", "object.best_score", "object.age_s", "object.zones",
    "object.box", "object.box_px", "object.speed", "object.attributes", "of", "snapshot",
    "clip", "duration_s", "delivered", "discarded",
)  # fmt: skip


def add_parser(subparsers: Any) -> None:
    """Add the command to ``edge events``'s parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export",
        help="write them to a file, as JSON lines or CSV",
        description="Write kept events to a file, or to the standard output, the oldest first.",
    )
    events_where.add_arguments(parser)
    events_filters.add_arguments(parser)
    parser.add_argument("--format", choices=_FORMATS, help="left out: csv for a file that is called so, else jsonl")
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="left out, or -: the standard output")
    parser.add_argument("--force", action="store_true", help="in place of a file of that name")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write them. Raises EdgeError where they cannot be read or written."""
    from edge.cli.checked import count
    from edge.events.spool.reader import History

    target = None if args.output == "-" else Path(args.output)
    if target is not None:
        _check(target, args.force)
    kept = events_where.find(args)
    as_csv = args.format == "csv" or (args.format is None and target is not None and target.suffix.lower() == ".csv")
    progress = _Progress()
    history = History(kept.file)
    texts = progress.counted((csv_lines if as_csv else json_lines)(events_filters.chosen(history, args)), as_csv)
    if target is None:
        for text in texts:
            sys.stdout.write(text)
    else:
        write(target, texts, lambda: _check(target, args.force))
    if target is not None or progress.live:
        print(f"{count(progress.done, 'event')} of {kept.device} written", file=sys.stderr)
    return 0


def json_lines(events: Iterable[Stored]) -> Iterator[str]:
    """Each event as it was sent."""
    for stored in events:
        yield json.dumps(stored.payload, ensure_ascii=False, separators=(",", ":")) + "\n"


def csv_lines(events: Iterable[Stored]) -> Iterator[str]:
    """RFC 4180, under a line of titles."""
    line = io.StringIO()
    writer = csv.writer(line)
    for row in _rows(events):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _rows(events: Iterable[Stored]) -> Iterator[List[object]]:
    yield [*COLUMNS]
    for stored in events:
        facts = {**stored.payload, "delivered": stored.delivered, "discarded": stored.discarded}
        yield [_cell(facts, name) for name in COLUMNS]


def _cell(facts: Mapping[str, Any], name: str) -> object:
    part, _, inner = name.partition(".")
    value = facts.get(part)
    if inner:
        value = value.get(inner) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):  # what second models found
        value = [f"{model}: {found.get('label')}" for model, found in value.items()]
    if isinstance(value, (list, tuple)):
        value = (", " if any(isinstance(one, str) for one in value) else " ").join(map(str, value))
    if isinstance(value, str) and not inner.startswith(("box", "speed")):
        # A spreadsheet takes what begins so for a formula, and a camera's words are not ours.
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
    return "" if value is None else value


class _Progress:
    """How many there are so far, on a terminal."""

    def __init__(self) -> None:
        self.done = 0
        self.live = sys.stderr.isatty() and not sys.stdout.isatty()
        self._tell_at = time.monotonic() + _TELL

    def counted(self, texts: Iterator[str], titled: bool) -> Iterator[str]:
        if titled:
            yield next(texts)
        for text in texts:
            yield text
            self.done += 1
            if self.live and time.monotonic() >= self._tell_at:
                self._tell_at = time.monotonic() + _TELL
                print(f"\r{self.done:,} events\033[K", end="", file=sys.stderr, flush=True)
        if self.live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _check(target: Path, force: bool) -> None:
    """Raises EdgeError where something is in the way."""
    try:
        there = os.stat(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise EdgeError(f"{target} cannot be written: {error.strerror}") from None
    if not stat.S_ISREG(there.st_mode):
        raise EdgeError(f"{target} is there already, and is no file")
    if not force:
        raise EdgeError(f"{target} is there already: choose another name, or say --force")


def write(target: Path, texts: Iterable[str], check: Callable[[], None]) -> None:
    """Write the file whole, or not at all; ``check`` is asked once more before it gets its name. Raises EdgeError."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    made: Optional[Path] = None
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640), "w", encoding="utf-8",
                  errors="replace", newline="") as file:  # fmt: skip
            made = part
            for text in texts:
                file.write(text)
            file.flush()
            os.fsync(file.fileno())
        check()
        os.replace(part, target)
        made = None
    except OSError as error:
        raise EdgeError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        if made is not None:
            os.unlink(made)
