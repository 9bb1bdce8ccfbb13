"""Moments, as people write them: ``2025-03-01T12:00:00Z``, ``2h`` (ago), ``today``."""

from __future__ import annotations

import argparse
import re
import time
from datetime import datetime, timedelta
from typing import Optional

FORMS = (
    "2025-03-01, 2025-03-01T12:00 (the time here, unless Z or +02:00 follows), 2h or 30m (ago), today or yesterday "
    "(its begin), now"
)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))?)?\s*([Zz]|[+-]\d\d:\d\d)?")


def moment(text: str, now: Optional[float] = None) -> float:
    """Seconds since 1970. Raises argparse.ArgumentTypeError for what is no moment."""
    from edge.config.values import parse_duration  # here, since it takes a while to import

    now = time.time() if now is None else now
    word = text.strip()
    days = {"today": 0, "yesterday": 1}.get(word.lower())
    if days is not None:
        midnight = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight - timedelta(days=days)).timestamp()
    if word.lower() == "now":
        return now
    match = _DATE.fullmatch(word)
    if match:
        try:
            return _date(match)
        except (ValueError, OverflowError):  # the 31st of February; the year 0
            pass
    ago = parse_duration(word) if word[-1:].isalpha() else None  # a bare number may be meant as a year, or as anything
    if ago is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; allowed: {FORMS}")
    return now - ago


def _date(match: re.Match[str]) -> float:
    """RFC 3339, whose time, seconds and zone may be left out."""
    day, minute, second, fraction, zone = match.groups()
    zone = "" if zone is None else "+00:00" if zone in "Zz" else zone
    when = datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}.{(fraction or '0')[:6]:0<6}{zone}")
    return when.timestamp()
