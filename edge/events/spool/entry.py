"""What waits in the spool, and what the spool tells when something is wrong."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One thing to be sent. ``n`` rises with every entry of a file and is never used twice."""

    n: int
    kind: str  # "event" | "picture"
    camera: str  # "" of the device's own
    type: str  # the event's type, "" of a picture
    payload: bytes
    old: bool = False  # it was put before this start of the spool


class Trouble(NamedTuple):
    """``lost``: ``count`` entries had to be given up. ``memory``: they are kept in memory alone, ``recovered``: no
    longer. ``corrupt``: the file could not be read and was moved aside."""

    kind: str
    count: int  # type: ignore[assignment]  # tuple.count() is not missed
    reason: str
