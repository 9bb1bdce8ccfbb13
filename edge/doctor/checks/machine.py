"""The machine itself: what it is, its memory, its clock, what a container must bring along."""

from __future__ import annotations

import os
import re
import time
from typing import Iterator, Optional

from edge.doctor.context import Context
from edge.doctor.finding import Finding, error, ok, warning
from edge.doctor.system import System

_MIB = 1 << 20
# A camera's process takes about 60 MiB, the inference process with a small network about 200.
_SCARCE, _NONE_LEFT = 256 * _MIB, 64 * _MIB
# No machine of ours ran before; without a battery or a network a clock begins at 1970 or at its firmware's date.
_EARLIEST_YEAR = 2025


def machine(context: Context) -> Iterator[Finding]:
    """What it is. Always good: whatever is missing on it is told by others."""
    system, found = context.system, context.machine
    names = re.findall(r'^PRETTY_NAME="?([^"\n]*)', system.read("/etc/os-release") or "", re.MULTILINE)
    kernel = os.uname()
    l4t = context.board.l4t if context.board is not None else found.l4t
    facts = [
        found.model,
        f"L4T {l4t}" if l4t else "",
        names[0] if names else "",
        f"Linux {kernel.release} {kernel.machine}",
        f"{len(os.sched_getaffinity(0))} cores",
    ]
    yield ok("machine", ", ".join(fact for fact in facts if fact))


def board(context: Context) -> Iterator[Finding]:
    """What the workers' tables take a Jetson for, and what of that is a guess."""
    found = context.board
    if found is None or not found.release:
        return
    if not found.warning:
        yield ok("board", f"{found.name}, by the table of {found.release}")
    elif context.machine.container:
        remedy = "docker run --runtime nvidia --security-opt systempaths=unconfined "
        remedy += "-v /etc/nv_tegra_release:/etc/nv_tegra_release:ro lets it see what it is"
        yield warning("board", found.warning, remedy)
    else:
        remedy = "where decoders, DLA or limits are wrong for it, please report what edge doctor --json says"
        yield warning("board", found.warning, remedy)


def container(context: Context) -> Iterator[Finding]:
    """Where the daemon runs, and whether what NVIDIA's elements run is there too."""
    if context.machine.container:
        yield ok("container", f"runs in a container ({context.machine.container})")
    found = context.board
    for program in found.programs if found is not None else ():
        if context.system.has_program(program):
            yield ok("kmod", f"{program} is there: the decoder asks it for the GPU's driver")
        else:
            where, image = (
                ("in this container", " in the container's image") if context.machine.container else ("here", "")
            )
            words = f"{program} is missing {where}: the hardware decoder starts, and gives no picture"
            yield error("kmod", words, f"apt-get install kmod{image}")


def memory(context: Context) -> Iterator[Finding]:
    """What is left of it, within the container's bound."""
    values = {
        name: int(kib) * 1024
        for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", context.system.read("/proc/meminfo") or "", re.MULTILINE)
    }
    total, free = values.get("MemTotal"), values.get("MemAvailable")
    if total is None or free is None:
        yield warning("memory", "/proc/meminfo does not say how much memory there is", "mount /proc")
        return
    bound, used = _number(context.system, "memory.max"), _number(context.system, "memory.current")
    if bound is not None and used is not None and bound < total:
        total, free = bound, min(free, max(0, bound - used))
    message = f"{free // _MIB} MiB of {total // _MIB} MiB are free"
    remedy = "stop what else runs here, analyse fewer cameras, or give it more memory"
    if free < _NONE_LEFT:
        yield error("memory", message, remedy)
    elif free < _SCARCE:
        yield warning("memory", message, remedy)
    else:
        yield ok("memory", message)


def _number(system: System, name: str) -> Optional[int]:
    text = system.read(f"/sys/fs/cgroup/{name}") or ""
    return int(text) if text.isdigit() else None


def clock(context: Context) -> Iterator[Finding]:
    """Events carry the time: it has to be right."""
    now = time.gmtime(context.system.now())
    said = time.strftime("%Y-%m-%d %H:%M UTC", now)
    if now.tm_year < _EARLIEST_YEAR:
        remedy = "timedatectl set-ntp true, or by hand: date -s 'YYYY-MM-DD hh:mm'"
        yield error("clock", f"it is not {said}: the clock is not set", remedy)
        return
    synchronised = context.system.synchronised()
    if synchronised:
        yield ok("clock", f"{said}, synchronised")
    elif synchronised is None:
        yield warning("clock", f"{said}; whether it is synchronised cannot be seen", "timedatectl on the host says it")
    elif context.machine.container:
        yield warning("clock", f"{said}, not synchronised", "on the host: timedatectl set-ntp true")
    else:
        remedy = "timedatectl set-ntp true (apt-get install systemd-timesyncd, or chrony)"
        yield warning("clock", f"{said}, not synchronised: events will carry a time that drifts", remedy)
