"""The payloads against Home Assistant's own schemas, and what its templates make of messages."""

from __future__ import annotations

import json
from typing import Any, Dict

import pytest

from edge.events.homeassistant import templates
from tests.homeassistant import samples
from tests.homeassistant.conftest import Core
from tests.homeassistant.test_documented import templates as all_templates


@pytest.mark.parametrize("name", samples.configurations())
def test_home_assistant_takes_every_payload(schemas: Core, name: str) -> None:
    assert schemas.ask("check", payloads=samples.payloads(name)) == []


@pytest.mark.parametrize(
    ("key", "change", "said"),
    [
        ("connectivity", {"device_class": "connection"}, "device_class"),
        ("connectivity", {"state_topic": "edge/#/state"}, "state_topic"),
        ("connectivity", {"value_template": "{{ value"}, "template"),
        ("connectivity", {"payload": "x"}, "unknown: payload"),
        ("connectivity", {"icon": "eye"}, "icon"),
        ("events", {"event_types": [None]}, "event_types"),
    ],
)
def test_it_would_notice(schemas: Core, key: str, change: Dict[str, Any], said: str) -> None:
    payloads = samples.payloads("plain")
    payloads["homeassistant/device/edge_gate-7_square/config"]["cmps"][key].update(change)
    wrong = schemas.ask("check", payloads=payloads)
    assert len(wrong) == 1 and said in wrong[0]


def render(schemas: Core, template: str, payload: Any) -> str:
    told = payload if isinstance(payload, str) else json.dumps(payload)
    answer = schemas.ask("render", template=template, payload=told)
    assert "error" not in answer, (answer, template)
    said: str = answer["said"]
    return said


@pytest.mark.parametrize("name", ["full", "hostile labels", "coco"])
def test_no_message_breaks_a_template(schemas: Core, name: str) -> None:
    messages = ["", "[]", "{}", "null", '"x"', "7", "nonsense {{ 7*7 }}", json.dumps(samples.PC), '{"state": {}}']
    found = {template for payload in samples.payloads(name).values() for template in all_templates(payload)}
    for template in found:
        for message in messages:
            assert "49" not in render(schemas, template, message)
    assert schemas.complaints() == []


def test_telemetry(schemas: Core) -> None:
    said = samples.TELEMETRY
    for template, expected in {
        templates.says("temperatures", "cpu"): "84.2",
        templates.says("temperatures", "cv0"): "None",
        templates.says("gpus", 0, "load"): "87.4",
        templates.says("gpus", 1, "load"): "None",
        templates.scaled(0.001, 3, "power_mw", "total"): "9.82",
        templates.percent(("memory", "used_mib"), ("memory", "total_mib")): "44.5",
        templates.either(templates.holds("throttled", "alarms"), "ON", "OFF"): "ON",
        templates.either(templates.holds("overheated", "alarms"), "ON", "OFF"): "OFF",
    }.items():
        assert render(schemas, template, said) == expected


def test_a_sensor_is_found_by_whatever_name_it_has(schemas: Core) -> None:
    for name, degrees in samples.PC["temperatures"].items():
        assert render(schemas, templates.says("temperatures", name), samples.PC) == str(degrees)


def test_counts(schemas: Core) -> None:
    said = [render(schemas, templates.OCCUPIED, value) for value in ("3", "0", "", "x")]
    assert said == ["ON", "OFF", "None", "None"]
    states = {"cameras": {"online": 3, "frozen": 1, "stalled": 2}}
    assert render(schemas, templates.total(("online", "frozen"), "cameras"), states) == "4"


def test_events(schemas: Core) -> None:
    template = templates.event(["zone.enter"])
    event = {
        "type": "zone.enter", "replayed": False, "zone": "door", "object": {"label": "{{ 7*7 }} <b>"}, "id": "1",
        "time": "2024-05-04T12:30:01.200Z", "latency_ms": {"total": 3.0},
    }  # fmt: skip
    assert json.loads(render(schemas, template, event)) == {
        "event_type": "zone.enter", "zone": "door", "label": "{{ 7*7 }} <b>", "id": "1",
        "time": "2024-05-04T12:30:01.200Z",
    }  # fmt: skip
    assert render(schemas, template, {**event, "replayed": True}) == ""
    assert render(schemas, template, {**event, "type": "object.update"}) == ""
