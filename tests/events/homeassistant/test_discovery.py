"""What Home Assistant is told, by what there is."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from edge.config import Config
from edge.events.homeassistant import Counted, counted, discovery, present, zeros, zone_topic
from edge.events.homeassistant.labels import FEW, MOST
from tests.homeassistant.samples import COCO, FULL, HOSTILE, PC, SQUARE, TELEMETRY, camera, config, payloads

TOPIC = "homeassistant/device/edge_gate-7_square/config"
BOX = "homeassistant/device/edge_gate-7/config"


def zone(**settings: Any) -> Dict[str, Any]:
    return {"points": SQUARE, **settings}


def one(**settings: Any) -> Config:
    return config({"square": camera(**settings)})


def components(configuration: Config, *known: str) -> Dict[str, Dict[str, Any]]:
    said: Dict[str, Dict[str, Any]] = discovery(configuration, "1", {"square": list(known)}, [])[TOPIC]["cmps"]
    return said


def test_nothing_where_it_is_not_enabled() -> None:
    assert discovery(config({"square": FULL}, homeassistant={"enabled": False}), "1", {}, []) == {}


def test_each_camera_is_a_device_behind_the_box() -> None:
    said = payloads("full")
    assert list(said) == [BOX, TOPIC, "homeassistant/device/edge_gate-7_yard/config"]
    assert said[BOX]["dev"] == {
        "identifiers": ["edge_gate-7"], "name": "Gate box", "manufacturer": "jetson-edge", "model": "Device",
        "sw_version": "1.2.3", "suggested_area": "Yard",
    }  # fmt: skip
    assert said[TOPIC]["dev"]["via_device"] == "edge_gate-7"
    assert said[BOX]["o"] == said[TOPIC]["o"] == {"name": "jetson-edge", "sw_version": "1.2.3"}


def test_ids_depend_on_what_identifies_alone() -> None:
    """Not on the shown name, the discovery prefix, the source, or what the zones look like."""

    def ids(configuration: Config) -> Dict[str, str]:
        return {
            part["unique_id"]: part["p"]
            for payload in discovery(configuration, "1", {}, []).values()
            for part in payload["cmps"].values()
        }

    before = config({"square": camera(zones={"door": zone(objects=["person"])})})
    moved = config(
        {"square": {"source": "rtsp://other/x", "zones": {"door": {"points": SQUARE[::-1], "objects": ["person"]}}}},
        homeassistant={"enabled": True, "name": "Other", "prefix": "ha", "area": "There"},
    )
    assert ids(before) == ids(moved)


def test_another_site_with_the_same_device_is_another_device() -> None:
    sites = [config({}, mqtt={"prefix": prefix}) for prefix in ("edge", "site/edge")]
    topics = [next(iter(discovery(site, "1", {}, []))) for site in sites]
    assert topics[0] == BOX and topics[1].startswith("homeassistant/device/site_edge_gate-7--")


@pytest.mark.parametrize(
    ("settings", "known", "expected"),
    [
        ({"zones": {"door": zone()}}, ["person"], Counted(["person"], False)),
        ({"zones": {"door": zone()}}, ["person", "dog"], Counted(["person", "dog"], True)),
        ({"zones": {"door": zone()}}, COCO, Counted([], True)),
        ({"zones": {"door": zone()}}, COCO[: FEW + 1], Counted([], True)),
        ({"zones": {"door": zone(objects=["dog"])}}, [*COCO, "dog"], Counted(["dog"], False)),
        (
            {"zones": {"door": zone()}, "objects": {"dog": {}, "cat": {}}}, [*COCO, "dog", "cat"],
            Counted(["dog", "cat"], True),
        ),
        (
            {"zones": {"door": zone(objects=["dog", "cow"])}, "objects": {"dog": {}}}, ["dog", "cow"],
            Counted(["dog"], False),
        ),
        ({"zones": {"door": zone(objects=["dog"])}}, [], Counted(["dog"], False)),
        ({"zones": {"door": zone()}}, [], Counted([], True)),
    ],
)  # fmt: skip
def test_labels_that_are_counted(settings: Dict[str, Any], known: Any, expected: Counted) -> None:
    assert counted(one(**settings).cameras["square"], known) == {"door": expected}


def test_a_camera_has_no_more_than_so_many() -> None:
    zones = {f"zone{number}": zone(objects=COCO) for number in range(20)}
    square = one(zones=zones).cameras["square"]
    assert len(zeros(square, COCO)) == MOST
    assert all(told.total for told in counted(square, COCO).values())  # nothing goes without a word


def test_what_is_there_before_anything_was_seen() -> None:
    square = one(zones={"door": zone(objects=["person"]), "yard": zone()}).cameras["square"]
    assert zeros(square, ["person", "dog"]) == {("door", "person"): 0, ("yard", "person"): 0, ("yard", "dog"): 0}


def test_counts_and_occupancy() -> None:
    said = components(one(zones={"door": zone(objects=["person", "dog"])}), "person", "dog")
    count = said["count_door_person"]
    assert (count["name"], count["state_class"]) == ("door person count", "measurement")
    assert count["state_topic"] == "edge/gate-7/cameras/square/counts/door/person"
    assert said["occupancy_door_dog"]["device_class"] == "occupancy"
    assert said["count_door"]["state_topic"] == zone_topic("edge", "gate-7", "square", "door")
    assert "availability" not in count  # the payload's: device and camera


def test_a_label_that_would_cost_the_whole_payload_is_left_out() -> None:
    said = components(one(zones={"door": zone(objects=["person", "x\x85y"])}), "person", "x\x85y")
    assert [key for key in said if key.startswith("count_")] == ["count_door", "count_door_person"]


def test_two_labels_that_look_alike_are_two() -> None:
    said = components(one(zones={"door": zone(objects=["a b", "a_b", "a-b"])}), "a b", "a_b", "a-b")
    assert len([key for key in said if key.startswith("count_door_")]) == 3
    assert len({part["unique_id"] for part in said.values()}) == len(said)


@pytest.mark.parametrize(
    ("snapshots", "commands", "there"),
    [
        ({}, [], False),
        ({"events": ["zone.*"]}, [], True),
        ({}, ["snapshot"], True),
        ({"events": ["zone.*"], "publish": False}, ["snapshot"], False),
    ],
)
def test_a_picture_where_pictures_are_sent(snapshots: Dict[str, Any], commands: Any, there: bool) -> None:
    said = components(config({"square": camera(snapshots=snapshots)}, *commands))
    assert ("snapshot" in said) == there


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ((), set()),
        (("enable",), set()),
        (("enable", "disable"), {"enabled"}),
        (("snapshot",), {"take_snapshot"}),
        (("reload",), set()),
    ],
)
def test_only_what_is_allowed_can_be_pressed(commands: Any, expected: Any) -> None:
    said = components(config({"square": camera()}, *commands))
    assert {key for key, part in said.items() if "command_topic" in part} == expected


def test_event_types_are_those_that_can_be() -> None:
    assert components(one())["events"]["event_types"] == ["object.start", "object.end"]
    assert components(config({"square": FULL}))["events"]["event_types"] == [
        "object.start", "object.end", "zone.enter", "zone.leave", "zone.dwell", "line.cross",
    ]  # fmt: skip


def test_telemetry_that_there_is() -> None:
    jetson = discovery(config({}), "1", {}, present(TELEMETRY))[BOX]["cmps"]
    assert {"temperature_cpu", "temperature_tj", "power_total", "cpu_load", "gpu0_load", "memory"} <= set(jetson)
    assert "power_VDD-IN" not in jetson and not any(key.startswith("power_VDD") for key in jetson)
    pc = discovery(config({}), "1", {}, present(PC))[BOX]["cmps"]
    assert {"gpu0_memory_used_mib", "gpu1_load", "gpu0_decoder_load"} <= set(pc)
    assert "memory" not in pc  # how much there is is not known
    assert len([key for key in pc if key.startswith("temperature_")]) == len(PC["temperatures"])


def test_telemetry_that_is_not_what_it_should_be() -> None:
    for said in ({}, {"gpus": None, "temperatures": 7, "power_mw": [], "cpu": "x", "memory": None}, {"gpus": [7]}):
        assert present(said) == []
    assert discovery(config({}), "1", {}, [("gpus", "x", "load"), ("other",), ("temperatures",), ()])[BOX]["cmps"]


def test_without_telemetry_there_are_no_sensors_of_it() -> None:
    off = config({}, telemetry={"enabled": False})
    assert "throttled" not in discovery(off, "1", {}, present(TELEMETRY))[BOX]["cmps"]


def test_hostile_labels_are_all_there() -> None:
    said = payloads("hostile labels")[TOPIC]["cmps"]
    assert len([key for key in said if key.startswith("count_door_")]) == len(HOSTILE)
