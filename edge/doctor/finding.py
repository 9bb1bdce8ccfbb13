"""What a check says."""

from __future__ import annotations

from typing import Iterable, NamedTuple

STATUSES = ("ok", "skipped", "warning", "error")


class Finding(NamedTuple):
    """``status`` is one of STATUSES; ``remedy`` says what to do where it is not good."""

    name: str
    status: str
    message: str
    remedy: str = ""
    group: str = ""


def ok(name: str, message: str) -> Finding:
    """All is well."""
    return Finding(name, "ok", message)


def skipped(name: str, message: str) -> Finding:
    """Nothing to look at, or not possible here, and no harm in that."""
    return Finding(name, "skipped", message)


def warning(name: str, message: str, remedy: str = "") -> Finding:
    """It runs, but not as it could, or not for long."""
    return Finding(name, "warning", message, remedy)


def error(name: str, message: str, remedy: str = "") -> Finding:
    """Something that was asked for cannot work."""
    return Finding(name, "error", message, remedy)


def overall(findings: Iterable[Finding]) -> str:
    """``ok``, ``warnings`` or ``errors``: the worst of them."""
    statuses = {finding.status for finding in findings}
    return "errors" if "error" in statuses else "warnings" if "warning" in statuses else "ok"
