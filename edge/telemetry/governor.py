"""Looks at fewer pictures when the device is too hot: what is analysed is most of what heats it.

Above ``telemetry.max_temperature`` the wished rates are multiplied by 0.75, then 0.5, then 0.25, a step for every
DOWN_S that it stays above; a step back for every UP_S that it is HYSTERESIS below. In between all stays as it is. Pure:
told of readings and of the time, and asked for the factor.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from edge.telemetry.reading import Reading, hottest

STEPS = (1.0, 0.75, 0.5, 0.25)
DOWN_S = 10.0
UP_S = 30.0
HYSTERESIS = 5.0
#: Longer than this between two readings, and nobody knows what was in between.
GAP_S = 30.0
#: Without a temperature for so long the rates are the wished ones again: nothing depends on telemetry, and the board
#: throttles by itself when it must.
BLIND_S = 180.0


class Governed(NamedTuple):
    """``factor`` of the wished rates; ``reason`` in words, empty where there is nothing to say."""

    factor: float
    reason: str


class Governor:
    def __init__(self, max_temperature: Optional[float], sensors: List[str]) -> None:
        self._max, self._sensors = max_temperature, sensors
        self._step = 0
        self._seen: Optional[float] = None  # the last reading with a temperature
        self._above: Optional[float] = None  # since when it is too hot without a step
        self._below: Optional[float] = None
        self._words = ""

    def change(self, max_temperature: Optional[float], sensors: List[str]) -> None:
        """Another limit: what was reached so far stays, and is judged by the new one."""
        self._max, self._sensors = max_temperature, sensors
        self._above = self._below = None

    def update(self, reading: Optional[Reading], now: float) -> Governed:
        """``reading``: the newest one, or None where there is none; ``now``: seconds that only rise."""
        heat = None if reading is None else hottest(reading.temperatures, self._sensors)
        if self._max is None:
            self._step, self._words = 0, ""
        elif heat is None:
            if self._seen is None or now - self._seen > BLIND_S:
                self._step, self._words = 0, self._blindness(reading)
        else:
            if self._seen is not None and now - self._seen > GAP_S:
                self._above = self._below = None
            self._seen = now
            self._judge(heat[1], self._max, now)
            at = f"{heat[0]} at {heat[1]:.0f} °C"
            self._words = f"analysed at {STEPS[self._step]:g} of the wished rate: {at}" if self._step else ""
        return Governed(STEPS[self._step], self._words)

    def _judge(self, degrees: float, most: float, now: float) -> None:
        if degrees > most:
            self._below = None
            if self._above is None:
                self._above = now
            elif now - self._above >= DOWN_S:
                self._step, self._above = min(self._step + 1, len(STEPS) - 1), now
        elif degrees < most - HYSTERESIS:
            self._above = None
            if self._below is None:
                self._below = now
            elif now - self._below >= UP_S:
                self._step, self._below = max(self._step - 1, 0), now
        else:
            self._above = self._below = None

    def _blindness(self, reading: Optional[Reading]) -> str:
        if reading is None or not reading.temperatures:
            return ""
        there = ", ".join(sorted(reading.temperatures))
        return f"telemetry.sensors: none of {', '.join(self._sensors)} is here; there are {there}"
