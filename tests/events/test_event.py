from __future__ import annotations

import json

import pytest

from edge.analytics import Happening
from edge.events.event import Event, count_topic, topic_level
from tests.events.event_samples import BOOT, factory, facts, samples


def test_an_object_event() -> None:
    assert samples()["zone.leave"].payload() == {
        "schema": 1,
        "id": "018f435f-c3c0-7000-8000-000000000005",
        "type": "zone.leave",
        "device": "gate-7",
        "camera": "square",
        "time": "2024-05-04T12:30:09.000Z",
        "seq": 5,
        "boot_id": BOOT,
        "model": "people",
        "object": {
            "id": 17,
            "label": "person",
            "score": 0.731,
            "best_score": 0.812,
            "box": [0.4123, 0.5, 0.46, 0.71],
            "box_px": [528, 360, 589, 511],
            "speed": [-0.0312, 0.0041],
            "age_s": 4.2,
            "zones": ["gate"],
        },
        "zone": "gate",
        "reason": "lost",
        "latency_ms": {
            "decode": 6.21,
            "wait": 18.9,
            "prepare": 0.61,
            "infer": 8.93,
            "outputs": 0.21,
            "events": 0.34,
            "total": 36.4,
        },
        "replayed": False,
    }


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    assert set(samples()["device.start"].payload()) == {
        "schema", "id", "type", "device", "time", "seq", "boot_id", "replayed",
    }  # fmt: skip
    assert "latency_ms" not in factory().make("square", Happening("count", 1.0, zone="z", label="l", count=0)).payload()


@pytest.mark.parametrize("kind", sorted(samples()))
def test_the_bytes_are_the_payload(kind: str) -> None:
    event = samples()[kind]
    data = event.to_json()
    assert json.loads(data) == event.payload()
    assert b"\n" not in data and b": " not in data


def test_a_count_of_none_is_said() -> None:
    event = factory().make("square", Happening("count", 1.0, zone="gate", label="person", count=0))
    assert event.payload()["count"] == 0
    assert event.retained("edge") == ("edge/gate-7/cameras/square/counts/gate/person", b"0")


def test_text_of_any_kind() -> None:
    event = factory().make("square", Happening("count", 1.0, zone="Tür \u2192", label="a\ud800b", count=1))
    assert json.loads(event.to_json().decode("utf-8"))["zone"] == "Tür \u2192"


def test_topics() -> None:
    found = {kind: event.topic("edge") for kind, event in samples().items()}
    assert found["zone.enter"] == "edge/gate-7/cameras/square/events/zone.enter"
    assert found["count"] == "edge/gate-7/cameras/square/events/count"
    assert found["camera.offline"] == "edge/gate-7/cameras/square/events/camera.offline"
    assert found["device.start"] == "edge/gate-7/events/device.start"
    assert [kind for kind, event in samples().items() if event.retained("edge")] == ["count"]


def test_names_do_not_make_levels() -> None:
    assert topic_level("a/b+c#d\0e f") == "a_b_c_d_e f"
    assert count_topic("site/edge", "d", "c", "z", "sink/basin") == "site/edge/d/cameras/c/counts/z/sink_basin"


def test_events_are_values() -> None:
    assert samples()["count"] == samples()["count"]
    with pytest.raises(AttributeError):
        samples()["count"].seq = 3  # type: ignore[misc]
    assert isinstance(samples()["count"], Event)
    assert facts().label == "person"
