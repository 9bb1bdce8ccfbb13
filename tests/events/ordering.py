"""What tests of a publisher do beside it."""

from __future__ import annotations

import paho.mqtt.client as paho

from edge.events.mqtt.publisher import Publisher
from scripts.servers import PATIENCE, wait_until


def online(publisher: Publisher) -> None:
    wait_until(lambda: publisher.state == "online", what="online")


def order(url: str, topic: str, payload: bytes, retain: bool = False) -> None:
    """Another client publishes this once, and the broker has it."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    port = int(url.rsplit(":", 1)[1])
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(topic, payload, 1, retain).wait_for_publish(PATIENCE)
    client.disconnect()
    client.loop_stop()
