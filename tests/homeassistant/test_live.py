"""A real Home Assistant core, a real broker, and what edge.daemon.homeassistant tells them."""

from __future__ import annotations

from scripts.servers import wait_until
from tests.homeassistant import samples
from tests.homeassistant.conftest import Core
from tests.homeassistant.live_side import BOX, JPEG, SQUARE, Box, full
from tests.support.collector import Collector


def test_everything_is_there_with_its_state(box: Box, core: Core) -> None:
    box.told.telemetry(samples.TELEMETRY)
    box.change(full(homeassistant={"enabled": True, "name": "Gate box", "area": "Yard"}))
    box.device.count("square", "door/person", 0)
    core.wait_state(f"{SQUARE}.occupancy_door_person", "off")
    expected = {
        f"{BOX}.version": "1.2.3", f"{BOX}.config": "off", f"{BOX}.cameras_online": "2", f"{BOX}.inference": "running",
        f"{BOX}.events_waiting": "7", f"{BOX}.event_store": "off", f"{BOX}.overheated": "off", f"{BOX}.throttled": "on",
        f"{BOX}.temperature_gpu": "86.9", f"{BOX}.cpu_load": "31.2", f"{BOX}.gpu0_load": "87.4",
        f"{BOX}.memory": "44.5", f"{BOX}.power_total": "9.82", f"{BOX}.reload": "unknown",
        f"{SQUARE}.connectivity": "on", f"{SQUARE}.problem": "off", f"{SQUARE}.count_door_person": "0",
        f"{SQUARE}.enabled": "on", f"{SQUARE}.events": "unknown", f"{SQUARE}.snapshot": "unknown",
        f"{SQUARE}.take_snapshot": "unknown",
    }  # fmt: skip
    for unique_id, state in expected.items():
        core.wait_state(unique_id, state)
    states = core.ask("states")
    assert states[f"{BOX}.temperature_gpu"]["attributes"]["unit_of_measurement"] == "°C"
    assert states[f"{BOX}.throttled"]["attributes"]["throttling"] == ["gpu-throttle-alert 1 of 1"]
    assert states[f"{SQUARE}.occupancy_door_person"]["entity"] == "binary_sensor.square_door_person_occupancy"
    assert core.ask("devices") == {
        BOX: {"name": "Gate box", "area": "Yard", "sw_version": "1.2.3", "via": None},
        SQUARE: {"name": "square", "area": None, "sw_version": None, "via": BOX},
    }
    assert core.complaints() == []


def test_states_follow(box: Box, core: Core) -> None:
    box.change(full())
    box.device.count("square", "door/person", 3)
    box.device.count("square", "yard", 4)
    core.wait_state(f"{SQUARE}.count_door_person", "3")
    core.wait_state(f"{SQUARE}.occupancy_door_person", "on")
    core.wait_state(f"{SQUARE}.count_yard", "4")
    box.device.count("square", "door/person", 0)
    core.wait_state(f"{SQUARE}.count_door_person", "0")
    core.wait_state(f"{SQUARE}.occupancy_door_person", "off")
    # The camera is away: what it sees is not known, that it is away is.
    box.device.camera("square", "unauthorized", "wrong user or password")
    core.wait_state(f"{SQUARE}.count_door_person", "unavailable")
    core.wait_state(f"{SQUARE}.connectivity", "off")
    problem = core.wait_state(f"{SQUARE}.problem", "on")
    assert problem["attributes"]["status"] == "unauthorized"
    assert problem["attributes"]["reason"] == "wrong user or password"
    box.device.camera("square", "frozen", "the same picture for 30 s")
    core.wait_state(f"{SQUARE}.connectivity", "on")
    core.wait_state(f"{SQUARE}.count_door_person", "0")
    core.wait_state(f"{SQUARE}.problem", "on")
    box.device.camera("square", "disabled")
    core.wait_state(f"{SQUARE}.enabled", "off")
    core.wait_state(f"{SQUARE}.problem", "off")
    # The device is away, and with it all.
    box.device.available("offline")
    for key in ("count_door_person", "connectivity", "problem", "enabled", "events"):
        core.wait_state(f"{SQUARE}.{key}", "unavailable")
    core.wait_state(f"{BOX}.version", "unavailable")
    box.device.available()
    core.wait_state(f"{SQUARE}.connectivity", "off")
    assert core.complaints() == []


def test_events_and_pictures(box: Box, core: Core) -> None:
    box.change(full())
    core.wait_state(f"{SQUARE}.events", "unknown")
    label = {"label": "{{ 7*7 }} <b>"}
    box.device.event("square", "zone.enter", zone="door", object=label, replayed=True)
    box.device.event("square", "object.update", object=label)
    box.device.event("square", "zone.enter", zone="yard", object=label)
    wait_until(lambda: core.entity(f"{SQUARE}.events")["attributes"].get("zone"), what="an event")
    seen = core.entity(f"{SQUARE}.events")
    assert seen["attributes"]["event_type"] == "zone.enter"
    assert seen["attributes"]["zone"] == "yard"  # the first was an old one
    assert seen["attributes"]["label"] == "{{ 7*7 }} <b>"
    box.publisher.retain("edge/gate-7/cameras/square/snapshot", JPEG)
    picture = wait_until(lambda: core.ask("image", entity=core.entity(f"{SQUARE}.snapshot")["entity"]))
    assert bytes.fromhex(picture) == JPEG
    assert core.complaints() == []


def test_commands(box: Box, core: Core, mqtt_client: Collector) -> None:
    box.change(full())
    core.wait_state(f"{SQUARE}.enabled", "on")
    core.wait_state(f"{SQUARE}.take_snapshot", "unknown")
    core.wait_state(f"{BOX}.reload", "unknown")
    for domain, service, unique_id, topic, word in (
        ("switch", "turn_off", f"{SQUARE}.enabled", "cameras/square", "disable"),
        ("switch", "turn_on", f"{SQUARE}.enabled", "cameras/square", "enable"),
        ("button", "press", f"{SQUARE}.take_snapshot", "cameras/square", "snapshot"),
        ("button", "press", f"{BOX}.reload", "device", "reload"),
    ):
        core.ask("call", domain=domain, service=service, entity=core.entity(unique_id)["entity"])
        message = mqtt_client.wait_topic(f"edge/gate-7/command/{topic}", word)
        assert not message.retain
    assert core.complaints() == []


def test_without_commands_there_is_nothing_to_press(box: Box, core: Core) -> None:
    box.change(samples.config({"square": samples.FULL}))
    core.wait_state(f"{SQUARE}.connectivity", "on")
    entities = {state["entity"].partition(".")[0] for state in core.ask("states").values()}
    assert entities == {"binary_sensor", "sensor", "event", "image"}


def test_names_are_shown_as_they_are(box: Box, core: Core) -> None:
    names = samples.HOSTILE
    box.labels = {"people": names}
    zones = {"door": {"points": samples.SQUARE, "objects": names}}
    box.change(samples.config({"square": samples.camera(zones=zones)}))
    wait_until(lambda: len(core.ask("states")) == 6 + 2 + 3 + 2 * len(names) + 2, what="all are there")
    shown = {state["name"] for state in core.ask("states").values()}
    for name in names:
        if len(name) < 60:
            assert f"door {name} count" in shown
    assert core.complaints() == []
