"""What goes to the broker, and what is taken back from it."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator

import pytest

from edge.config import Config, MqttConfig
from edge.daemon.outlet import Outlet
from scripts.servers import Broker, wait_until
from tests.support.collector import Collector


@pytest.fixture
def outlet(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlet]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    config = Config(device="gate-7", mqtt={"url": broker.url, "client_id": "edge-gate-7"})
    outlet = Outlet(config, tmp_path, lambda trouble: None)
    outlet.start()
    yield outlet
    outlet.stop(2.0)


def kept(broker: Broker) -> Dict[str, str]:
    """What the broker tells a newcomer."""
    late = Collector(broker.url, "#")
    try:
        late.wait_topic("edge/gate-7/availability")
        return {m.topic: m.text for m in late.messages if m.retain and m.payload}
    finally:
        late.close()


def test_a_camera_that_goes_leaves_nothing_behind(outlet: Outlet, broker: Broker) -> None:
    for camera in ("gate", "yard"):
        outlet.camera_state(camera, {"state": "online"})
        outlet.counts(camera, {("door", "person"): 0, ("door", "dog"): 2})
    wait_until(lambda: len(kept(broker)) == 9, what="all is there")
    total = "edge/gate-7/cameras/yard/counts/door"
    wait_until(lambda: kept(broker).get(total) == "2", what="the number of all labels")
    outlet.forget("yard")
    outlet.counts("gate", {("door", "person"): 1})
    base = "edge/gate-7"
    expected = {
        f"{base}/availability": "online",
        f"{base}/cameras/gate/state": '{"state":"online"}',
        f"{base}/cameras/gate/counts/door": "1",
        f"{base}/cameras/gate/counts/door/person": "1",
    }
    wait_until(lambda: kept(broker) == expected, what="what is left")


def test_the_newest_picture_is_kept_of_cameras_that_there_are(outlet: Outlet, broker: Broker) -> None:
    outlet.pictures.read = lambda path: path.encode()  # type: ignore[method-assign]
    topic = "edge/gate-7/cameras/{}/snapshot"

    def picture(camera: str, file: str) -> None:
        said = f'{{"event":"{file}","file":"{file}"}}'.encode()
        outlet.spool.put("picture", camera, "", said)

    outlet.camera_state("gate", {"state": "online"})
    outlet.camera_state("yard", {"state": "online"})
    picture("yard", "1")
    wait_until(lambda: kept(broker).get(topic.format("yard")) == "1", what="it is there")
    outlet.forget("yard")
    picture("yard", "2")
    picture("gate", "3")
    wait_until(lambda: kept(broker).get(topic.format("gate")) == "3", what="the other's")
    assert topic.format("yard") not in kept(broker)
    outlet.take_back("gate")
    wait_until(lambda: topic.format("gate") not in kept(broker), what="it is taken back")
    picture("gate", "4")
    wait_until(lambda: kept(broker).get(topic.format("gate")) == "4", what="the next one")


def test_another_prefix_empties_the_old_topics(outlet: Outlet, broker: Broker) -> None:
    outlet.device_state({"version": "1"})
    outlet.camera_state("gate", {"state": "online"})
    wait_until(lambda: len(kept(broker)) == 3, what="all is there")
    assert outlet.reconnect(MqttConfig(url=broker.url, client_id="edge-gate-7", prefix="site"))
    outlet.camera_state("gate", {"state": "online"})
    expected = {
        "edge/gate-7/availability": "offline",
        "site/gate-7/availability": "online",
        "site/gate-7/cameras/gate/state": '{"state":"online"}',
    }
    wait_until(lambda: kept(broker) == expected, what="moved")


def test_the_same_prefix_keeps_the_topics(outlet: Outlet, broker: Broker) -> None:
    outlet.camera_state("gate", {"state": "online"})
    assert not outlet.reconnect(MqttConfig(url=broker.url, client_id="another"))
    wait_until(lambda: "edge/gate-7/cameras/gate/state" in kept(broker), what="it is there")
