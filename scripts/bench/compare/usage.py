"""CPU time of whole trees of processes, those counted that have come and gone meanwhile."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, Iterable, List

_TICK = os.sysconf("SC_CLK_TCK")


def tree(roots: Iterable[int]) -> List[int]:
    """These processes and all that they have started and that is still there."""
    children: Dict[int, List[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _fields(int(entry))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
    found = list(dict.fromkeys(roots))
    for pid in found:
        found += [child for child in children.get(pid, []) if child not in found]
    return found


def cpu_of(pids: Iterable[int]) -> float:
    """Seconds of user and system time so far, with that of children that have ended and been waited for."""
    return sum(sum(int(field) for field in fields[11:15]) for fields in map(_fields, pids) if fields) / _TICK


def busy() -> float:
    """Seconds that all of the machine's cores together have worked, with what a host took from them (steal)."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / _TICK


def _fields(pid: int) -> List[str]:
    """What /proc/PID/stat says behind the name, the state first; nothing of a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
