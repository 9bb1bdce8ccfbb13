"""Events like those of a site with some cameras, for measuring the spool: seeded, each one different."""

from __future__ import annotations

import dataclasses
import random
import time
from typing import Iterator, List, Tuple

from edge.analytics import Facts, Happening
from edge.events.event import Event
from edge.events.factory import EventFactory

_KINDS = ["object.update"] * 10 + ["object.start", "object.end", "zone.enter", "zone.leave", "zone.dwell", "line.cross"]
_ZONES = {
    "entrance": ("main gate", "forecourt", "bicycle stand"), "loading-yard": ("loading bay",),
    "car-park-north": ("first row", "second row", "exit"), "back-door": (),
}  # fmt: skip
_LABELS = ["person", "person", "person", "car", "car", "truck", "bicycle", "dog"]
_STAGES = {"decode": 6.2, "wait": 18.9, "prepare": 0.6, "infer": 8.9, "outputs": 0.2, "events": 0.3, "total": 36.4}


def events(seed: int = 0, device: str = "site-12-gate-7") -> Iterator[Event]:
    """Without end."""
    dice = random.Random(seed)
    factory = EventFactory(device)
    while True:
        camera = dice.choice(list(_ZONES))
        latency = {stage: ms * dice.uniform(0.7, 1.6) for stage, ms in _STAGES.items()}
        kind = dice.choice(_KINDS)
        zones = _ZONES[camera]
        said = {}
        if kind.startswith("zone."):
            said["zone"] = dice.choice(zones or ("step",))
        if kind == "line.cross":
            said.update(line="driveway", direction=dice.choice(["left", "right"]))
        if kind == "object.end":
            said["reason"] = "lost"
        event = factory.make(camera, Happening(kind, time.monotonic(), "people", _facts(dice, zones), **said), latency)
        named = f"{camera}/{event.time[:10]}/{event.id}"
        yield dataclasses.replace(event, snapshot=f"{named}.jpg", clip=f"{named}.mp4")


def _facts(dice: random.Random, zones: Tuple[str, ...]) -> Facts:
    x, y = dice.random() * 0.8, dice.random() * 0.6
    inside: List[str] = [zone for zone in zones if dice.random() < 0.5]
    return Facts(
        id=dice.randrange(1, 20_000),
        label=dice.choice(_LABELS),
        score=dice.uniform(0.3, 0.95),
        best_score=dice.uniform(0.6, 0.97),
        box=(x, y, x + dice.uniform(0.02, 0.2), y + dice.uniform(0.05, 0.4)),
        picture=(1280, 720),
        velocity=(dice.gauss(0, 0.05), dice.gauss(0, 0.02)),
        age=dice.expovariate(0.1),
        zones=tuple(inside),
    )
