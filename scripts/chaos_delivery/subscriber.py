"""A subscriber as anybody has one: its own persistent session straight at the broker, QoS 1, in its own process.

``python -m scripts.chaos_delivery.subscriber PORT FILE`` writes (see :mod:`record`), before it acknowledges anything:

    S time number                   it is subscribed, for the so manieth time
    P time number topic TAB payload an event came
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import List

import paho.mqtt.client as mqtt

from scripts.chaos_delivery.record import is_event
from scripts.servers import ROOT, Server

_AGAIN_S = 0.05


class Subscriber(Server):
    """Starts when there is a broker; ``file`` is what it writes."""

    name = "subscriber"

    def __init__(self, broker_port: int, file: Path) -> None:
        super().__init__()
        self.broker_port, self.file = broker_port, file

    def command(self) -> List[str]:
        return [sys.executable, "-m", "scripts.chaos_delivery.subscriber", str(self.broker_port), str(self.file)]

    def environment(self) -> dict:  # type: ignore[type-arg]
        return {**os.environ, "PYTHONPATH": str(ROOT)}

    def ready(self) -> bool:
        return self.subscribed > 0

    @property
    def subscribed(self) -> int:
        """How many times so far."""
        times = _times(self.file)
        return int(times.read_text() or 0) if times.exists() else 0


def _times(file: Path) -> Path:
    return file.with_suffix(".times")


def main() -> None:
    port, file = int(sys.argv[1]), sys.argv[2]
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    times = 0

    def subscribed(*_: object) -> None:
        nonlocal times
        times += 1
        os.write(out, b"S %.6f %d\n" % (time.monotonic(), times))
        _times(Path(file)).write_text(str(times))

    def heard(_client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if is_event(message.topic):
            topic = message.topic.encode()
            os.write(out, b"P %.6f %d %b\t%b\n" % (time.monotonic(), times, topic, message.payload))

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="chaos-subscriber", clean_session=False)
    client.on_connect = lambda client, *_: client.subscribe([("+/+/cameras/+/events/#", 1), ("+/+/events/#", 1)])
    client.on_subscribe = subscribed
    client.on_message = heard
    while True:
        try:
            client.connect("127.0.0.1", port)
            while client.loop(1.0) == mqtt.MQTT_ERR_SUCCESS:
                pass
        except OSError:
            pass
        time.sleep(_AGAIN_S)


if __name__ == "__main__":
    main()
