"""What a person sees: colours, and tables that fit the window."""

from __future__ import annotations

import os
import re
import shutil
from typing import List, NamedTuple, Sequence, TextIO

CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_ESCAPE = re.compile(r"\033\[[0-9;]*m")
# What a sender could put into a text to move the cursor or to colour the rest.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def width(fallback: int = 100) -> int:
    """Columns of the terminal."""
    return shutil.get_terminal_size((fallback, 24)).columns


def clean(text: str) -> str:
    """``text`` from elsewhere, with nothing in it that a terminal would obey."""
    return _CONTROL.sub("?", text)


class Paint:
    """Colours where they are wanted: on a terminal, unless NO_COLOR is set (no-color.org); FORCE_COLOR overrides."""

    def __init__(self, out: TextIO) -> None:
        environ = os.environ
        self.on = bool(environ.get("FORCE_COLOR")) or (out.isatty() and not environ.get("NO_COLOR"))

    def __call__(self, text: str, *styles: str) -> str:
        codes = ";".join(CODES[style] for style in styles if style)
        return f"\033[{codes}m{text}\033[0m" if self.on and codes and text else text


class Column(NamedTuple):
    """``right``: numbers, aligned at their end."""

    title: str
    right: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], paint: Paint, gap: str = "  ") -> List[str]:
    """Lines of a table, its titles dim. A cell may hold colours: they take no room."""
    widths = [max(visible(cell) for cell in [column.title, *cells]) for column, *cells in zip(columns, *rows)]
    lines = [gap.join(_pad(paint(c.title, "dim"), w, c.right) for c, w in zip(columns, widths))]
    lines += [gap.join(_pad(cell, w, c.right) for cell, c, w in zip(row, columns, widths)) for row in rows]
    return [line.rstrip() for line in lines]


def visible(text: str) -> int:
    """Columns that ``text`` takes on a terminal."""
    return len(_ESCAPE.sub("", text))


def _pad(text: str, size: int, right: bool) -> str:
    space = " " * (size - visible(text))
    return space + text if right else text + space


def duration(seconds: float) -> str:
    """``5 s``, ``3 min``, ``2 h 05 min``, ``9 d 4 h``: as much as a person wants to know."""
    s = int(seconds)
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min"
    if s < 86400:
        return f"{s // 3600} h {s % 3600 // 60:02} min"
    return f"{s // 86400} d {s % 86400 // 3600} h"


def amount(size: float) -> str:
    """``512 B``, ``4.2 kB``, ``1.3 GB``: bytes, as much as a person wants to know."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
