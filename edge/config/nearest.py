"""The name somebody most likely meant."""

from __future__ import annotations

import difflib
import re
from itertools import islice
from typing import Collection, Optional

from edge.config.tree import shown_name

_LISTED = 12
_SEARCHED = 500  # of more names than these the nearest is not looked for

# What other programs call it, in lower case without _: each with the keys it may be here, the likeliest first.
_COUSINS = {
    "address": ("source", "url"),
    "area": ("min_area", "points"),
    "broker": ("url", "mqtt"),
    "buffer": ("latency",),
    "classes": ("objects", "labels"),
    "conf": ("min_score",),
    "confidence": ("min_score",),
    "coordinates": ("points",),
    "detect": ("models", "objects"),
    "framerate": ("fps",),
    "freeze": ("frozen_timeout",),
    "host": ("url", "source"),
    "labels": ("objects",),
    "login": ("username",),
    "loitering": ("dwell",),
    "loopvideo": ("loop",),
    "pass": ("password",),
    "passwd": ("password",),
    "path": ("source", "spec"),
    "polygon": ("points",),
    "protocol": ("transport",),
    "pwd": ("password",),
    "rate": ("fps",),
    "resolution": ("size",),
    "score": ("min_score",),
    "server": ("url", "mqtt"),
    "threshold": ("min_score",),
    "timeout": ("stall_timeout",),
    "topic": ("prefix",),
    "track": ("objects",),
    "uri": ("source", "url"),
    "url": ("source",),
    "user": ("username",),
    "vertices": ("points",),
}


def nearest(name: str, known: Collection[str]) -> Optional[str]:
    """The entry of ``known`` that ``name`` is a slip or another program's word for, or None."""
    if len(known) > _SEARCHED:
        return None
    folded = {_fold(candidate): candidate for candidate in known}
    wanted = _fold(name[:100])
    if wanted in folded:
        return folded[wanted]
    for cousin in _COUSINS.get(wanted, _COUSINS.get(wanted.rstrip("s"), ())):
        if cousin in known:
            return cousin
    close = difflib.get_close_matches(wanted, sorted(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def hint(name: str, known: Collection[str]) -> str:
    """ " (did you mean 'x'?)", or nothing."""
    near = nearest(name, known)
    return f" (did you mean {near!r}?)" if near else ""


def listed(names: Collection[str]) -> str:
    """Names for a message, the first dozen of them."""
    shown = [shown_name(name) for name in islice(names, _LISTED)]
    return ", ".join(shown) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")


def _fold(name: str) -> str:
    return re.sub(r"[-_\s]", "", name).lower()
