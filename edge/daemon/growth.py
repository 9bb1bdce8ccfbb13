"""Whether a worker leaks: what it holds now against what it held once it ran."""

from __future__ import annotations

from typing import Any, Dict, Mapping

# Beats (one a second) until a process has all that it needs: decoders take their pictures' memory with the first ones.
_SETTLE = 30
_MIB = 1 << 20
# Beats after a busy one until its memory is given back.
_CALM = 10
# What a process may have more than then.
_MORE: Dict[str, int] = {"rss": 256 * _MIB, "fds": 200, "threads": 100}


class Growth:
    """Of one process; a new process gets a new one, and one whose pictures have changed their size. ``kept``: bytes of
    its stream that it may keep.
    """

    def __init__(self, kept: int = 0) -> None:
        self._more = {**_MORE, "rss": _MORE["rss"] + kept}
        self._beats = self._skip = 0
        self._base: Dict[str, int] = {}

    def look(self, beat: Mapping[str, Any]) -> str:
        """What has grown out of all bounds, in words; empty while nothing has."""
        if beat.get("busy"):  # it makes a clip, for a while
            self._skip = _CALM
            return ""
        if self._skip:
            self._skip -= 1
            return ""
        self._beats += 1
        found = {name: int(beat.get(name, 0)) for name in _MORE}
        if self._beats <= _SETTLE:
            self._base = {name: max(value, self._base.get(name, 0)) for name, value in found.items()}
            return ""
        for name, more in self._more.items():
            if found[name] > self._base[name] + more:
                if name == "rss":
                    return f"memory from {self._base[name] // _MIB} to {found[name] // _MIB} MiB"
                words = "descriptors" if name == "fds" else name
                return f"{words} from {self._base[name]} to {found[name]}"
        return ""
