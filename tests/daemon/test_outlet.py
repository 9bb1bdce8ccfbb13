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
