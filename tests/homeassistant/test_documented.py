"""The payloads against a schema of our own, written from Home Assistant's documentation: on every machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator

import jsonschema
import pytest

from edge.events.homeassistant import is_config_topic, removal_stubs
from tests.homeassistant import samples

SCHEMA = json.loads(Path(__file__).with_name("discovery.schema.json").read_text())


@pytest.mark.parametrize("name", samples.configurations())
def test_payloads_are_as_documented(name: str) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for topic, payload in samples.payloads(name).items():
        assert is_config_topic(topic)
        validator.validate(json.loads(json.dumps(payload)))
        payload["cmps"].update(removal_stubs({"count_door_dog": "sensor"}))
        validator.validate(json.loads(json.dumps(payload)))


@pytest.mark.parametrize("name", samples.configurations())
def test_ids_are_given_once(name: str) -> None:
    payloads = samples.payloads(name)
    ids = [part["unique_id"] for payload in payloads.values() for part in payload["cmps"].values()]
    assert len(ids) == len(set(ids))
    assert len({payload["dev"]["identifiers"][0] for payload in payloads.values()}) == len(payloads)


def templates(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for key, inner in told.items():
            if key.endswith("template"):
                yield inner
            else:
                yield from templates(inner)
    elif isinstance(told, list):
        for inner in told:
            yield from templates(inner)


def test_no_label_is_in_a_template() -> None:
    plain, hostile = (samples.payloads(name) for name in ("plain", "hostile labels"))
    topic = "homeassistant/device/edge_gate-7_square/config"
    count = samples.payloads("full")[topic]["cmps"]
    known = {*templates(plain[topic]), *templates(count)}
    assert set(templates({k: c for k, c in hostile[topic]["cmps"].items() if k != "events"})) <= known


def test_what_else_is_named_is_a_literal() -> None:
    """Sensors' names, which come from the kernel or from jtop, are keys in quotes with nothing but codes in them."""
    for payload in samples.payloads("hostile labels").values():
        for template in templates(payload):
            for literal in re.findall(r'"([^"]*)"', template):
                assert re.fullmatch(r"(\\U[0-9a-f]{8}|[A-Za-z0-9_.-])*", literal), literal


def test_a_payload_has_a_size_that_brokers_take() -> None:
    sizes: Dict[str, int] = {
        topic: len(json.dumps(payload)) for topic, payload in samples.payloads("many").items()
    }
    assert max(sizes.values()) < 256 * 1024
