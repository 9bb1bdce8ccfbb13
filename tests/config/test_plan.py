"""What an edit takes: each field alone against its mark, and cameras and models that come and go."""

import builtins
import copy
import os
from typing import Any, Dict, List, Tuple

import pydantic
import pytest
from typing_extensions import Literal, get_args, get_origin

from edge.config import CameraConfig
from edge.config.plan import Plan, plan
from tests.config.edits import BASE, ZONE, Keys, config, edited, lines
from tests.config.test_marks import FIELDS, models_of

# Tried one after the other, until one is valid for a field and says something new.
VALUES: List[Any] = [
    False, True, 0.25, 20, 2000, "12s", 3, 75, "640x360", "debug", "rtsp://10.0.0.6/stream", "file:other.mp4", "mqtts://other",
    ["cars"], ["people"], [[0.2, 0.2], [0.9, 0.2], [0.9, 0.9]], {"cat": {}}, {"new": {"points": ZONE}}, "other",
    "onnxruntime", "gpu", "fp16",
    ["reload"], ["zone.*"], "5", "crop", "20MB", "2h", "high", "on-motion", "on-activity",
]  # fmt: skip
STEPS = {
    ("cameras", "live"): ("live", "camera"),
    ("cameras", "rebuild-camera"): ("rebuild", "camera"),
    ("models", "live"): ("live", "model"),
    ("models", "reload-engine"): ("reload", "model"),
    ("mqtt", "reconnect-mqtt"): ("reconnect", "mqtt"),
    ("workers", "reload-engine"): ("reload", "workers"),
    ("telemetry", "live"): ("live", "telemetry"),
    ("logging", "live"): ("live", "logging"),
    ("spool", "live"): ("live", "spool"),
    ("evidence", "live"): ("live", "evidence"),
    ("homeassistant", "live"): ("live", "homeassistant"),
}


def sections(section: pydantic.BaseModel, data: Any, keys: Keys = ()) -> List[Tuple[Keys, Any, Any]]:
    """Every section of a configuration: its keys, its model, its data."""
    found: List[Tuple[Keys, Any, Any]] = [(keys, type(section), data or {})]
    for name in type(section).model_fields:
        value = getattr(section, name)
        named = value.items() if isinstance(value, dict) else [((), value)]
        for key, inner in named:
            if isinstance(inner, pydantic.BaseModel):
                here = (name, key) if key else (name,)
                below = (data or {}).get(name) or {}
                found += sections(inner, below.get(key) if key else below, (*keys, *here))
    return found


def other_value(model: Any, data: Dict[str, Any], name: str) -> Any:
    """A value that makes the field ``name``, and it alone, something else; None where there is none."""
    before = model.model_validate(data)
    for value in VALUES:
        try:
            after = model.model_validate({**data, name: value})
        except pydantic.ValidationError:
            continue
        changed = {n for n in model.model_fields if getattr(after, n) != getattr(before, n)}
        if changed - {"mqtt"} == {name}:  # the MQTT client id follows the device
            return value
    return None


def edits() -> List[Any]:
    """(keys, value, mark) of one edit for every field of every section of BASE that can be edited by itself."""
    found = []
    for keys, model, data in sections(config(BASE), BASE):
        for name, info in model.model_fields.items():
            if not keys and name != "device":
                continue  # the other fields of the root are sections
            # A second stage is of a model that is there.
            value = "cars" if (model.__name__, name) == ("BoxesConfig", "of") else other_value(model, data, name)
            if value is not None:
                mark = info.json_schema_extra["apply"]
                found.append(pytest.param((*keys, name), value, mark, model, id=".".join((*keys, name))))
    return found


EDITS = edits()


def test_the_edits_reach_every_field():
    reached = {(edit.values[3].__name__, edit.values[0][-1]) for edit in EDITS}
    left = [key for key in FIELDS if key not in reached]
    containers = [key for key in left if any(models_of(FIELDS[key].annotation))]
    parts = ("mqtt", "spool", "evidence", "homeassistant", "workers", "telemetry", "logging", "models", "cameras")
    assert [name for model, name in containers if model == "Config"] == [*parts]
    assert {key for key in containers if key[0] != "Config"} == {
        ("MqttConfig", "tls"), ("CameraConfig", "snapshots"), ("CameraConfig", "clips"),
        ("CameraConfig", "motion"), ("ModelConfig", "boxes"),
    }  # fmt: skip
    (only,) = (key for key in left if key not in containers)
    assert only == ("CameraConfig", "transport"), "which has one value, so far"
    assert get_origin(FIELDS[only].annotation) is Literal and len(get_args(FIELDS[only].annotation)) == 1


