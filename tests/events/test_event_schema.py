from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest

from edge.analytics import happening
from edge.config import PICTURED
from edge.events import schema as event_schema
from edge.events.event import Event
from edge.events.kinds import COMMON, KINDS
from tests.events.event_samples import full, samples

jsonschema = pytest.importorskip("jsonschema")
DOCS = Path(event_schema.FILE).parent


@pytest.fixture(scope="module")
def validator() -> Any:
    document = json.loads(event_schema.FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document, format_checker=jsonschema.FormatChecker())


def test_the_file_is_current() -> None:
    assert event_schema.FILE.read_text(encoding="utf-8") == event_schema.text(), "run: python -m edge.events.schema"


def test_every_kind_of_event_has_a_sample() -> None:
    assert set(samples()) == set(KINDS)
    told = {value for name, value in vars(happening).items() if name.isupper()}
    assert told == {kind for kind in KINDS if not kind.startswith(("camera", "device", "clip", "snapshot"))}


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_is_valid(kind: str, validator: Any) -> None:
    for event in (samples()[kind], full(samples()[kind])):
        validator.validate(json.loads(event.to_json()))


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_belong_is_refused(kind: str, validator: Any) -> None:
    payload = samples()[kind].payload()
    assert not validator.is_valid({**payload, "colour": "red"})
    assert not validator.is_valid({**payload, "type": "object.wobble"})
    assert not validator.is_valid({**payload, "schema": 2})
    assert not validator.is_valid({**payload, "time": "2024-05-04 12:30:00"})
    for name in (*COMMON, *KINDS[kind].fields):
        assert not validator.is_valid({key: value for key, value in payload.items() if key != name}), name
        assert not validator.is_valid({**payload, name: None}), name
    if "object" in payload:
        assert not validator.is_valid({**payload, "object": {**payload["object"], "colour": "red"}})
        assert not validator.is_valid({**payload, "object": {**payload["object"], "box": [0, 0, 1]}})
        assert not validator.is_valid({**payload, "object": {**payload["object"], "score": 1.5}})


def test_no_field_is_without_a_kind() -> None:
    used = {name for kind in KINDS.values() for name in (*COMMON, *kind.fields, *kind.optional)}
    assert used == set(Event.__dataclass_fields__)


def test_everything_is_described() -> None:
    document = event_schema.schema()
    for shape in document["$defs"].values():
        assert all(said.get("description") for said in shape["properties"].values())


def examples() -> List[Dict[str, Any]]:
    text = (DOCS / "events.md").read_text(encoding="utf-8")
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_the_documents_examples_are_what_is_told(validator: Any) -> None:
    found = {example["type"]: example for example in examples()}
    assert list(found) == list(KINDS)
    for kind, event in samples().items():
        validator.validate(found[kind])
        assert found[kind] == json.loads(event.to_json()), kind


def test_the_document_names_every_kind_with_its_meaning() -> None:
    text = (DOCS / "events.md").read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.meaning} |" in text


def test_the_events_a_picture_can_be_wished_of_are_those_that_can_name_one() -> None:
    assert set(PICTURED) == {name for name, kind in KINDS.items() if "snapshot" in kind.optional}
