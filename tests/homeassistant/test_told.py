"""What edge.daemon.homeassistant tells and takes back, and when: without Home Assistant."""

from __future__ import annotations

from edge.config import CameraConfig
from edge.daemon.homeassistant import BIRTH_S, FIELD_S, MOST_FIELDS, PAUSE_S, SETTLED_S
from tests.homeassistant.daemon_side import BOX, GATE, STATUS, YARD, Daemon, cameras, disabled
from tests.homeassistant.samples import SQUARE, TELEMETRY, camera, config


def test_all_is_told_at_the_start_the_device_first(daemon: Daemon) -> None:
    assert daemon.change(cameras("gate", "yard")) == [BOX, GATE, YARD]
    assert daemon.publisher.listened == [STATUS]
    assert daemon.tick(3600) == []


def test_only_what_changed_is_told(daemon: Daemon) -> None:
    daemon.change(cameras("gate", "yard"))
    assert daemon.change(cameras("gate", "yard")) == []
    more = cameras("gate", "yard")
    more.cameras["gate"] = CameraConfig(source="test://", zones={"way": {"points": SQUARE}})
    assert daemon.change(more) == [GATE]


def test_changes_that_come_together_are_told_once(daemon: Daemon) -> None:
    daemon.told.change(cameras("gate"))
    daemon.told.telemetry(TELEMETRY)
    daemon.told.refresh()
    assert daemon.tick() == [BOX, GATE]


