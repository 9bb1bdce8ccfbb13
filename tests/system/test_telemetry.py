"""How the device is: told to the broker and the status, and what heat does to the rates."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

from scripts.servers import Broker
from tests.support.collector import Collector
from tests.system.harness import Edge

CONFIG = """\
device: {device}
mqtt: {{url: "{broker}"}}
models: {{people: {{spec: person}}}}
telemetry: {{interval: 1s, max_temperature: 80}}
cameras:
  ball: {{source: "test://?rate=15", fps: 8}}
"""


def test_a_hot_board_looks_less_often_and_says_so(
    the_broker: Broker, collector: Collector, device_name: Callable[[], str], make_edge: Callable[..., Edge],
    tmp_path: Path,
) -> None:  # fmt: skip
    """Under a root of its own, whose one sensor is the test's."""
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("GPU-therm\n")

    def degrees(celsius: int) -> None:
        (tmp_path / "new").write_text(f"{celsius * 1000}\n")
        os.replace(tmp_path / "new", zone / "temp")

    degrees(50)
    device = device_name()
    text = CONFIG.format(device=device, broker=the_broker.url)
    edge = make_edge(text, environment={"EDGE_ROOT": str(tmp_path)}).start()
    edge.until_pictures("ball")
    topic = f"edge/{device}/telemetry"
    assert collector.wait_for(lambda m: m.topic == topic and 50 in m.json["temperatures"].values())
    degrees(95)
    overheated = collector.wait_topic(f"edge/{device}/events/device.overheated").json
    assert "95" in overheated["reason"]
    edge.until(lambda s: s["telemetry"]["governor"]["factor"] < 1 if "governor" in s["telemetry"] else False, "slower")
    edge.until(lambda s: s["cameras"][0]["fps_analysed"] < 7, "and fewer pictures are analysed")
    done = edge.run("status", "--device", device)
    assert "95 °C" in done.stdout and "of the wished rate" in done.stdout, done.stdout + done.stderr
    degrees(50)
    assert collector.wait_topic(f"edge/{device}/events/device.recovered")
    edge.config.write_text(text.replace("interval: 1s, max_temperature: 80", "enabled: false"))
    edge.until(lambda s: s["telemetry"]["pid"] is None, "off")
    edge.until(lambda s: s["cameras"][0]["fps_analysed"] > 7, "and the wished rate again")
    late = Collector(the_broker.url, topic)
    assert not late.messages
    late.close()
