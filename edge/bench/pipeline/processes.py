"""What the kernel says of processes while a benchmark runs: their CPU time and their memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

_TICKS = os.sysconf("SC_CLK_TCK")


class Seen(NamedTuple):
    """Of one process at one moment: CPU seconds since it began, and resident bytes."""

    cpu_s: float
    rss: int


class Share(NamedTuple):
    """Of a part over the measured time: CPU in cores (1.0 is one core all the time), the most resident bytes, and in
    how many processes one after the other it ran."""

    name: str
    kind: str
    cores: float
    rss: int
    processes: int


def look(pid: int) -> Optional[Seen]:
    """None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    # utime and stime are fields 14 and 15 of the line, the state behind the name is the third.
    return Seen((int(fields[11]) + int(fields[12])) / _TICKS, pages * os.sysconf("SC_PAGE_SIZE"))


def machine_cpu_s() -> float:
    """CPU seconds that all the machine's cores have been busy."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    user, nice, system, _idle, _iowait, irq, softirq, *_ = (int(word) for word in words[1:])
    return (user + nice + system + irq + softirq) / _TICKS


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))


class Account:
    """``look()`` now and then; the parts by name, each with its kind and its process of the moment."""

    def __init__(self) -> None:
        self._begun = False
        self._first: Dict[int, float] = {}
        self._last: Dict[int, float] = {}
        self._pids: Dict[Tuple[str, str], List[int]] = {}
        self._rss: Dict[Tuple[str, str], int] = {}

    def look(self, parts: Dict[Tuple[str, str], Optional[int]]) -> None:
        """``parts``: pids by (kind, name); None where there is no process now."""
        for part, pid in parts.items():
            self._pids.setdefault(part, [])
            self._rss.setdefault(part, 0)
            seen = None if pid is None else look(pid)
            if pid is None or seen is None:
                continue
            if pid not in self._pids[part]:
                # Of one that came later everything counts: it has done nothing else.
                self._first[pid] = 0.0 if self._begun else seen.cpu_s
                self._pids[part].append(pid)
            self._last[pid] = seen.cpu_s
            self._rss[part] = max(self._rss[part], seen.rss)
        self._begun = True

    def shares(self, seconds: float) -> List[Share]:
        """Over ``seconds``, in the order in which the parts were first named."""
        return [
            Share(name, kind, sum(self._last[pid] - self._first[pid] for pid in pids) / max(seconds, 1e-9),
                  self._rss[kind, name], len(pids))
            for (kind, name), pids in self._pids.items()
        ]  # fmt: skip
