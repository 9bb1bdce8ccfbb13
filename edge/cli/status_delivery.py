"""Of ``edge status``: how what the cameras saw gets away, and how states and numbers are written."""

from __future__ import annotations

from typing import Any, Dict, List

from edge.cli.terminal import Paint, amount, clean

_GOOD = ("online", "running", "ready")
_BAD_CAMERA = ("stalled", "unreachable", "unauthorized", "unsupported", "ended", "frozen")
_BAD = (*_BAD_CAMERA, "refused", "failed", "offline", "rejected", "full", "corrupt")


def delivery(status: Dict[str, Any], paint: Paint) -> List[str]:
    """The broker; where events wait, if that is in trouble; and what is kept of snapshots and clips."""
    mqtt = status.get("mqtt", {})
    facts = [
        coloured(mqtt.get("state", "?"), paint),
        clean(str(mqtt.get("url", ""))),
        f"{number(mqtt.get('published'))} published, {number(mqtt.get('waiting'))} waiting",
        f"replaying {number(mqtt['replaying'])}" if mqtt.get("replaying") else "",
        paint(clean(str(mqtt.get("reason") or "")), "yellow"),
    ]
    lines = [f"{paint('broker', 'dim')}     {'  '.join(fact for fact in facts if fact)}"]
    spool, evidence = status.get("spool", {}), status.get("evidence", {})
    if spool.get("state", "ok") != "ok":
        told = clean(str(spool.get("reason") or ""))
        lines.append(f"{paint('spool', 'dim')}      {coloured(str(spool['state']), paint)}  {told}".rstrip())
    if evidence.get("files") or evidence.get("state", "ok") != "ok":
        lines.append(f"{paint('evidence', 'dim')}   {'  '.join(_evidence(evidence, paint))}")
    return lines


def _evidence(said: Dict[str, Any], paint: Paint) -> List[str]:
    facts = [
        coloured(str(said["state"]), paint) if said.get("state", "ok") != "ok" else "",
        clean(str(said.get("reason") or "")),
        f"{number(said.get('files'))} files, {amount(said.get('bytes') or 0)}",
        f"since {clean(str(said['oldest']))}" if said.get("oldest") else "",
        paint(f"{number(said['failed'])} failed", "yellow") if said.get("failed") else "",
    ]
    return [fact for fact in facts if fact]


def coloured(state: str, paint: Paint) -> str:
    colour = "green" if state in _GOOD else "red" if state in _BAD else "dim" if state == "disabled" else "yellow"
    return paint(clean(state), colour)


def number(value: Any, digits: int = 0) -> str:
    """A number with that many decimals (none needed for a whole one, if 0 asked for), or – for what is not known."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if digits else f"{value:g}" if isinstance(value, float) else str(value)
