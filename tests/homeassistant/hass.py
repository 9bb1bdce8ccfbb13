"""A real Home Assistant core with its MQTT integration, told what to do line by line. Runs on what
scripts/homeassistant_python prints, and knows nothing of this project.

Reads JSON lines from stdin, answers each with one. ``{"do": "states"}``: state and attributes by unique id, with the
entity's id, its name and its device's identifier; ``{"do": "devices"}``; ``{"do": "call", "domain", "service",
"entity"}``; ``{"do": "image", "entity"}``; ``{"do": "log"}``: warnings and errors since the last time; ``{"do":
"check", "payloads"}``: what the discovery schemas say of payloads by topic; ``{"do": "render", "template",
"payload"}``; ``{"do": "stop"}``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any, Dict, List
from unittest.mock import MagicMock

import voluptuous as vol
from homeassistant import bootstrap, config_entries, core, loader
from homeassistant.components import mqtt
from homeassistant.components.mqtt import binary_sensor, button, discovery, event, image, sensor, switch
from homeassistant.components.mqtt.models import MqttValueTemplate, PayloadSentinel
from homeassistant.components.mqtt.schemas import DEVICE_DISCOVERY_SCHEMA
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.helpers.template import Template

_PLATFORMS = {
    "binary_sensor": binary_sensor, "button": button, "event": event, "image": image, "sensor": sensor,
    "switch": switch,
}  # fmt: skip


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")
        if record.exc_info and record.exc_info[1] is not None:
            self.lines[-1] += f" ({record.exc_info[1]!r})"


async def begin(folder: str, port: int) -> core.HomeAssistant:
    """Started; connected to the broker at ``port``, where that is not 0, or to the one that ``folder`` remembers."""
    Path(folder, "configuration.yaml").touch()
    hass = core.HomeAssistant(folder)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    # What the web interface would bring: pictures and uploads come by it.
    hass.http = MagicMock()
    for component in ("http", "file_upload"):
        hass.config.components.add(component)
    await hass.async_start()
    known = hass.config_entries.async_entries("mqtt")
    if known:
        await hass.config_entries.async_setup(known[0].entry_id)
    elif port:
        entry = config_entries.ConfigEntry(
            data={"broker": "127.0.0.1", "port": port}, discovery_keys=MappingProxyType({}), domain="mqtt",
            minor_version=mqtt.const.CONFIG_ENTRY_MINOR_VERSION, options={}, source="user",
            subentries_data=None, title="mqtt", unique_id=None, version=mqtt.const.CONFIG_ENTRY_VERSION,
        )  # fmt: skip
        await hass.config_entries.async_add(entry)
    return hass


def check(payloads: Dict[str, Dict[str, Any]]) -> List[str]:
    """What discovery does with a device's payload, step by step, with what each schema finds wrong."""
    wrong = []
    for topic, payload in payloads.items():
        try:
            if not discovery.TOPIC_MATCHER.match(topic.partition("/")[2]):
                raise vol.Invalid("not a discovery topic")
            device = discovery.MQTTDiscoveryPayload(json.loads(json.dumps(payload)))
            discovery._replace_all_abbreviations(device)
            DEVICE_DISCOVERY_SCHEMA(device)
        except vol.Invalid as error:
            wrong.append(f"{topic}: {error}")
            continue
        for key, config in device["components"].items():
            platform = config.pop("platform")
            if not config:
                continue
            component = discovery.MQTTDiscoveryPayload(config)
            component.update(device=device["device"], origin=device["origin"])
            discovery._merge_common_device_options(component, device)
            try:
                _strictly(_PLATFORMS[platform], component)
            except vol.Invalid as error:
                wrong.append(f"{topic}: {key}: {error}")
    return wrong


def _strictly(platform: Any, component: Dict[str, Any]) -> None:
    known = platform.DISCOVERY_SCHEMA(dict(component))
    left_out = set(component) - set(known)  # which the schema silently takes away
    if left_out:
        raise vol.Invalid(f"unknown: {', '.join(sorted(left_out))}")


def states(hass: core.HomeAssistant) -> Dict[str, Any]:
    devices = device_registry.async_get(hass)
    found = {}
    for entry in entity_registry.async_get(hass).entities.values():
        state, device = hass.states.get(entry.entity_id), devices.async_get(entry.device_id or "")
        found[entry.unique_id] = {
            "entity": entry.entity_id,
            "name": entry.original_name,
            "state": None if state is None else state.state,
            "attributes": {} if state is None else dict(state.attributes),
            "device": next((own for _, own in device.identifiers), None) if device else None,
        }
    return found


def devices(hass: core.HomeAssistant) -> Dict[str, Any]:
    known = device_registry.async_get(hass)
    found = {}
    for device in known.devices.values():
        via = known.async_get(device.via_device_id) if device.via_device_id else None
        found[next(own for _, own in device.identifiers)] = {
            "name": device.name, "area": device.suggested_area, "sw_version": device.sw_version,
            "via": next((own for _, own in via.identifiers), None) if via else None,
        }  # fmt: skip
    return found


async def answer(hass: core.HomeAssistant, log: Log, order: Dict[str, Any]) -> Any:
    what = order["do"]
    if what == "states":
        return states(hass)
    if what == "devices":
        return devices(hass)
    if what == "check":
        return check(order["payloads"])
    if what == "render":
        try:
            template = MqttValueTemplate(Template(order["template"], hass))
            said = template.async_render_with_possible_json_value(order["payload"], PayloadSentinel.DEFAULT)
        except Exception as error:
            return {"error": repr(error)}
        return {"error": "default"} if said is PayloadSentinel.DEFAULT else {"said": said}
    if what == "call":
        await hass.services.async_call(
            order["domain"], order["service"], {"entity_id": order["entity"]}, blocking=True
        )
        return None
    if what == "image":
        said = await hass.data["image"].get_entity(order["entity"]).async_image()
        return None if said is None else said.hex()
    if what == "log":
        lines, log.lines = log.lines, []
        return lines
    raise ValueError(what)


async def main(folder: str, port: int) -> None:
    log = Log()
    logging.getLogger().addHandler(log)
    hass = await begin(folder, port)
    loop = asyncio.get_running_loop()
    print(json.dumps("ready"), flush=True)
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        order = json.loads(line) if line else {"do": "stop"}
        if order["do"] == "stop":
            break
        print(json.dumps(await answer(hass, log, order), default=str), flush=True)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
