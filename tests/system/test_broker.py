"""A broker that is away: the daemon does its work, and says so when it can."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Callable

from scripts.servers import Broker
from tests.support.collector import Collector
from tests.system.harness import PATIENCE, STOP_S, Edge

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
models:
  people: {{spec: person}}
cameras:
  clip:
    source: "file:{clip}"
    loop: true
    zones: {{all: {{points: [[0, 0], [1, 0], [1, 1], [0, 1]], objects: [person]}}}}
"""


def test_a_broker_that_comes_late_and_goes_and_comes_again(
    make_broker: Callable[..., Broker], make_edge: Callable[..., Edge], device_name: Callable[[], str], short: Path
) -> None:
    broker = make_broker(start=False)
    device = device_name()
    edge = make_edge(CONFIG.format(device=device, broker=broker.url, clip=short)).start()
    edge.until_state("online", "clip")
    edge.until_pictures("clip")
    status = edge.status()
    assert status is not None
    assert status["mqtt"]["state"] in ("connecting", "offline")
    assert status["cameras"][0]["events"] > 0, "what happens is noticed all the same"
    for _ in range(2):
        # The broker keeps nothing on disk: what is retained there afterwards was told again.
        broker.start()
        late = Collector(broker.url, f"edge/{device}/#")
        try:
            late.wait_topic(f"edge/{device}/availability", "online", timeout=PATIENCE)
            state = late.wait_topic(f"edge/{device}/cameras/clip/state", timeout=PATIENCE)
            assert state.json["state"] == "online"
            assert late.wait_topic(f"edge/{device}/state", timeout=PATIENCE).json["cameras"] == {"online": 1}
            late.wait_topic(f"edge/{device}/cameras/clip/counts/all/person", timeout=PATIENCE)
            late.wait_for(lambda m: "/events/object." in m.topic, timeout=PATIENCE)
        finally:
            late.close()
        edge.until(lambda s: s["mqtt"]["state"] == "online", "online at the broker")
        broker.stop()
        edge.until(lambda s: s["mqtt"]["state"] == "offline", "offline")
        edge.until_pictures("clip")
    # Nor does it wait for the broker at its end.
    assert edge.stop() < STOP_S
    assert edge.process is not None and edge.process.returncode == 0
    assert edge.left_behind() == []
    assert "Traceback" not in edge.log


def test_nothing_but_a_port_that_is_silent(
    make_edge: Callable[..., Edge], device_name: Callable[[], str], short: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        url = f"mqtt://127.0.0.1:{silent.getsockname()[1]}"
        edge = make_edge(CONFIG.format(device=device_name(), broker=url, clip=short)).start()
        edge.until_state("online", "clip")
        assert edge.stop() < STOP_S
        assert edge.process is not None and edge.process.returncode == 0
