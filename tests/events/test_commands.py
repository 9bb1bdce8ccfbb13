"""Commands by MQTT, as they are judged: of any bytes comes a command exactly as it is known, a refusal, or nothing."""

from __future__ import annotations

import json
import random
from typing import Any, List, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.events.commands import CAMERA, DEVICE, MAX_ID, Command, Refusal, answer, filters, parse
from tests.events.hostile import NAMES, payloads

ALL = (*DEVICE, *CAMERA)
CAMERAS = {"gate": None, "yard": None}
MOST = 2500  # bytes of an answer


def judge(tail: str, payload: Union[str, bytes], allowed: Any = ALL, retained: bool = False) -> Any:
    said = payload.encode() if isinstance(payload, str) else payload
    return parse(tail, said, retained, allowed, CAMERAS)


@pytest.mark.parametrize("word", CAMERA)
def test_every_command_of_a_camera(word: str) -> None:
    assert judge("cameras/gate", word) == Command(word, "gate")
    said = json.dumps({"command": word, "id": "7 <b>"})
    assert judge("cameras/gate", said) == Command(word, "gate", "7 <b>")
    assert judge("cameras/gate", " " + said + "\n") == Command(word, "gate", "7 <b>")


def test_the_devices_command() -> None:
    assert judge("device", "reload") == Command("reload")
    assert judge("device", '{"id": "ä", "command": "reload"}') == Command("reload", "", "ä")


@pytest.mark.parametrize(
    ("tail", "payload", "error"),
    [
        ("cameras/gate", "wobble", "'wobble' is no command; here there are: enable, disable, snapshot"),
        ("cameras/gate", "reload", "reload is for the device; here there are: enable, disable, snapshot"),
        ("device", "enable", "enable is for a camera; here there are: reload"),
        ("device", " reload", "' reload' is no command; here there are: reload"),
        ("device", "reload\n", "'reload?' is no command; here there are: reload"),
        ("device", "RELOAD", "'RELOAD' is no command; here there are: reload"),
        ("cameras/shed", "enable", "no camera is called 'shed'"),
        ("cameras/../../x", "enable", "no camera is called '../../x'"),
        ("cameras/+", "enable", "no camera is called '+'"),
        ("cameras/" + 80 * "x", "enable", f"no camera is called '{39 * 'x'}…'"),
        ("cameras/\x1b[2J", "enable", "no camera is called '?[2J'"),
        ("cameras", "enable", "commands are taken at command/device and at command/cameras/<camera>"),
        ("cameras/", "enable", "commands are taken at command/device and at command/cameras/<camera>"),
        ("device/gate", "reload", "commands are taken at command/device and at command/cameras/<camera>"),
        ("", "reload", "commands are taken at command/device and at command/cameras/<camera>"),
        ("reply", "reload", "commands are taken at command/device and at command/cameras/<camera>"),
        ("device", b"\xff\xfe", "not UTF-8"),
        ("device", b"reload" + bytes(5000), "longer than 4096 bytes"),
        ("device", "{", 'neither a word nor JSON such as {"command": "reload", "id": "7"}'),
        ("device", '{"command": "reload", "command": "reload"}', "neither a word nor JSON such as"),
        ("device", 800 * '{"a":', "neither a word nor JSON such as"),
        ("device", '{"command": ["reload"]}', "command is a word"),
        ("device", '{"id": "7"}', "command is a word"),
        ("device", '{"command": "reload", "id": 7}', f"id is text of at most {MAX_ID} characters that can be printed"),
        ("device", '{"command": "reload", "id": "' + 129 * "x" + '"}', f"id is text of at most {MAX_ID} characters"),
        ("device", '{"command": "reload", "id": "a\\u0000"}', "id is text of at most"),
        ("device", '{"command": "reload", "id": "\\ud800"}', "id is text of at most"),
        ("device", '{"command": "reload", "now": true}', "'now' is no key; there are: command, id"),
    ],
)
def test_what_is_wrong_is_told(tail: str, payload: Union[str, bytes], error: str) -> None:
    refusal = judge(tail, payload)
    assert isinstance(refusal, Refusal)
    assert refusal.error.startswith(error)


