"""A camera: whether it works, what it sees, and what can be asked of it."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from edge.config import CameraConfig, Config
from edge.events.event import count_topic, topic_level
from edge.events.homeassistant import templates
from edge.events.homeassistant.device import DELIVERING, device_availability
from edge.events.homeassistant.labels import counted, zone_topic
from edge.events.homeassistant.names import is_usable, safe_id, shown

#: States that are no fault: of them nobody needs to be told.
_CALM = (*[state for state in DELIVERING if state != "frozen"], "starting", "ended", "disabled")
_DIAGNOSTIC = {"entity_category": "diagnostic"}


def camera_availability(config: Config, name: str) -> List[Dict[str, Any]]:
    """Of what means nothing while no pictures come: the device is there, and the camera delivers."""
    delivers = templates.either(templates.is_among(DELIVERING, "state"), "online", "offline")
    state = f"{config.mqtt.prefix}/{topic_level(config.device)}/cameras/{topic_level(name)}/state"
    return [*device_availability(config), {"topic": state, "value_template": delivers}]


def camera_components(config: Config, name: str, known: Sequence[str]) -> Dict[str, Dict[str, Any]]:
    """The components of a camera by id, with ``availability`` where :func:`camera_availability` is not theirs.

    ``known``: the labels of its models.
    """
    camera = config.cameras[name]
    base = f"{config.mqtt.prefix}/{topic_level(config.device)}"
    place = f"{base}/cameras/{topic_level(name)}"
    always = {"availability": device_availability(config)}
    components = {key: {**component, **always} for key, component in _health(f"{place}/state").items()}
    components.update(_zones(config, name, known))
    components["events"] = {
        "p": "event", "name": "Event", "icon": "mdi:motion-sensor", "qos": 1, **always,
        "state_topic": f"{place}/events/+", "event_types": _types(camera),
        "value_template": templates.event(_types(camera)),
    }  # fmt: skip
    if camera.snapshots.publish and (camera.snapshots.events or "snapshot" in config.mqtt.commands):
        components["snapshot"] = {
            "p": "image", "name": "Last snapshot", "image_topic": f"{place}/snapshot", "content_type": "image/jpeg",
            **always,
        }  # fmt: skip
    command = f"{base}/command/cameras/{topic_level(name)}"
    if {"enable", "disable"} <= set(config.mqtt.commands):
        components["enabled"] = {
            "p": "switch", "name": "Enabled", "icon": "mdi:cctv", "entity_category": "config", **always,
            "command_topic": command, "payload_on": "enable", "payload_off": "disable",
            "state_topic": f"{place}/state", "state_on": "on", "state_off": "off",
            "value_template": templates.among(["disabled"], "off", "on", "state"),
        }  # fmt: skip
    if "snapshot" in config.mqtt.commands:
        components["take_snapshot"] = {
            "p": "button", "name": "Take a snapshot", "icon": "mdi:camera", "command_topic": command,
            "payload_press": "snapshot",
        }  # fmt: skip
    return components


def _health(topic: str) -> Dict[str, Dict[str, Any]]:
    return {
        "connectivity": {
            "p": "binary_sensor", "name": "Connection", "device_class": "connectivity", **_DIAGNOSTIC,
            "state_topic": topic, "value_template": templates.among(DELIVERING, "ON", "OFF", "state"),
        },
        "problem": {
            "p": "binary_sensor", "name": "Problem", "device_class": "problem", **_DIAGNOSTIC, "state_topic": topic,
            "value_template": templates.among(_CALM, "OFF", "ON", "state"),
            # An attribute called state is one that Home Assistant keeps for itself.
            "json_attributes_topic": topic, "json_attributes_template": templates.attributes("reason", status="state"),
        },
    }  # fmt: skip


def _zones(config: Config, camera: str, known: Sequence[str]) -> Dict[str, Dict[str, Any]]:
    components: Dict[str, Dict[str, Any]] = {}
    for zone, told in counted(config.cameras[camera], known).items():
        topics: Dict[Tuple[str, ...], str] = {}
        if told.total:
            topics[zone,] = zone_topic(config.mqtt.prefix, config.device, camera, zone)
        for label in told.labels:
            topics[zone, label] = count_topic(config.mqtt.prefix, config.device, camera, zone, label)
        for names, topic in topics.items():
            if not is_usable(topic):
                continue
            common = {"state_topic": topic, "qos": 1}
            components[safe_id("count", *names)] = {
                "p": "sensor", "name": shown(*names, "count"), "icon": "mdi:counter", "state_class": "measurement",
                **common,
            }  # fmt: skip
            components[safe_id("occupancy", *names)] = {
                "p": "binary_sensor", "name": shown(*names, "occupancy"), "device_class": "occupancy",
                "value_template": templates.OCCUPIED, **common,
            }  # fmt: skip
    return components


def _types(camera: CameraConfig) -> List[str]:
    """The events that this camera can have, and that one acts upon: no ``object.update`` every second, and no counts,
    which are sensors."""
    types = ["object.start", "object.end"]
    if camera.zones:
        types += ["zone.enter", "zone.leave"]
    if any(zone.dwell is not None for zone in camera.zones.values()):
        types.append("zone.dwell")
    if camera.lines:
        types.append("line.cross")
    return types
