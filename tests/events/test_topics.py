"""The table of topics, its page, and the topics and payloads that the code really makes."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence
from unittest.mock import MagicMock

import pytest

from edge.config import Config
from edge.daemon import status
from edge.daemon.outlet import Outlet
from edge.events import topics_page
from edge.events.commands import Command, Refusal, answer, filters
from edge.events.event import count_topic, event_topic
from edge.events.kinds import KINDS
from edge.events.mqtt.message import availability_topic, message_of, snapshot_topic
from edge.events.spool import Entry
from edge.events.topics import FILE, TOPICS
from edge.events.topics_fields import CAMERA_STATE, PAYLOADS, REPLY, STATE, TELEMETRY, Field
from edge.telemetry.reading import Reading
from tests.events.event_samples import full, samples

BASE = {"prefix": "site/edge", "device": "gate-7"}


def fitting(topic: str, **parts: str) -> List[str]:
    return [name for name, known in TOPICS.items() if known.fits(topic, **parts)]


def test_the_page_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == topics_page.text(), "run: python -m edge.events.topics"


def test_the_page_names_every_topic_and_its_links_lead_somewhere() -> None:
    page = topics_page.text()
    headings = [line.lstrip("# ").lower().replace(" ", "-") for line in page.splitlines() if line.startswith("#")]
    for topic in TOPICS.values():
        assert f"| `{topic.pattern}` |" in page
        anchor = topic.payload.partition("(#")[2].partition(")")[0]
        assert not anchor or anchor in headings
    for heading in PAYLOADS:
        assert f"## {heading}\n" in page
    for kind in KINDS:
        assert f"| `{kind}` |" in page


def test_every_topic_is_itself_and_no_other() -> None:
    parts = {**BASE, "camera": "square", "type": "count", "zone": "a/b", "label": "c#", "id": "7", "discovery": "ha"}
    for name, topic in TOPICS.items():
        made = topic.at(**parts)
        assert fitting(made, prefix="site/edge", discovery="ha") == [name], made
        assert topic.fits(made) and not topic.fits(made, prefix="edge", discovery="edge")
        assert not topic.fits(made + "/x", prefix="site/edge", discovery="ha")
    assert TOPICS["count"].at(**parts) == "site/edge/gate-7/cameras/square/counts/a_b/c_"


@pytest.mark.parametrize("kind", KINDS)
def test_events_go_where_the_table_says(kind: str) -> None:
    event = full(samples()[kind])
    name = "camera events" if event.camera else "device events"
    assert fitting(event.topic("edge"), prefix="edge") == [name]
    made = TOPICS[name].at(prefix="edge", device=event.device, camera=event.camera or "", type=kind)
    assert event.topic("edge") == made == event_topic("edge", event.device, event.camera or "", kind)
    assert ("camera" in KINDS[kind].fields) == bool(event.camera)


def test_counts_and_commands_go_where_the_table_says() -> None:
    count = TOPICS["count"].at(**BASE, camera="a+b", zone="door", label="sink/basin")
    assert count == count_topic("site/edge", "gate-7", "a+b", "door", "sink/basin")
    heard = filters("site/edge/gate-7", ["reload", "enable"])
    assert heard == [TOPICS["device command"].at(**BASE), TOPICS["camera command"].at(**BASE, camera="x")[:-1] + "+"]


def test_what_the_publisher_makes_of_pictures_goes_where_the_table_says() -> None:
    assert availability_topic("site/edge", "gate-7") == TOPICS["availability"].at(**BASE)
    entry = Entry(1, "picture", "a+b", "", b'{"event":"018f","file":"x.jpg"}')
    sent = message_of(entry, False, "site/edge", "gate-7", lambda _: b"JPEG")
    assert sent.topic == TOPICS["snapshots"].at(**BASE, camera="a+b", id="018f")
    assert sent.newest == snapshot_topic("site/edge", "gate-7", "a+b") == TOPICS["snapshot"].at(**BASE, camera="a+b")


def test_the_states_go_where_the_table_says(tmp_path: Path) -> None:
    config = Config.model_validate({"device": "gate-7", "mqtt": {"prefix": "site/edge"}})
    outlet = Outlet(config, tmp_path, lambda trouble: None)
    told: List[str] = []
    outlet.publisher.retain = lambda topic, payload, expiry_s=None: told.append(topic)  # type: ignore[method-assign]
    outlet.device_state({})
    outlet.telemetry({})
    outlet.camera_state("a+b", {})
    outlet.publisher.stop(1.0)
    names = ("state", "telemetry", "camera state")
    assert told == [TOPICS[name].at(**BASE, **({"camera": "a+b"} if "camera" in name else {})) for name in names]


def held(told: Iterable[str], known: Sequence[Field]) -> None:
    """Nothing is told that the page does not name, and all is told that it says is always there."""
    names = set(told)
    assert names <= {field.name for field in known}
    assert {field.name for field in known if field.always} <= names


def test_replies_have_the_fields_that_the_page_names() -> None:
    command = Command("snapshot", "gate", "7")
    for payload in (
        answer(command, "now", said={"snapshot": "a.jpg"}),
        answer(command, "now", error="no"),
        answer(Command("reload"), "now", said={"note": "x"}),
        answer(Refusal("what?"), "now"),
    ):
        held(json.loads(payload), REPLY)


def test_telemetry_has_the_fields_that_the_page_names() -> None:
    of_a_reading = {field.name for field in fields(Reading)}
    assert of_a_reading | {"time", "alarms", "governor"} == {field.name for field in TELEMETRY}
    parts: Dict[str, Any] = {field.name: field for field in TELEMETRY}
    for part in ("cpu", "memory"):
        for field in fields(type(getattr(Reading(), part))):
            assert f"`{field.name}`" in parts[part].meaning, field.name


def test_home_assistants_discovery_goes_where_the_table_says() -> None:
    homeassistant = pytest.importorskip("edge.events.homeassistant")
    config = Config.model_validate({
        "device": "gate-7", "homeassistant": {"enabled": True}, "cameras": {"square": {"source": "test://"}},
    })  # fmt: skip
    made = homeassistant.discovery(config, "1", {}, [])
    assert made and all(fitting(topic, prefix="edge") == ["discovery"] for topic in made)
    zone = homeassistant.zone_topic("site/edge", "gate-7", "a+b", "door")
    assert zone == TOPICS["zone count"].at(**BASE, camera="a+b", zone="door")


def test_the_states_have_the_fields_that_the_page_names() -> None:
    held(status.device_state(MagicMock(), "now"), STATE)
    held(status.camera_state(MagicMock(delivering=True), "now"), CAMERA_STATE)
    held(status.camera_state(MagicMock(delivering=False), "now"), CAMERA_STATE)
