"""The faults and what they left, as plain data."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Set, Tuple

from scripts.chaos_delivery import verdict
from scripts.chaos_delivery.faults import Faults, Turn
from scripts.chaos_delivery.record import read_passed, read_received, read_truth
from scripts.chaos_delivery.site import PREFIX, Site
from scripts.chaos_delivery.verdict import Check
from scripts.servers import PATIENCE, wait_until

Tell = Callable[[int, int, str], None]
#: A run with fewer events a second has tried little.
LEAST_RATE = 20.0
#: Seconds that everything may take to be delivered, when all is whole again; and without any progress: the longest
#: wait between two tries is 37.5 s.
DRAIN_S, STUCK_S = 180.0, 50.0


def chaos(
    site: Site, todo: List[Turn], seconds: float, tell: Tell, least_rate: float = LEAST_RATE
) -> Dict[str, Any]:
    """Break it, mend it, wait until everything is delivered, and judge. No fault begins after so many ``seconds``."""
    began = time.monotonic()

    def progress(_: str = "") -> None:
        waiting = site.waiting()
        done = sum(faults.done.values())
        tell(
            done, len(todo),
            f"{done}/{len(todo)} faults │ daemon's life {site.lives}, broker's {len(site.broker.lives)} │ "
            f"{len(site.tail.ids)} events, {waiting} wait │ {site.gate.mode}",
        )  # fmt: skip

    faults = Faults(site, began + seconds, progress)
    wait_until(lambda: site.tail.read() > 20 and site.gate.acked, PATIENCE, "the first events are delivered")
    begun = time.monotonic()
    before = len(site.tail.ids)
    faults.run(todo)
    broken = time.monotonic() - begun
    rate = (site.tail.read() - before) / broken
    owed, words = _drain(site, progress)
    checks = _judge(site, owed)
    fallen = f"it ended with {faults.fallen}" if faults.fallen else f"{site.lives} lives"
    checks += [
        Check("enough events to prove anything", rate >= least_rate, f"{rate:.0f} a second"),
        Check("the daemon ended only when it was killed", not faults.fallen, fallen),
        *words,
    ]
    passed = read_passed(site.passed)
    return {
        "faults": sum(faults.done.values()),
        "wanted": len(todo),
        "kinds": dict(sorted(faults.done.items())),
        "cuts": dict(sorted(faults.cuts.items())),
        "seconds": round(time.monotonic() - began, 1),
        "events": len(site.tail.ids),
        "rate": round(rate, 1),
        "connections": len(passed.connections),
        "sent": len(passed.sent),
        "waited": max((c.waiting for c in passed.connections), default=0),
        "daemon_lives": site.lives,
        "broker_lives": len(site.broker.lives),
        "checks": [check._asdict() for check in checks],
        "kept": all(check.kept for check in checks),
    }


def _drain(site: Site, progress: Callable[[], None]) -> Tuple[Set[str], List[Check]]:
    """Let nothing new happen, and everything arrive; end the daemon. The ids that it owed by then."""
    site.gate.set("pass")
    site.quiet()
    # A moment longer, for what an object's end still brings.
    _until_delivered(site, progress, lambda: site.waiting() == 0, 2.0)
    status = site.daemon.stop()
    # What it said of its own end may wait for another life.
    site.tail.read()
    owed = set(site.tail.ids)
    if site.waiting():
        site.start_daemon()
        _until_delivered(site, progress, lambda: owed <= site.gate.acked)
        site.daemon.stop()
    left = site.daemon.processes()
    log = site.daemon.log
    at = log.find("Traceback")
    stray = ", ".join(f"{process.name} ({process.pid})" for process in left)
    return owed, [
        Check("it stops in order and leaves nothing", status == 0 and not left, stray or f"exit status {status}"),
        Check("no traceback in the log", at < 0, log[at : at + 1500] if at >= 0 else f"{log.count(chr(10))} lines"),
    ]


def _until_delivered(
    site: Site, progress: Callable[[], None], done: Callable[[], bool], steady: float = 0.0
) -> None:  # fmt: skip
    """Until it has been done for so many seconds. It returns too when there is no hope any more."""
    began = undone = moved = time.monotonic()
    delivered = -1
    while True:
        now = time.monotonic()
        if not done():
            undone = now
        elif now - undone >= steady:
            return
        if len(site.gate.acked) != delivered:
            delivered, moved = len(site.gate.acked), now
        if now - began > DRAIN_S or now - max(moved, began) > STUCK_S:
            return
        progress()
        time.sleep(0.2)


def _judge(site: Site, owed: Set[str]) -> List[Check]:
    # The subscriber has what it is sent by now, or never will.
    has = -1
    while has != site.received.stat().st_size:
        has = site.received.stat().st_size
        time.sleep(1.0)
    truth, passed = read_truth(site.truth), read_passed(site.passed)
    checks = verdict.judge(
        truth, owed, passed, read_received(site.received), site.broker.lives, PREFIX, site.daemon.device
    )
    checks.append(verdict.pictured(truth, site.pictures))
    own = [event for event in truth.events.values() if event.type == "device.events_lost"]
    return [*checks, Check("the spool gave none up", not own, f"{len(own)} times events were given up")]