def test_between_two_rounds_there_is_a_pause(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    daemon.told.change(cameras())
    assert daemon.tick() == []
    daemon.told.change(cameras("yard"))
    assert daemon.tick(PAUSE_S / 2) == []
    daemon.born()
    assert daemon.tick(PAUSE_S / 2) == [f"-{GATE}", YARD]
    assert daemon.tick() == []
    assert daemon.tick(BIRTH_S) == [BOX, YARD]


def test_other_labels_of_a_model(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    daemon.labels = {"people": ["person", "dog"], "dogs": ["dog", "cat"]}
    daemon.told.refresh()
    daemon.now += PAUSE_S
    daemon.told.tick()
    assert {"count_door_person", "count_door_dog", "count_door_cat", "count_door"} <= set(
        daemon.publisher.kept()[GATE]["cmps"]
    )


def test_a_camera_that_goes_is_taken_away(daemon: Daemon) -> None:
    daemon.change(cameras("gate", "yard"))
    assert daemon.change(cameras("gate")) == [f"-{YARD}"]
    assert daemon.tick(SETTLED_S + 1) == []
    assert daemon.change(cameras("gate", "yard")) == [YARD]


def test_a_camera_that_is_renamed(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    assert daemon.change(cameras("yard")) == [f"-{GATE}", YARD]


def test_a_camera_that_went_while_the_daemon_was_off(daemon: Daemon) -> None:
    daemon.change(cameras("gate", "yard"))
    daemon.start()
    assert daemon.change(cameras("gate")) == [f"-{YARD}", BOX, GATE]
    # It ends before the broker could be told; so it is told again.
    daemon.publisher.state = "offline"
    daemon.tick(3600)
    daemon.start()
    assert daemon.change(cameras("gate")) == [f"-{YARD}", BOX, GATE]
    daemon.tick(SETTLED_S)
    daemon.tick(SETTLED_S)
    daemon.start()
    assert daemon.change(cameras("gate")) == [BOX, GATE]


def test_turned_off_all_goes_cameras_first(daemon: Daemon) -> None:
    daemon.change(cameras("gate", "yard"))
    assert daemon.change(disabled("gate", "yard")) == [f"-{YARD}", f"-{GATE}", f"-{BOX}"]
    assert daemon.change(cameras("gate")) == [BOX, GATE]
    daemon.start()
    assert daemon.change(disabled()) == [f"-{YARD}", f"-{GATE}", f"-{BOX}"]


def test_another_discovery_prefix(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    other = cameras("gate", homeassistant={"enabled": True, "prefix": "ha"})
    assert daemon.change(other) == [f"-{GATE}", f"-{BOX}", *(t.replace("homeassistant", "ha") for t in (BOX, GATE))]
    assert daemon.publisher.listened == [STATUS, "ha/status"]
    daemon.born()
    assert daemon.tick(2 * BIRTH_S) == []  # nobody is asked there any more
    daemon.change(cameras("gate"))
    assert daemon.publisher.listened == [STATUS, "ha/status"]
    daemon.born()
    assert daemon.tick(BIRTH_S) == [BOX, GATE]


def test_another_prefix_of_topics(daemon: Daemon) -> None:
    daemon.change(cameras())
    assert daemon.change(cameras(mqtt={"prefix": "site"})) == [f"-{BOX}", "homeassistant/device/site_gate-7/config"]


def test_a_component_that_goes_is_named_for_a_while(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    daemon.told.change(config({"gate": camera()}))
    daemon.now += PAUSE_S
    daemon.told.tick()
    said = daemon.publisher.kept()[GATE]["cmps"]
    assert said["count_door_person"] == {"p": "sensor"}
    assert said["occupancy_door_person"] == {"p": "binary_sensor"}
    daemon.publisher.take()
    daemon.publisher.state = "offline"
    assert daemon.tick(10 * SETTLED_S) == []
    daemon.publisher.state = "online"
    assert daemon.tick() == []
    daemon.now += SETTLED_S
    daemon.told.tick()
    said = daemon.publisher.kept()[GATE]["cmps"]
    assert not [key for key in said if "door" in key]
    daemon.publisher.take()
    assert daemon.tick(10 * SETTLED_S) == []


def test_sensors_stay_when_telemetry_is_lost_and_over_a_restart(daemon: Daemon) -> None:
    daemon.told.telemetry(TELEMETRY)
    daemon.change(cameras())
    daemon.told.telemetry({"note": "telemetry is lost: it hangs"})
    daemon.told.telemetry(None)
    assert daemon.tick() == []
    daemon.start()
    daemon.told.change(cameras())
    daemon.tick(0)
    daemon.start()
    daemon.told.change(cameras())
    daemon.now += PAUSE_S
    daemon.told.tick()
    said = daemon.publisher.kept()[BOX]["cmps"]["temperature_gpu"]
    assert said["device_class"] == "temperature"


def test_a_sensor_that_is_gone_for_a_day_goes(daemon: Daemon) -> None:
    daemon.told.telemetry({"temperatures": {"cpu": 1, "nvme": 2}})
    daemon.change(cameras())
    daemon.now += FIELD_S - 10
    daemon.told.telemetry({"temperatures": {"cpu": 1}})
    assert daemon.tick() == []
    daemon.now += 10
    daemon.told.telemetry({"temperatures": {"cpu": 1}})
    daemon.now += PAUSE_S
    daemon.told.tick()
    assert daemon.publisher.kept()[BOX]["cmps"]["temperature_nvme"] == {"p": "sensor"}


def test_sensors_that_are_named_anew_all_the_time_are_bounded(daemon: Daemon) -> None:
    daemon.change(cameras())
    for number in range(500):
        daemon.told.telemetry({"temperatures": {f"sensor{number}": 1}})
    daemon.now += PAUSE_S
    daemon.told.tick()
    assert len(daemon.publisher.kept()[BOX]["cmps"]) < MOST_FIELDS + 20


def test_without_telemetry_its_sensors_go(daemon: Daemon) -> None:
    daemon.told.telemetry(TELEMETRY)
    daemon.change(cameras())
    daemon.told.change(cameras(telemetry={"enabled": False}))
    daemon.now += PAUSE_S
    daemon.told.tick()
    assert daemon.publisher.kept()[BOX]["cmps"]["temperature_gpu"] == {"p": "sensor"}


def test_a_device_that_gets_another_name_leaves_nothing(daemon: Daemon) -> None:
    daemon.change(cameras("gate"))
    daemon.told.withdraw()
    assert daemon.publisher.take() == [f"-{GATE}", f"-{BOX}"]
    assert daemon.tick() == []
