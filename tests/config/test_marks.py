"""What every field must say of itself, and the files that are made from it."""

import json
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple, Type

import jsonschema
import pydantic
import pytest
import yaml
from typing_extensions import Annotated, get_args

from edge.config import APPLY, Config, load
from edge.config.schema import schema_text
from tests.config.test_load import EXAMPLE

CONFIGS = Path(__file__).parents[2] / "configs"
KEPT = (CONFIGS / "edge.yaml").read_text(encoding="utf-8")


def models_of(annotation: Any) -> Iterator[Type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_of(argument)


def fields_of(model: Type[pydantic.BaseModel]) -> Dict[Tuple[str, str], Any]:
    found = {(model.__name__, name): info for name, info in model.model_fields.items()}
    for info in model.model_fields.values():
        for inner in models_of(info.annotation):
            found.update(fields_of(inner))
    return found


FIELDS = fields_of(Config)


def test_the_walk_reaches_every_section():
    assert {model for model, _ in FIELDS} == {
        "BoxesConfig",
        "CameraConfig",
        "ClipConfig",
        "Config",
        "EvidenceConfig",
        "HomeAssistantConfig",
        "LineConfig",
        "LoggingConfig",
        "MaskConfig",
        "ModelConfig",
        "MotionConfig",
        "MqttConfig",
        "ObjectConfig",
        "SnapshotConfig",
        "SpoolConfig",
        "TelemetryConfig",
        "TlsConfig",
        "WorkersConfig",
        "ZoneConfig",
    }
    assert list(models_of(Annotated[Dict[str, Config], "x"])) == [Config]


@pytest.mark.parametrize("field", sorted(FIELDS), ids=".".join)
def test_every_field_says_what_it_is_and_what_an_edit_takes(field):
    info = FIELDS[field]
    assert info.description
    assert isinstance(info.json_schema_extra, dict)
    assert info.json_schema_extra.get("apply") in APPLY


def test_unknown_keys_are_refused_everywhere():
    for model in {*models_of(Config), *(m for info in FIELDS.values() for m in models_of(info.annotation))}:
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["hide_input_in_errors"]


def test_the_schema_is_current():
    kept = (CONFIGS / "edge.schema.json").read_text(encoding="utf-8")
    assert kept == schema_text(), "run: python -m edge.config.schema > configs/edge.schema.json"


@pytest.mark.parametrize("text", [KEPT, EXAMPLE], ids=["kept", "example"])
def test_examples_fit_the_schema(text):
    jsonschema.Draft202012Validator(yaml_schema()).validate(yaml.safe_load(text))


def test_the_schema_refuses_what_is_wrong():
    validator = jsonschema.Draft202012Validator(yaml_schema())
    for wrong in ("fps: 100", "fps: fast", "latency: 5 years", "zones: {a b: {points: []}}", "foo: 1", "size: big"):
        data = yaml.safe_load(f"device: a\ncameras: {{c: {{source: 'test://', {wrong}}}}}")
        assert not validator.is_valid(data), wrong


def test_the_example_is_valid_and_names_every_field():
    config = load(CONFIGS / "edge.yaml", {})
    assert config.cameras
    assert not [name for _, name in FIELDS if f"{name}:" not in KEPT]


def test_the_example_shows_the_defaults():
    config = load(CONFIGS / "edge.yaml", {})
    square = config.cameras["square"]
    others = (config.workers, config.telemetry, config.logging, config.spool, config.evidence, config.homeassistant)
    for section, kept in ((config.mqtt, {"client_id"}), *((section, set()) for section in others)):
        assert section.model_dump(exclude=kept) == type(section)().model_dump(exclude=kept)
    own = {"source", "models", "objects", "zones", "lines", "masks", "motion", "snapshots", "clips"}
    for name, info in type(square).model_fields.items():
        assert name in own or getattr(square, name) == info.default
    assert square.motion.model_dump(exclude={"masks"}) == type(square.motion)().model_dump(exclude={"masks"})
    for shown in (square.snapshots, square.clips):
        assert shown.events
        assert shown.model_dump(exclude={"events"}) == type(shown)().model_dump(exclude={"events"})


def yaml_schema() -> Dict[str, Any]:
    return json.loads((CONFIGS / "edge.schema.json").read_text(encoding="utf-8"))