@pytest.mark.parametrize(("keys", "value", "mark", "model"), EDITS)
def test_one_edit_takes_what_the_field_says(keys, value, mark, model):
    (step,) = plan(config(BASE), config(edited(keys, value))).steps
    changed = {change.keys[: len(keys)] for change in step.changes}
    assert changed == {keys}, "nothing else is changed, and what is, is told"
    assert {change.apply for change in step.changes} == {mark}
    if mark == "restart":
        assert (step.op, step.section, step.name) == ("restart", "device", "")
    elif model is CameraConfig and keys[-1] == "enabled":
        assert (step.op, step.section, step.name) == ("enable" if value else "disable", "camera", keys[1])
    else:
        name = keys[1] if keys[0] in ("cameras", "models") else ""
        assert (step.op, step.section, step.name) == (*STEPS[keys[0], mark], name)


@pytest.mark.parametrize("field", sorted(FIELDS), ids=".".join)
def test_a_field_without_a_mark_is_a_bug(field, monkeypatch):
    monkeypatch.setattr(FIELDS[field], "json_schema_extra", None)
    with pytest.raises(LookupError, match=rf"{field[1]} has no apply mark"):
        plan(config(BASE), config(BASE))


def test_transport():
    """The field with one value."""
    new = config(BASE)
    object.__setattr__(new.cameras["gate"], "transport", "udp")
    assert plan(config(BASE), new).lines() == ["~ camera gate: transport tcp → udp (rebuild)"]


def test_the_order_of_steps():
    after = copy.deepcopy(BASE)
    after["mqtt"]["keepalive"] = "1m"
    after["models"].update(people={"spec": "./fastestdet", "min_score": 0.2}, trucks={"spec": "./yolox"})
    del after["models"]["cars"]
    cameras = after["cameras"]
    cameras["off"]["models"], cameras["new"] = ["trucks"], {"source": "test://", "models": ["trucks"]}
    cameras["gate"].update(latency="1s", fps=1)
    cameras["door"] = cameras.pop("clip")
    before = copy.deepcopy(BASE)
    before["cameras"].update(
        x={"source": "test://", "models": ["people"]}, y={"source": "test://", "models": ["people"]}
    )
    steps = plan(config(before), config(after)).steps
    assert [(step.op, step.section, step.name) for step in steps] == [
        ("reconnect", "mqtt", ""),
        ("remove", "camera", "y"),
        ("remove", "camera", "x"),
        ("rename", "camera", "clip"),
        ("add", "model", "trucks"),
        ("live", "model", "people"),
        ("rebuild", "camera", "gate"),
        ("live", "camera", "off"),
        ("remove", "model", "cars"),
        ("add", "camera", "new"),
    ]
    assert [(c.keys[-1], c.apply) for c in steps[6].changes] == [("fps", "live"), ("latency", "rebuild-camera")]


def test_a_restart_is_the_only_step():
    after = edited(("device",), "gate-8")
    after["workers"]["python"] = "/usr/bin/python3"
    after["mqtt"]["keepalive"] = "1m"
    del after["cameras"]["gate"]
    (step,) = plan(config(BASE), config(after)).steps
    assert [change.keys for change in step.changes] == [("device",), ("workers", "python")]


def test_a_camera_under_another_name_is_renamed():
    after = copy.deepcopy(BASE)
    after["cameras"]["yard"] = after["cameras"].pop("gate")
    (step,) = plan(config(BASE), config(after)).steps
    assert (step.op, step.name, step.new_name) == ("rename", "gate", "yard")
    assert step.lines() == ["~ camera gate: renamed to yard (live)"]
    after["cameras"]["yard"]["fps"] = 1
    assert lines(after) == ["- camera gate", "+ camera yard: rtsp://10.0.0.5/stream"], "not alike: not the same"


