"""When the device is called overheated or throttled, and when it is well again: once each, and not to and fro."""

from __future__ import annotations

from typing import Callable, List, NamedTuple, Optional

from edge.telemetry.reading import Reading, hottest

#: How long it must last before it is told, and how long it must be gone before that is told.
HOT_S, COOL_S = 10.0, 30.0
THROTTLED_S, FREE_S = 5.0, 60.0
HYSTERESIS = 5.0


class Alarm(NamedTuple):
    """``state``: overheated, throttled or recovered (from one of them: ``reason`` says which)."""

    state: str
    reason: str


class _Condition:
    """Begins when it has been seen for ``on_s``, ends when its contrary has for ``off_s``; in between it stays."""

    def __init__(self, state: str, on_s: float, off_s: float) -> None:
        self.state, self.active = state, False
        self._on_s, self._off_s = on_s, off_s
        self._since: Optional[float] = None

    def update(self, seen: Optional[bool], now: float) -> bool:
        """``seen``: True, False, or None for neither. Whether it has just begun or ended."""
        if seen is None or seen == self.active:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now - self._since < (self._off_s if self.active else self._on_s):
            return False
        self.active, self._since = not self.active, None
        return True


class Alarms:
    """``alarm_temperature`` None: heat is never told."""

    def __init__(self, alarm_temperature: Optional[float], sensors: List[str]) -> None:
        self._limit, self._sensors = alarm_temperature, sensors
        self._hot = _Condition("overheated", HOT_S, COOL_S)
        self._slow = _Condition("throttled", THROTTLED_S, FREE_S)

    @property
    def active(self) -> List[str]:
        """The states that it is in now."""
        return [condition.state for condition in (self._hot, self._slow) if condition.active]

    def change(self, alarm_temperature: Optional[float], sensors: List[str]) -> None:
        self._limit, self._sensors = alarm_temperature, sensors

    def update(self, reading: Reading, now: float) -> List[Alarm]:
        """What has just begun or ended. ``now``: seconds that only rise."""
        heat = hottest(reading.temperatures, self._sensors)
        at = "" if heat is None else f"{heat[0]} at {heat[1]:.0f} °C"
        found: List[Alarm] = []
        self._look(self._hot, self._is_hot(heat and heat[1]), now, found, lambda: at)
        self._look(self._slow, bool(reading.throttling), now, found, lambda: "; ".join(reading.throttling))
        return found

    def _is_hot(self, degrees: Optional[float]) -> Optional[bool]:
        if self._limit is None:
            return False
        if degrees is None or self._limit - HYSTERESIS <= degrees < self._limit:
            return None
        return degrees >= self._limit

    def _look(
        self, condition: _Condition, seen: Optional[bool], now: float, found: List[Alarm], why: Callable[[], str]
    ) -> None:
        if condition.update(seen, now):
            ended = f"no longer {condition.state}" + (f" ({why()})" if why() else "")
            found.append(Alarm(condition.state, why()) if condition.active else Alarm("recovered", ended))
