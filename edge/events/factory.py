"""Makes events of what happens: gives them their id, number and time, and numbers fit to be read."""

from __future__ import annotations

import threading
from typing import Any, Callable, Mapping, Optional, Tuple

from edge.analytics.happening import Happening
from edge.analytics.track import Attribute, Facts
from edge.events.clock import WallClock, rfc3339
from edge.events.event import Event, EventAttribute, EventObject
from edge.events.ids import EventIds, new_boot_id
from edge.events.kinds import KINDS


class EventFactory:
    """One for a daemon. Any thread may call it: every ``seq`` is given once, and none is left out."""

    def __init__(
        self, device: str, boot_id: Optional[str] = None, clock: Optional[WallClock] = None,
        ids: Optional[Callable[[], str]] = None,
    ) -> None:  # fmt: skip
        self.device = device
        self.boot_id = new_boot_id() if boot_id is None else boot_id
        self._clock = WallClock() if clock is None else clock
        #: Gives the ids, one after the other.
        self.ids = EventIds() if ids is None else ids
        self._lock = threading.Lock()
        self._seq = 0
        # Of the last picture: what was given, and the same in readable numbers. Its events come one after the other.
        self._latency: Tuple[Optional[Mapping[str, float]], Optional[Mapping[str, float]]] = None, None

    def make(self, camera: str, happening: Happening, latency_ms: Optional[Mapping[str, float]] = None) -> Event:
        """Of what analytics told. ``latency_ms`` is by stage, of the picture that showed it, and stays as it is."""
        given, rounded = self._latency
        if latency_ms is not given:
            rounded = None if latency_ms is None else {stage: round(ms, 2) for stage, ms in latency_ms.items()}
            self._latency = latency_ms, rounded
        return self._event(
            happening.type,
            happening.time,
            camera=camera,
            model=happening.model,
            object=None if happening.object is None else _object(happening.object),
            zone=happening.zone,
            line=happening.line,
            direction=happening.direction,
            label=happening.label,
            count=happening.count,
            reason=happening.reason,
            latency_ms=rounded,
        )

    def camera_state(
        self, camera: str, state: str, reason: Optional[str] = None, time: Optional[float] = None
    ) -> Event:
        """``camera.online`` or ``camera.frozen`` by the state, else ``camera.offline``; ``time``: monotonic, or now."""
        kind = state if state in ("online", "frozen") else "offline"
        return self._event(f"camera.{kind}", time, camera=camera, state=state, reason=reason or None)

    def device_state(self, state: str, reason: Optional[str] = None, time: Optional[float] = None) -> Event:
        """``device.start``, ``stop``, ``overheated``, ``throttled`` or ``recovered``, by ``state``."""
        if f"device.{state}" not in KINDS:
            raise ValueError(f"no event tells of a device's {state}")
        return self._event(f"device.{state}", time, reason=reason or None)

    def evidence(
        self, kind: str, camera: str, of: str, *, clip: Optional[str] = None, duration_s: Optional[float] = None,
        reason: Optional[str] = None,
    ) -> Event:  # fmt: skip
        """``clip.ready`` (with ``clip`` and ``duration_s``), ``clip.failed`` or ``snapshot.failed`` (with ``reason``):
        what became of the files that the event ``of`` named.
        """
        return self._event(kind, None, camera=camera, of=of, clip=clip, duration_s=duration_s, reason=reason)

    def lost(self, count: int, reason: str) -> Event:
        """So many events were given up before any broker had them."""
        return self._event("device.events_lost", None, count=count, reason=reason)

    def spool(self, state: str, reason: str = "") -> Event:
        """Where events wait is in trouble, or well again."""
        return self._event("device.spool", None, state=state, reason=reason or None)

    def now(self) -> str:
        """The present moment as events tell it."""
        return rfc3339(self._clock(self._clock.now()))

    def _event(self, kind: str, time: Optional[float], **said: Any) -> Event:
        told = rfc3339(self._clock(self._clock.now() if time is None else time))
        with self._lock:  # nothing that can fail stands between the number and the event
            self._seq += 1
            return Event(self.ids(), kind, self.device, told, self._seq, self.boot_id, **said)


def _object(facts: Facts) -> EventObject:
    width, height = facts.picture
    x1, y1, x2, y2 = facts.box
    return EventObject(
        id=facts.id,
        label=facts.label,
        score=round(facts.score, 3),
        best_score=round(facts.best_score, 3),
        box=[round(x1, 4), round(y1, 4), round(x2, 4), round(y2, 4)],
        box_px=[round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height)],
        speed=[round(facts.velocity[0], 4), round(facts.velocity[1], 4)],
        age_s=round(facts.age, 3),
        zones=list(facts.zones),
        attributes={name: _attribute(found) for name, found in facts.attributes.items()} or None,
    )


def _attribute(found: Attribute) -> EventAttribute:
    box = None if found.box is None else [round(value, 4) for value in found.box]
    return EventAttribute(found.label, round(found.score, 3), box)
