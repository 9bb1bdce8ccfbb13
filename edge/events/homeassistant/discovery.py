"""The retained payloads by topic: one for the device, one for each of its cameras."""

from __future__ import annotations

from typing import Any, Collection, Dict, List, Mapping, Sequence

from edge.config import Config
from edge.events.homeassistant.camera import camera_availability, camera_components
from edge.events.homeassistant.device import device_availability, device_components
from edge.events.homeassistant.fields import Field
from edge.events.homeassistant.names import safe_id, shown

_PROJECT = "jetson-edge"
#: Payloads by topic.
Payloads = Dict[str, Dict[str, Any]]


def discovery(
    config: Config, version: str, labels: Mapping[str, Sequence[str]], fields: Collection[Field]
) -> Payloads:
    """What Home Assistant is to be told; nothing where it is not enabled.

    ``labels``: those of the models of each camera, by its name. ``fields``: what telemetry was seen to have. The
    device comes before its cameras, which name it.
    """
    told = config.homeassistant
    if not told.enabled:
        return {}
    own = safe_id(config.mqtt.prefix, config.device)
    device = {
        "identifiers": [own], "name": shown(told.name or config.device), "manufacturer": _PROJECT, "model": "Device",
        "sw_version": version,
    }  # fmt: skip
    if told.area is not None:
        device["suggested_area"] = shown(told.area)
    origin = {"name": _PROJECT, "sw_version": version}
    prefix = f"{told.prefix}/device"
    payloads = {
        f"{prefix}/{own}/config": _payload(
            own, device, origin, device_availability(config), device_components(config, fields)
        )
    }
    for name in config.cameras:
        camera = safe_id(config.mqtt.prefix, config.device, name)
        device = {
            "identifiers": [camera], "name": shown(name), "manufacturer": _PROJECT, "model": "Camera",
            "via_device": own,
        }  # fmt: skip
        payloads[f"{prefix}/{camera}/config"] = _payload(
            camera, device, origin, camera_availability(config, name),
            camera_components(config, name, labels.get(name, ())),
        )  # fmt: skip
    return payloads


def _payload(
    own: str,
    device: Dict[str, Any],
    origin: Dict[str, Any],
    availability: List[Dict[str, Any]],
    components: Dict[str, Dict[str, Any]],
) -> Dict[str, Any]:
    """``availability`` is for the components that do not have their own."""
    # No id has a dot in it.
    named = {key: {**component, "unique_id": f"{own}.{key}"} for key, component in components.items()}
    return {"dev": device, "o": origin, "availability": availability, "availability_mode": "all", "cmps": named}


def removal_stubs(gone: Mapping[str, str]) -> Payloads:
    """What is told in the place of components that are gone, by id, of which the platform is known: Home Assistant
    removes those of which nothing else is said, and keeps those that are only left out."""
    return {key: {"p": platform} for key, platform in gone.items()}
