"""The box itself: how it is, and what can be asked of it."""

from __future__ import annotations

from typing import Any, Collection, Dict, List

from edge.config import Config
from edge.events.event import topic_level
from edge.events.homeassistant import templates
from edge.events.homeassistant.fields import Field, sensor

#: A camera's states in which its pictures come.
DELIVERING = ("online", "frozen")
_DIAGNOSTIC = {"entity_category": "diagnostic"}


def device_availability(config: Config) -> List[Dict[str, Any]]:
    return [{"topic": f"{config.mqtt.prefix}/{topic_level(config.device)}/availability"}]


def device_components(config: Config, fields: Collection[Field]) -> Dict[str, Dict[str, Any]]:
    """The components of the device by id. ``fields``: what telemetry has."""
    base = f"{config.mqtt.prefix}/{topic_level(config.device)}"
    components = _state(f"{base}/state")
    if config.telemetry.enabled:
        components.update(_telemetry(f"{base}/telemetry", fields))
    if "reload" in config.mqtt.commands:
        components["reload"] = {
            "p": "button", "name": "Reload configuration", "icon": "mdi:reload", "entity_category": "config",
            "command_topic": f"{base}/command/device", "payload_press": "reload",
        }  # fmt: skip
    return components


def _state(topic: str) -> Dict[str, Dict[str, Any]]:
    return {
        "version": {
            "p": "sensor", "name": "Version", "icon": "mdi:package-variant-closed", **_DIAGNOSTIC,
            "state_topic": topic, "value_template": templates.says("version"),
        },
        "config": {
            "p": "binary_sensor", "name": "Configuration", "device_class": "problem", **_DIAGNOSTIC,
            "state_topic": topic,
            "value_template": templates.among(["rejected"], "ON", "OFF", "config", "state"),
            "json_attributes_topic": topic, "json_attributes_template": templates.part("config"),
        },
        "cameras_online": {
            "p": "sensor", "name": "Cameras online", "icon": "mdi:cctv", "state_class": "measurement", **_DIAGNOSTIC,
            "state_topic": topic, "value_template": templates.total(DELIVERING, "cameras"),
            "json_attributes_topic": topic, "json_attributes_template": templates.part("cameras"),
        },
        "inference": {
            "p": "sensor", "name": "Inference", "icon": "mdi:brain", **_DIAGNOSTIC,
            "state_topic": topic, "value_template": templates.says("inference", "state"),
            "json_attributes_topic": topic, "json_attributes_template": templates.attributes("inference", "models"),
        },
        "events_waiting": {
            "p": "sensor", "name": "Events waiting", "icon": "mdi:tray-full", "state_class": "measurement",
            **_DIAGNOSTIC, "state_topic": topic, "value_template": templates.says("spool", "waiting"),
        },
        "event_store": {
            "p": "binary_sensor", "name": "Event store", "device_class": "problem", **_DIAGNOSTIC,
            "state_topic": topic,
            "value_template": templates.among(["ok"], "OFF", "ON", "spool", "state"),
            "json_attributes_topic": topic, "json_attributes_template": templates.part("spool"),
        },
    }  # fmt: skip


def _telemetry(topic: str, fields: Collection[Field]) -> Dict[str, Dict[str, Any]]:
    components = {
        alarm: {
            "p": "binary_sensor", "name": alarm.capitalize(), "device_class": "problem", **_DIAGNOSTIC,
            "state_topic": topic, "value_template": templates.either(templates.holds(alarm, "alarms"), "ON", "OFF"),
            "json_attributes_topic": topic, "json_attributes_template": templates.attributes("throttling", "governor"),
        }
        for alarm in ("overheated", "throttled")
    }  # fmt: skip
    for found in map(sensor, sorted(fields)):
        if found is not None:
            common = {"p": "sensor", "state_class": "measurement", "state_topic": topic, **_DIAGNOSTIC}
            components[found.id] = {**common, **found.component}
    return components
