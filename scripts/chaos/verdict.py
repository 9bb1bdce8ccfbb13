"""What must hold when every fault has ended."""

from __future__ import annotations

import time
from typing import Dict, List, NamedTuple

from scripts.chaos.site import Site
from scripts.edge_daemon import Holdings, Process, holdings
from scripts.servers import wait_until

#: Seconds that everything has to come back. A camera's longest wait between two tries is 37.5 s, and a worker has to
#: start; that the telemetry process hangs is noticed within 25 s, and another one started a minute later.
BACK_S = 120.0
# Memory settles: the interpreter's and the allocator's own.
_MORE_KIB = {"daemon": 8 << 10, "inference": 16 << 10}


class Check(NamedTuple):
    what: str
    kept: bool
    detail: str


class Calm(NamedTuple):
    """A site on which nothing is wrong, as it was ``after`` seconds."""

    pid: int
    after: float
    processes: List[Process]
    held: Dict[str, Holdings]


def whole(site: Site) -> bool:
    """Everything is there and works."""
    status = site.status()
    names = [c["name"] for c in status["cameras"]]
    good = all(c["state"] == "online" and c["fps_analysed"] > 0.5 * c["fps_wished"] for c in status["cameras"])
    return (
        good
        and names == site.cameras
        and status["inference"]["state"] == "running"
        and status["mqtt"]["state"] == "online"
        and status["mqtt"]["waiting"] < 50  # there is always a message under way
        and status["config"]["state"] == "applied"
        and status["telemetry"]["state"] == "running"
        and not any(process.state in "TZ" for process in site.daemon.processes())
    )


def calm(site: Site) -> Calm:
    """Wait until the site is whole, and a little more; TimeoutError when it does not come to that."""
    began = time.monotonic()
    wait_until(lambda: whole(site), BACK_S, "every camera online and analysed, inference, broker and files in order")
    after = time.monotonic() - began
    # Until nothing has changed for a while: what has just come back holds a little more than it needs.
    last, same_since = _held(site), time.monotonic()
    until = time.monotonic() + BACK_S
    while time.monotonic() < min(until, same_since + 5.0):
        time.sleep(0.5)
        held = _held(site)
        if [h[1:] for h in held.values()] != [h[1:] for h in last.values()]:
            same_since = time.monotonic()
        last = held
    return Calm(site.daemon.pid, after, site.daemon.processes(), last)


def _held(site: Site) -> Dict[str, Holdings]:
    return {"daemon": holdings(site.daemon.pid), "inference": holdings(site.status()["inference"]["pid"])}


def compare(site: Site, before: Calm, after: Calm) -> List[Check]:
    """The checks of what the run left, against what there was after the first faults."""
    status = site.status()
    wanted = {status[part]["pid"] for part in ("inference", "telemetry")}
    wanted |= {status["pid"], *(c["pid"] for c in status["cameras"])}
    strays = [p for p in after.processes if p.pid not in wanted or p.state == "Z"]
    checks = [
        Check("every camera online and analysed", True, f"{after.after:.1f} s after the last fault"),
        Check("the daemon is the same process", status["pid"] == before.pid, f"pid {before.pid}"),
        Check(
            "every process is there, and no other",
            not strays and wanted <= {p.pid for p in after.processes},
            ", ".join(f"{p.name} ({p.pid}, {p.state})" for p in strays) or f"{len(wanted)} processes",
        ),
    ]
    for name, had in before.held.items():
        has = after.held[name]
        for what in ("fds", "memfds", "threads"):
            a, b = getattr(had, what), getattr(has, what)
            checks.append(Check(f"{name}: {what} as before", a == b, f"{a}, now {b}"))
        grown = has.rss_kib - had.rss_kib
        detail = f"{had.rss_kib / 1024:.1f} MiB, now {has.rss_kib / 1024:.1f}"
        checks.append(Check(f"{name}: memory not grown", grown <= _MORE_KIB[name], detail))
    return checks


def numbers(site: Site) -> Check:
    """Every event came."""
    try:
        wait_until(lambda: not site.numbers.faults(), 30.0, "all numbers")
    except TimeoutError:
        pass
    faults = site.numbers.faults()
    good = f"{len(site.numbers.received)} events, {site.numbers.twice} of them more than once"
    dropped = site.status()["mqtt"].get("dropped", 0)
    return Check("no event is missing", not faults and not dropped, "; ".join(faults) or good)


def words(site: Site) -> Check:
    """No bug showed itself in the log."""
    log = site.daemon.log
    at = log.find("Traceback")
    return Check("no traceback in the log", at < 0, f"{log.count(chr(10))} lines" if at < 0 else log[at : at + 1500])


def end(site: Site) -> Check:
    """It stops in order, and leaves nothing."""
    began = time.monotonic()
    status = site.daemon.stop()
    detail = f"exit status {status} after {time.monotonic() - began:.1f} s"
    left = site.daemon.processes()
    detail += "".join(f", {process.name} ({process.pid}) is left" for process in left)
    return Check("it stops and leaves nothing", status == 0 and not left, detail)
