"""Telemetry's values as sensors. A board has what it has: sensors are made of what a payload was seen to hold."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from edge.events.homeassistant import templates
from edge.events.homeassistant.names import safe_id, shown

#: The way to a value in telemetry's payload: ("temperatures", "gpu"), ("gpus", "0", "load").
Field = Tuple[str, ...]

_GPU = ("load", "decoder_load", "encoder_load", "memory_used_mib")
_PLACES = [str(place) for place in range(64)]
_MOST = 40  # a broken driver may name a sensor anew with every reading


class Sensor(NamedTuple):
    id: str
    component: Dict[str, Any]


def present(telemetry: Mapping[str, Any]) -> List[Field]:
    """The fields of a payload that a sensor is made of."""
    found: List[Field] = [("temperatures", str(name)) for name in _part(telemetry, "temperatures")]
    gpus = telemetry.get("gpus")
    for place, gpu in enumerate(gpus if isinstance(gpus, list) else ()):
        found += [("gpus", str(place), name) for name in _GPU if isinstance(gpu, dict) and name in gpu]
    if "load" in _part(telemetry, "cpu"):
        found.append(("cpu", "load"))
    if {"used_mib", "total_mib"} <= set(_part(telemetry, "memory")):
        found.append(("memory", "used_mib"))
    power = _part(telemetry, "power_mw")
    # The whole board's where one rail has it; the rails are parts of it then, or of each other.
    found += [("power_mw", str(name)) for name in (["total"] if "total" in power else power)]
    return found[:_MOST]


def sensor(field: Field) -> Optional[Sensor]:
    """Its sensor; None for a field that is none of ``present``'s."""
    if len(field) == 2 and field[0] == "temperatures":
        return Sensor(
            safe_id("temperature", field[1]),
            {
                "name": shown("Temperature", field[1]), "device_class": "temperature", "unit_of_measurement": "°C",
                "value_template": templates.says(*field),
            },
        )  # fmt: skip
    if len(field) == 2 and field[0] == "power_mw":
        name = "Power" if field[1] == "total" else shown("Power", field[1])
        return Sensor(
            safe_id("power", field[1]),
            {
                "name": name, "device_class": "power", "unit_of_measurement": "W", "suggested_display_precision": 1,
                "value_template": templates.scaled(0.001, 3, *field),
            },
        )  # fmt: skip
    if field == ("cpu", "load"):
        return _load("cpu_load", "CPU load", "mdi:cpu-64-bit", templates.says(*field))
    if field == ("memory", "used_mib"):
        used = templates.percent(field, ("memory", "total_mib"))
        return _load("memory", "Memory used", "mdi:memory", used)
    if len(field) == 3 and field[0] == "gpus" and field[1] in _PLACES and field[2] in _GPU:
        return _gpu(field)
    return None


def _gpu(field: Field) -> Sensor:
    number, what = int(field[1]), field[2]
    name = "GPU" if number == 0 else f"GPU {number + 1}"
    key = f"gpu{number}_{what}"
    if what == "memory_used_mib":
        used = templates.percent(("gpus", number, what), ("gpus", number, "memory_total_mib"))
        return _load(key, f"{name} memory used", "mdi:memory", used)
    words = {"load": "load", "decoder_load": "decoder load", "encoder_load": "encoder load"}[what]
    return _load(key, f"{name} {words}", "mdi:expansion-card", templates.says("gpus", number, what))


def _load(key: str, name: str, icon: str, template: str) -> Sensor:
    return Sensor(key, {"name": name, "icon": icon, "unit_of_measurement": "%", "value_template": template})


def _part(telemetry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = telemetry.get(name)
    return part if isinstance(part, dict) else {}
