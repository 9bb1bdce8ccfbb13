"""Temperatures and what is throttled: the kernel's thermal zones and cooling devices.

A zone's name is what stands before ``-therm`` or ``-thermal``, in small letters: ``CPU-therm`` of r32 and
``cpu-thermal`` of r35 are both ``cpu``, as is jtop's ``CPU``.
"""

import re
from typing import Dict, List, Tuple

from .files import Files

#: PMIC-Die stands at a fixed value (100 on a Nano); thermal-fan-est is a mean for the fan's own use.
_NO_SENSOR = re.compile(r"pmic|fan-est|^thermal$", re.IGNORECASE)
_ENDING = re.compile(r"[-_](therm|thermal|tegra)$")
# Cooling devices that take clocks away: cpufreq-cpu0, thermal-cpufreq-0, devfreq-17000000.gpu, gpu-balanced, cpu_heavy,
# the alerts of Orin (cpu-throttle-alert, hot-surface-alert), Processor of a PC. A fan does not.
_TAKES_CLOCKS = re.compile(r"cpu|gpu|throttle|hot-surface|balanced|heavy|emergency|devfreq|processor", re.IGNORECASE)
_FAN = re.compile(r"fan", re.IGNORECASE)
_OVER_CURRENT = {"oc1": "under-voltage", "oc2": "average over-current", "oc3": "instantaneous over-current"}


def sensor_name(raw: str) -> str:
    """The name under which a sensor is told; empty for what is none."""
    return "" if _NO_SENSOR.search(raw) else _ENDING.sub("", raw.strip().lower())


def add_sensor(found: Dict[str, float], name: str, celsius: float) -> None:
    """Note a temperature that can be one; a second sensor of a name gets a number."""
    if not name or not -40.0 < celsius < 150.0:
        return
    number = 2
    unique = name
    while unique in found:
        unique, number = "{}-{}".format(name, number), number + 1
    found[unique] = round(celsius, 1)


class Thermal:
    """Of the folder sys/class/thermal, and the over-current counters of Orin and Thor."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._events: Dict[str, float] = {}
        self.look()

    def look(self) -> None:
        """Find what there is; a driver may have come since."""
        folder, files = "sys/class/thermal", self._files
        self._zones: List[Tuple[str, str]] = []
        self._coolers: List[Tuple[str, str]] = []
        for name in files.names(folder):
            path = "{}/{}".format(folder, name)
            kind = files.text(path + "/type")
            if name.startswith("thermal_zone") and sensor_name(kind):
                self._zones.append((sensor_name(kind), path + "/temp"))
            elif name.startswith("cooling_device") and _TAKES_CLOCKS.search(kind) and not _FAN.search(kind):
                self._coolers.append((kind, path))
        self._counters = files.find("sys/class/hwmon/hwmon*/oc[0-9]_event_cnt")

    def temperatures(self) -> Dict[str, float]:
        found: Dict[str, float] = {}
        for name, path in self._zones:
            millidegrees = self._files.number(path)
            if millidegrees is not None:
                add_sensor(found, name, millidegrees / 1000.0)
        return found

    def throttling(self) -> List[str]:
        """What holds clocks down: cooling devices at work, and over-current since the last call."""
        found = []
        for kind, path in self._coolers:
            state, most = self._files.number(path + "/cur_state"), self._files.number(path + "/max_state")
            if state is not None and state > 0:
                of = "" if most is None else " of {:g}".format(most)
                found.append("{} {:g}{}".format(kind, state, of))
        for path in self._counters:
            events, name = self._files.number(path), path.rsplit("/", 1)[1][:3]
            if events is None:
                continue
            before = self._events.get(path, events)
            self._events[path] = events
            if events > before:
                found.append(_OVER_CURRENT.get(name, "over-current " + name))
        return found