def test_what_is_not_allowed_is_refused_and_answered_by_its_id() -> None:
    refusal = judge("cameras/gate", '{"command": "enable", "id": "7"}', allowed=("snapshot",))
    assert refusal == Refusal("enable is not among mqtt.commands of the configuration", "enable", "gate", "7")
    assert json.loads(answer(refusal, "2024-05-04T12:30:00.000Z")) == {
        "id": "7", "command": "enable", "camera": "gate", "ok": False, "time": "2024-05-04T12:30:00.000Z",
        "error": "enable is not among mqtt.commands of the configuration",
    }  # fmt: skip
    assert isinstance(judge("device", "reload", allowed=()), Refusal)


def test_an_unknown_camera_is_not_told_from_a_known_one_by_who_may_not_command() -> None:
    assert "mqtt.commands" in judge("cameras/shed", "enable", allowed=()).error


def test_retained_and_empty_ones_are_not_answered() -> None:
    assert judge("device", "reload", retained=True) is None
    assert judge("device", "") is None
    assert judge("x", b"\xff", retained=True) is None


def test_answers() -> None:
    command = Command("snapshot", "gate", "7")
    done = json.loads(answer(command, "now", said={"snapshot": "gate/a.jpg"}))
    assert done == {
        "id": "7", "command": "snapshot", "camera": "gate", "ok": True, "snapshot": "gate/a.jpg", "time": "now",
    }  # fmt: skip
    assert json.loads(answer(Command("reload"), "now")) == {"command": "reload", "ok": True, "time": "now"}
    failed = json.loads(answer(command, "now", error=9999 * "x"))
    assert failed["ok"] is False and len(failed["error"]) == 500


def test_what_is_subscribed_to() -> None:
    assert filters("edge/gate-7", []) == []
    assert filters("edge/gate-7", ["reload"]) == ["edge/gate-7/command/device"]
    assert filters("edge/gate-7", ["enable"]) == ["edge/gate-7/command/cameras/+"]
    assert filters("edge/gate-7", ALL) == ["edge/gate-7/command/device", "edge/gate-7/command/cameras/+"]


def check(tail: str, payload: bytes) -> None:
    """A command exactly as it is known, or a bounded answer that is JSON."""
    said = parse(tail, payload, False, ALL, CAMERAS)
    if isinstance(said, Command):
        level, _, camera = tail.partition("/")
        assert said.word in (CAMERA if level == "cameras" else DEVICE)
        assert said.camera == camera and (camera in CAMERAS or level == "device")
        if payload != said.word.encode():
            given = json.loads(payload)
            assert given["command"] == said.word and set(given) <= {"command", "id"}
            assert said.id == given.get("id", "")
    elif said is not None:
        reply = answer(said, "2024-05-04T12:30:00.000Z")
        assert len(reply) <= MOST and b"\0" not in reply and b"\x1b" not in reply
        assert json.loads(reply)["ok"] is False
        assert said.camera in ("", *CAMERAS) and said.word in ("", *ALL)


def test_ten_thousand_hostile_payloads_on_every_topic() -> None:
    rng = random.Random(20240504)
    tails: List[str] = ["device", *(f"cameras/{name}" for name in ("gate", *NAMES)), "x", "cameras/gate/x"]
    for payload in payloads(rng, 10_000):
        check(rng.choice(tails), payload)
        check("device", payload)
        check("cameras/gate", payload)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200), st.binary(max_size=300))
def test_any_topic_and_bytes(tail: str, payload: bytes) -> None:
    check(tail, payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ALL),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["command", "id", "x"]), inner),
    max_leaves=10,
)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(["device", "cameras/gate", "cameras/x"]), JSON)
def test_any_json(tail: str, said: Any) -> None:
    check(tail, json.dumps(said).encode("utf-8", "replace"))
