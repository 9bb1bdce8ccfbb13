"""What goes and comes back, as a real Home Assistant core sees it."""

from __future__ import annotations

from typing import Callable

from scripts.servers import Broker, wait_until
from tests.homeassistant import samples
from tests.homeassistant.broker_side import Direct
from tests.homeassistant.conftest import Core
from tests.homeassistant.live_side import BOX, COMMANDS, SQUARE, Box, full
from tests.support.collector import Collector


def test_a_camera_that_goes_takes_all_with_it(box: Box, core: Core) -> None:
    box.change(full("square", "yard"))
    box.device.camera("yard", "online")
    core.wait_state("edge_gate-7_yard.connectivity", "on")
    box.change(full("square"))
    core.wait_state("edge_gate-7_yard.connectivity", None)
    wait_until(lambda: set(core.ask("devices")) == {BOX, SQUARE}, what="the device is gone too")
    assert not [unique_id for unique_id in core.ask("states") if "yard." in unique_id]
    box.settle()
    core.wait_state(f"{SQUARE}.connectivity", "on")
    assert core.complaints() == []


def test_a_camera_whose_topics_are_emptied_first_has_no_problem(box: Box, core: Core) -> None:
    box.change(full())
    box.device.count("square", "door/person", 2)
    core.wait_state(f"{SQUARE}.occupancy_door_person", "on")
    box.publisher.retain("edge/gate-7/cameras/square/counts/door/person", b"")
    box.publisher.retain("edge/gate-7/cameras/square/state", b"")
    box.publisher.retain("edge/gate-7/cameras/square/snapshot", b"")
    core.wait_state(f"{SQUARE}.problem", "unknown")
    core.wait_state(f"{SQUARE}.connectivity", "unknown")
    core.wait_state(f"{SQUARE}.enabled", "unknown")
    core.wait_state(f"{SQUARE}.occupancy_door_person", "unavailable")
    box.device.telemetry({})
    box.publisher.retain("edge/gate-7/telemetry", b"")
    core.wait_state(f"{BOX}.throttled", "off")
    assert core.complaints() == []


def test_a_camera_that_went_while_the_daemon_was_off(box: Box, core: Core) -> None:
    box.change(full("square", "yard"))
    box.device.camera("yard", "online")
    core.wait_state("edge_gate-7_yard.connectivity", "on")
    box.told.stop()
    box.start()
    box.change(full("square"))
    core.wait_state("edge_gate-7_yard.connectivity", None)
    core.wait_state(f"{SQUARE}.connectivity", "on")


def test_a_label_and_a_zone_that_go(box: Box, core: Core) -> None:
    box.change(full())
    for label in ("person", "dog"):
        box.device.count("square", f"yard/{label}", 1)
        core.wait_state(f"{SQUARE}.occupancy_yard_{label}", "on")
    zones = {"yard": {"points": samples.SQUARE, "objects": ["dog"]}}
    box.change(samples.config({"square": samples.camera(zones=zones)}, *COMMANDS))
    core.wait_state(f"{SQUARE}.occupancy_yard_person", None)
    core.wait_state(f"{SQUARE}.count_yard_person", None)
    core.wait_state(f"{SQUARE}.count_door_person", None)
    core.wait_state(f"{SQUARE}.occupancy_yard_dog", "on")
    box.settle()  # what is gone is not named any more
    zones["door"] = {"points": samples.SQUARE, "objects": ["person"]}
    box.change(samples.config({"square": samples.camera(zones=zones)}, *COMMANDS))
    box.device.count("square", "door/person", 2)
    core.wait_state(f"{SQUARE}.count_door_person", "2")
    assert core.complaints() == []


def test_turned_off_there_is_nothing_left(box: Box, core: Core, broker: Broker) -> None:
    box.change(full())
    core.wait_state(f"{SQUARE}.connectivity", "on")
    box.change(full(homeassistant={"enabled": False}))
    wait_until(lambda: core.ask("states") == {} and core.ask("devices") == {}, what="all is gone")
    late = Collector(broker.url, "#")
    late.wait_topic("edge/gate-7/availability")
    assert late.on("homeassistant/device/+/config") == []
    late.close()


def test_one_that_is_born_later_is_told(box: Box, make_core: Callable[..., Core], broker: Broker) -> None:
    box.change(full())
    late = make_core()
    late.wait_state(f"{SQUARE}.connectivity", "on")
    # A broker that kept nothing: the birth is answered, with a delay.
    cleared = Direct(broker.port)
    for key in (BOX, SQUARE):
        cleared.retain(f"homeassistant/device/{key}/config", b"")
    wait_until(lambda: late.ask("states") == {}, what="all is gone")
    cleared.event("homeassistant/status", {})
    cleared._client.publish("homeassistant/status", "online", 1).wait_for_publish(60)

    def tell() -> bool:
        box.now += 1
        box.told.tick()
        return f"{SQUARE}.connectivity" in late.ask("states")

    wait_until(tell, what="told again")
    cleared.close()


def test_while_home_assistant_is_off(box: Box, make_core: Callable[..., Core]) -> None:
    """It cannot be told then; what it remembers of a camera that went has no state any more."""
    box.change(full("square", "yard"))
    box.device.camera("yard", "online")
    core = make_core("kept")
    core.wait_state("edge_gate-7_yard.connectivity", "on")
    core.wait_state(f"{SQUARE}.count_door_person", "unknown")
    core.close()
    box.device.count("square", "door/person", 5)
    box.change(full("square"))
    box.settle()
    core = make_core("kept")
    core.wait_state(f"{SQUARE}.count_door_person", "5")
    assert core.entity("edge_gate-7_yard.connectivity")["state"] in (None, "unavailable")
    assert core.complaints() == []
