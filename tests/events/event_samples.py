"""One event of every kind, and with everything that it may have."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Dict, List, Tuple

from edge.analytics import Facts, Happening
from edge.analytics.track import Attribute
from edge.events.clock import WallClock
from edge.events.event import Event
from edge.events.factory import EventFactory

BOOT = "5f0c9a52-2f1c-4a9e-8a52-6a1d3f1f8f10"
START = 1714825800.0  # 2024-05-04T12:30:00Z
LATENCY = {
    "decode": 6.214,
    "wait": 18.9,
    "prepare": 0.61,
    "infer": 8.93,
    "outputs": 0.207,
    "events": 0.341,
    "total": 36.4,
}
ZONE, PERSON = "gate", "person"
ATTRIBUTES = {
    "helmet": Attribute("yes", 0.91249),
    "faces": Attribute("face", 0.98765, (0.42444, 0.51, 0.44, 0.53333)),
}


def facts(zones: Tuple[str, ...] = (ZONE,)) -> Facts:
    return Facts(
        id=17,
        label=PERSON,
        score=0.7312345,
        best_score=0.8123456,
        box=(0.41234567, 0.5, 0.46, 0.71),
        picture=(1280, 720),
        velocity=(-0.0312345, 0.00412),
        age=4.2,
        zones=zones,
    )


def factory() -> EventFactory:
    """The same events each time: fixed clock and ids."""
    numbers = itertools.count(1)
    clock = WallClock(wall=lambda: START, monotonic=lambda: 0.0)
    return EventFactory("gate-7", BOOT, clock, lambda: f"018f435f-c3c0-7000-8000-{next(numbers):012x}")


def happenings() -> List[Happening]:
    def of(kind: str, time: float, **said: object) -> Happening:
        return Happening(kind, time, "people", facts(), **said)  # type: ignore[arg-type]

    return [
        of("object.start", 1.2),
        Happening("object.update", 2.4, "people", facts()._replace(attributes=ATTRIBUTES)),
        of("object.end", 9.0, reason="lost"),
        of("zone.enter", 1.2, zone=ZONE),
        of("zone.leave", 9.0, zone=ZONE, reason="lost"),
        of("zone.dwell", 6.2, zone=ZONE),
        of("line.cross", 3.0, line="door", direction="left"),
        Happening("count", 1.2, zone=ZONE, label=PERSON, count=3),
    ]


def samples() -> Dict[str, Event]:
    of = factory()
    found = [of.make("square", h, LATENCY) for h in happenings()]
    found.append(of.camera_state("square", "online", time=0.5))
    found.append(of.camera_state("square", "stalled", "no picture for 10 s", time=60.0))
    found.append(of.camera_state("square", "frozen", "the same picture for 30 s", time=120.0))
    found.append(of.device_state("start", time=0.0))
    found.append(of.device_state("stop", "SIGTERM", time=3600.0))
    found.append(of.device_state("overheated", "gpu at 91 °C", time=600.0))
    found.append(of.device_state("throttled", "gpu-throttle-alert 1 of 1", time=620.0))
    found.append(of.device_state("recovered", "no longer overheated (gpu at 84 °C)", time=700.0))
    clip = f"square/2024-05-04/{found[3].id}.mp4"
    found.append(of.evidence("clip.ready", "square", found[3].id, clip=clip, duration_s=12.4))
    found.append(of.evidence("clip.failed", "square", found[3].id, reason="the camera went before a key picture came"))
    found.append(of.evidence("snapshot.failed", "square", found[0].id, reason="its picture is not in memory any more"))
    found.append(of.lost(120, "more than spool.max_events, 100000, waited for the broker"))
    found.append(of.spool("memory", "no space left on the disk"))
    return {event.type: event for event in found}


def full(event: Event) -> Event:
    """With the picture and the clip that a later stage adds."""
    event = dataclasses.replace(event, replayed=True)
    if event.object is None:
        return event
    return dataclasses.replace(event, snapshot="square/2024-05-04/17.jpg", clip="square/2024-05-04/17.mp4")