def test_cameras_that_are_all_alike_are_each_renamed_once():
    before, after = copy.deepcopy(BASE), copy.deepcopy(BASE)
    alike = {"source": "test://", "models": ["people"]}
    before["cameras"] = {"a": alike, "b": alike, "c": alike}
    after["cameras"] = {"y": alike, "x": alike}
    expected = ["- camera c", "~ camera b: renamed to y (live)", "~ camera a: renamed to x (live)"]
    assert lines(after, before) == expected


def test_a_camera_that_is_switched_off_may_change_as_well():
    after = edited(("cameras", "gate", "enabled"), False)
    after["cameras"]["gate"].update(fps=1, loop=False, latency="1s")
    (step,) = plan(config(BASE), config(after)).steps
    assert step.op == "disable"
    expected = ["disabled", "fps 5 → 1 (live)", "latency 200ms → 1s (rebuild)"]
    assert sorted(step.lines()) == sorted(f"~ camera gate: {words}" for words in expected)


def test_order_comments_and_ways_to_write_are_no_change():
    after = {key: BASE[key] for key in reversed(BASE)}
    after["cameras"] = {name: BASE["cameras"][name] for name in reversed(BASE["cameras"])}
    after["cameras"]["off"] = {"source": "test://?rate=15", "latency": "200ms", "models": ["cars"], "enabled": "false"}
    after["mqtt"] = {**BASE["mqtt"], "url": "mqtts://edge:hunter2@broker:8883", "client_id": "edge-gate-7"}
    del after["mqtt"]["username"], after["mqtt"]["password"]
    assert not plan(config(BASE), config(after))


def test_the_only_model_is_every_cameras():
    before = {"device": "a", "models": {"x": {"spec": "x"}}, "cameras": {"c": {"source": "test://"}}}
    after = {**before, "models": {"y": {"spec": "x"}}}
    assert lines(after, before) == ["+ model y: x", "~ camera c: models [x] → [y] (live)", "- model x"]


def test_relative_paths_are_what_they_name(tmp_path):
    here, there = tmp_path / "here" / "edge.yaml", tmp_path / "there" / "edge.yaml"
    same = copy.deepcopy(BASE)
    same["cameras"]["clip"]["source"] = f"file:{tmp_path}/here/clip.mp4"
    same["models"]["people"]["spec"] = "../here/fastestdet"
    same["mqtt"]["tls"] = {"certificate": "../here/edge.pem", "key": f"{tmp_path}/here/edge.key"}
    same["models"]["cars"]["spec"] = str(tmp_path / "here" / "yolox")
    assert not plan(config(BASE, here), config(same, there))
    moved = plan(config(BASE, here), config(BASE, there)).lines()
    assert moved == [
        "! mqtt: tls.certificate changed (reconnect)",
        "! mqtt: tls.key changed (reconnect)",
        f"~ model people: spec {here.parent}/fastestdet → {there.parent}/fastestdet (reload)",
        f"~ model cars: spec {here.parent}/yolox → {there.parent}/yolox (reload)",
        f"~ camera clip: source file:{here.parent}/clip.mp4 → file:{there.parent}/clip.mp4 (rebuild)",
    ]


def test_a_models_name_is_the_folder_beside_the_file_where_there_is_one(tmp_path):
    here, there = tmp_path / "here" / "edge.yaml", tmp_path / "there" / "edge.yaml"
    data = {"device": "a", "models": {"people": {"spec": "person"}}}
    assert not plan(config(data, here), config(data, there))
    (tmp_path / "there" / "models" / "person").mkdir(parents=True)
    (line,) = plan(config(data, here), config(data, there)).lines()
    assert line == f"~ model people: spec person → {tmp_path}/there/models/person (reload)"


def test_a_plan_is_pure(monkeypatch):
    old, new = config(BASE), config(edited(("cameras", "gate", "fps"), 10))
    before = (repr(old.model_dump()), repr(new.model_dump()))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a plan looks at nothing but the two configurations")

    with monkeypatch.context() as patch:
        for module, name in ((builtins, "open"), (os, "stat"), (os, "lstat"), (os, "getcwd"), (os, "listdir")):
            patch.setattr(module, name, refuse)
        first, second = plan(old, new), plan(old, new)
    assert first == second and isinstance(first, Plan) and first
    assert (repr(old.model_dump()), repr(new.model_dump())) == before
