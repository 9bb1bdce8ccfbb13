"""The line of a file that a problem is about, to be shown under it. No part of a secret is ever in it."""

from __future__ import annotations

import re
from typing import Dict, List, NamedTuple, Optional

from edge.config.files import MAX_BYTES
from edge.errors import Problem

_WIDTH = 110
_MAX_LINE = 4096  # a longer one is not looked through
_SECRET = re.compile(r"(?i)(pass|pwd|secret|token|credential|\bpw\b|\bpin\b)[\w-]{0,40}[\"']?\s{0,9}[:=]\s*")
_BEFORE_VALUE = re.compile(r".*?://|[^:]*:\s+|\s*(-\s*)?")


class Excerpt(NamedTuple):
    """``caret``: characters before the place that is meant; None where the place itself is hidden."""

    line: int
    text: str
    caret: Optional[int]


class Excerpts:
    """Reads each file once."""

    def __init__(self) -> None:
        self._files: Dict[str, List[str]] = {}

    def of(self, problem: Problem) -> Optional[Excerpt]:
        """The line that ``problem`` is about, or None where there is none or all of it is hidden."""
        if problem.line is None:
            return None
        lines = self._lines(problem.file)
        if not 0 < problem.line <= len(lines) or len(lines[problem.line - 1]) > _MAX_LINE:
            return None
        if _inside_secret(lines, problem.line - 1):
            return None
        shown = hide_secrets(lines[problem.line - 1])
        if not shown.strip():
            return None
        caret = (problem.column or 1) - 1
        caret_at: Optional[int] = caret if lines[problem.line - 1][:caret] == shown[:caret] else None
        start = max(0, (caret_at or 0) - _WIDTH * 2 // 3) if len(shown) > _WIDTH else 0
        text = "".join(c if c.isprintable() else " " for c in shown[start : start + _WIDTH])
        return Excerpt(problem.line, text, None if caret_at is None else caret_at - start)

    def _lines(self, file: str) -> List[str]:
        if file not in self._files:
            try:
                with open(file, "rb") as stream:
                    text = stream.read(MAX_BYTES).decode("utf-8-sig", errors="replace")
            except (OSError, ValueError):  # the problem says so already
                text = ""
            self._files[file] = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return self._files[file]


def hide_secrets(line: str) -> str:
    """``line`` with *** for what may be a secret: behind a key that sounds like one, and before an @."""
    secret = _SECRET.search(line)
    if secret and secret.end() < len(line):
        line = line[: secret.end()] + "***"
    before, at, after = line.rpartition("@")
    if at:
        start = _BEFORE_VALUE.match(before)
        line = f"{before[: start.end()] if start else ''}***@{after}"
    return line


def _inside_secret(lines: List[str], index: int) -> bool:
    """Whether the line goes on with a value whose key, on a line above that stands further left, sounds secret."""
    indent = _indent(lines[index])
    for above in reversed(lines[:index]):
        if above.strip() and _indent(above) < indent:
            if len(above) > _MAX_LINE or _SECRET.search(above):
                return True
            indent = _indent(above)
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
